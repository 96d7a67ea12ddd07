// patch: PATCH [base]/[type]/[id], and conditional: PATCH [base]/[type]?criteria.
// FHIR R4: http://hl7.org/fhir/R4/http.html#patch
#include "src/rest/criteria.h"
#include "src/rest/interaction.h"
#include "src/rest/patched.h"
#include "src/rest/reply.h"
#include "src/rest/update.h"

namespace alzette::rest {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

Plan unsupported_form() {
  auto response = json_reply(415, fhir::to_json(Outcome(Kind::unsupported, "not-supported",
                                                        "A patch is read as one of " + std::string(patch_forms))));
  response.headers.emplace_back("Accept-Patch", patch_forms);
  return response;
}

Result<Plan> patch(const Call& call, const std::string& id, fhir::Batch batch) {
  const auto content_type = call.header("Content-Type");
  if (!call.body && !is_patch(content_type)) return unsupported_form();
  const auto version = call.snapshot.read(call.access, *call.type, id);
  if (!version) return version.outcome();
  const auto condition = version_condition(call.snapshot, call.access, *call.type, id, call.header("If-Match"), {});
  if (!condition) return condition.outcome();
  if (const auto& expected = *condition; expected && *expected != version->version)
    return Outcome(Kind::precondition, "conflict",
                   "The current version is " + std::to_string(version->version) + ", not the expected one");
  const auto incoming = call.body ? patched(*version, *call.body->resource, call.now)
                                  : patched(*version, content_type, call.request.body, call.now);
  if (!incoming) return incoming.outcome();
  auto write = rest::prepare(*incoming->resource, id, fhir::Method::update, call.base);
  if (!write) return of_result(std::move(write.outcome()));
  write->if_version = version->version;
  write->if_version_planned = !*condition;
  auto answer = answer_for(call, *write);
  batch.writes.push_back(std::move(*write));
  return written_plan(std::move(answer), std::move(batch));
}

Result<Plan> run(const Call& call) {
  if (const auto none = no_parameters(call); !none) return none.outcome();
  return patch(call, call.id, {call.access, {}, {}});
}

Result<Plan> run_conditional(const Call& call) {
  auto found =
      find_one(call.snapshot, call.access, *call.type, without_format(call.parameters), call.base, call.meanings);
  if (!found) return std::move(found.outcome());
  if (found->none())
    return Outcome(Kind::absent, "not-found", "No " + std::string(call.type->name.view()) + " meets the criteria");
  const auto id = found->id();
  fhir::Batch batch{call.access, {}, {}};
  batch.expect.push_back(std::move(found->expectation));
  return patch(call, id, std::move(batch));
}

}  // namespace

extern constinit const Interaction patch_instance{.code = "patch",
                                                  .level = Level::instance,
                                                  .method = "PATCH",
                                                  .path = "[type]/[id]",
                                                  .lane = Lane::by_size,
                                                  .needs = fhir::Verb::update,
                                                  .run = run};

extern constinit const Interaction conditional_patch{.code = "patch",
                                                     .level = Level::type,
                                                     .method = "PATCH",
                                                     .path = "[type]",
                                                     .lane = Lane::by_size,
                                                     .needs = fhir::Verb::update,
                                                     .run = run_conditional,
                                                     .conditional = true};

}  // namespace alzette::rest
