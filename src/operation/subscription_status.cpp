// Subscription/$status: how subscriptions stand, as a searchset of status Parameters.
// Subscriptions R5 Backport 1.1.0: OperationDefinition-backport-subscription-status
#include "src/operation/subscriptions.h"
#include "src/rest/paging.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  const auto found = subscriptions_of(call, input);
  if (!found) return found.outcome();
  std::vector<std::string> statuses;
  for (const auto& one : *found)
    statuses.push_back(subscription::status_parameters(one.standing(call.base, "query-status"), {},
                                                       subscription::Content::empty, one.wanted.id));
  const auto below_base = "Subscription/" + (call.id.empty() ? std::string() : call.id + "/") + "$status";
  fhir::search::Parameters asked;
  for (const auto& argument : input.arguments)
    if (argument.value) asked.emplace_back(argument.name, argument.value->text);
  const auto self = rest::link(call, below_base, std::move(asked));
  return rest::Plan(rest::json_reply(200, subscription::status_bundle(statuses, self)));
}

}  // namespace

extern constinit const Operation subscription_status{
    .code = "status",
    .definition = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status",
    .levels = on_type | on_instance,
    .types = "Subscription",
    .lane = rest::Lane::worker,
    .run = run};

}  // namespace alzette::operation
