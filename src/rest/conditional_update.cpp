// conditional update: PUT [base]/[type]?criteria. FHIR R4: http://hl7.org/fhir/R4/http.html#cond-update
#include "src/rest/criteria.h"
#include "src/rest/update.h"

namespace alzette::rest {
namespace {

fhir::Result<Plan> run(const Call& call) {
  auto incoming = resource_of(call);
  if (!incoming) return std::move(incoming.outcome());
  const std::string given((*incoming)->resource->value_of("id"));
  auto found =
      find_one(call.snapshot, call.access, *call.type, without_format(call.parameters), call.base, call.meanings);
  if (!found) return std::move(found.outcome());
  if (!found->none() && !given.empty() && given != found->id())
    return fhir::Outcome(fhir::Kind::malformed, "invalid",
                         "The criteria match a resource with another id than the body's: leave the id out",
                         std::string(call.type->name.view()) + ".id");
  // Nothing found: a creation, under the client's id where it names one.
  const bool creates = found->none();
  const auto id = !creates ? found->id() : !given.empty() ? given : call.ids.next(call.now);
  fhir::Batch batch{call.access, {}, {}};
  batch.expect.push_back(std::move(found->expectation));
  auto plan = put(call, **incoming, id, std::move(batch));
  if (plan && creates && !plan->batch->writes.front().if_version) plan->batch->writes.front().if_version = 0;
  return plan;
}

}  // namespace

extern constinit const Interaction conditional_update{.code = "update",
                                                      .level = Level::type,
                                                      .method = "PUT",
                                                      .path = "[type]",
                                                      .lane = Lane::by_size,
                                                      .needs = fhir::Verb::update,
                                                      .run = run,
                                                      .conditional = true};

}  // namespace alzette::rest
