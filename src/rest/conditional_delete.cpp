// conditional delete of a single match: DELETE [base]/[type]?criteria.
// FHIR R4: http://hl7.org/fhir/R4/http.html#3.1.0.7.1
#include "src/rest/criteria.h"
#include "src/rest/delete.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

fhir::Result<Plan> run(const Call& call) {
  auto found =
      find_one(call.snapshot, call.access, *call.type, without_format(call.parameters), call.base, call.meanings);
  if (!found) return std::move(found.outcome());
  if (found->none()) return Plan(removal_reply(preferred_return(call.request) == Return::minimal, false, 0));
  const auto id = found->id();
  fhir::Batch batch{call.access, {}, {}};
  batch.expect.push_back(std::move(found->expectation));
  return remove(call, id, std::move(batch));
}

}  // namespace

extern constinit const Interaction conditional_delete{.code = "delete",
                                                      .level = Level::type,
                                                      .method = "DELETE",
                                                      .path = "[type]",
                                                      .lane = Lane::by_size,
                                                      .needs = fhir::Verb::remove,
                                                      .run = run,
                                                      .conditional = true};

}  // namespace alzette::rest
