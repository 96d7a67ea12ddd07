// read: GET [base]/[type]/[id]. FHIR R4: http://hl7.org/fhir/R4/http.html#read
#include "src/rest/binary.h"
#include "src/rest/criteria.h"
#include "src/rest/interaction.h"
#include "src/rest/projection.h"
#include "src/rest/published.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

fhir::Result<Plan> run(const Call& call) {
  const auto projection = projection_of(call);
  if (!projection) return projection.outcome();
  if (call.type->name.view() == "Binary" && !projection->active()) {
    auto binary = call.snapshot.fetch(call.access, *call.type, call.id, std::nullopt);
    if (!binary) return std::move(binary.outcome());
    return Plan(binary_reply(call, std::move(*binary)));
  }
  auto version = stored_or_published(call);
  if (!version) return std::move(version.outcome());
  if (projection->active()) version->body = projection->apply(version->body);
  if (version->version == 0) return Plan(json_reply(200, std::move(version->body)));
  return Plan(read_reply(call, std::move(*version)));
}

}  // namespace

extern constinit const Interaction read{.code = "read",
                                        .level = Level::instance,
                                        .method = "GET",
                                        .path = "[type]/[id]",
                                        .lane = Lane::core,
                                        .needs = fhir::Verb::read,
                                        .run = run,
                                        .projects = true};

}  // namespace alzette::rest
