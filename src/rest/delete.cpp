// delete: DELETE [base]/[type]/[id]. What is not there counts as deleted.
// FHIR R4: http://hl7.org/fhir/R4/http.html#delete
#include "src/rest/delete.h"

#include "src/rest/criteria.h"
#include "src/rest/reply.h"
#include "src/rest/update.h"

namespace alzette::rest {
namespace {

fhir::Result<Plan> run(const Call& call) {
  if (const auto none = no_parameters(call); !none) return none.outcome();
  return remove(call, call.id, {call.access, {}, {}});
}

}  // namespace

Response removal_reply(bool minimal, bool removed, std::int64_t version) {
  Response response;
  if (minimal) {
    response.status = 204;
  } else {
    fhir::Outcome outcome;
    outcome.issues.push_back(
        {fhir::Severity::information, "informational", removed ? "Deleted" : "There was nothing to delete", {}});
    response = json_reply(200, fhir::to_json(outcome));
  }
  if (removed) response.headers.emplace_back("ETag", etag(version));
  return response;
}

fhir::Result<Plan> remove(const Call& call, const std::string& id, fhir::Batch batch) {
  const auto condition = version_condition(call.snapshot, call.access, *call.type, id, call.header("If-Match"), {});
  if (!condition) return condition.outcome();
  fhir::Write write;
  write.method = fhir::Method::remove;
  write.type = call.type;
  write.id = id;
  write.if_version = *condition;
  batch.writes.push_back(std::move(write));
  Plan plan;
  plan.batch = std::move(batch);
  plan.reply = [minimal = preferred_return(call.request) == Return::minimal](Effect& effect) {
    const auto& written = effect.receipt.front();
    return removal_reply(minimal, written.effect == fhir::Written::Effect::removed, written.version);
  };
  return plan;
}

// The word is C++'s own, so the row has the longer name.
extern constinit const Interaction delete_instance{.code = "delete",
                                                   .level = Level::instance,
                                                   .method = "DELETE",
                                                   .path = "[type]/[id]",
                                                   .lane = Lane::by_size,
                                                   .needs = fhir::Verb::remove,
                                                   .run = run};

}  // namespace alzette::rest
