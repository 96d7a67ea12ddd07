// Subscription/$get-ws-binding-token: what a WebSocket shows to be bound to subscriptions.
// Subscriptions R5 Backport 1.1.0: OperationDefinition-backport-subscription-get-ws-binding-token
#include "fhir/parameters.h"
#include "fhir/value.h"
#include "src/operation/subscriptions.h"
#include "src/rest/reply.h"
#include "src/subscription/sockets.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Outcome;

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  const auto found = subscriptions_of(call, input);
  if (!found) return found.outcome();
  std::vector<std::string> ids;
  for (const auto& one : *found)
    if (one.wanted.channel == subscription::Channel::websocket) ids.push_back(one.wanted.id);
  if (ids.empty())
    return Outcome(Kind::unprocessable, "business-rule", "There is no subscription by websocket to bind to");
  const auto until = call.now + subscription::token_life;
  fhir::ParametersWriter answer;
  answer.value("token", "String", subscription::binding_token(call.seal, ids, until));
  answer.value("expiration", "DateTime", fhir::instant_text(until));
  for (const auto& id : ids) answer.value("subscription", "String", id);
  answer.value("websocket-url", "Url", subscription::websocket_url(call.base));
  return rest::Plan(rest::json_reply(200, std::move(answer).finish()));
}

}  // namespace

extern constinit const Operation subscription_token{
    .code = "get-ws-binding-token",
    .definition =
        "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-get-ws-binding-token",
    .levels = on_type | on_instance,
    .types = "Subscription",
    .lane = rest::Lane::worker,
    .run = run};

}  // namespace alzette::operation
