// vread: GET [base]/[type]/[id]/_history/[vid]. FHIR R4: http://hl7.org/fhir/R4/http.html#vread
#include "src/rest/vread.h"

#include <charconv>

#include "src/rest/binary.h"
#include "src/rest/criteria.h"
#include "src/rest/projection.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

fhir::Result<Plan> run(const Call& call) {
  const auto projection = projection_of(call);
  if (!projection) return projection.outcome();
  const bool binary = call.type->name.view() == "Binary" && !projection->active();
  auto version = version_at(call, binary);
  if (!version) return std::move(version.outcome());
  if (binary) return Plan(binary_reply(call, std::move(*version)));
  if (projection->active()) version->body = projection->apply(version->body);
  return Plan(read_reply(call, std::move(*version)));
}

}  // namespace

fhir::Result<fhir::Version> version_at(const Call& call, bool content) {
  std::int64_t number = 0;
  const auto& text = call.version;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1 || text[0] == '0')
    return fhir::Outcome(fhir::Kind::absent, "not-found", "There is no such version: versions are numbered from 1");
  auto version = content ? call.snapshot.fetch(call.access, *call.type, call.id, number)
                         : call.snapshot.vread(call.access, *call.type, call.id, number);
  if (version && version->deleted())
    return fhir::Outcome(fhir::Kind::gone, "deleted", "This version is the deletion of the resource");
  return version;
}

extern constinit const Interaction vread{.code = "vread",
                                         .level = Level::version,
                                         .method = "GET",
                                         .path = "[type]/[id]/_history/[vid]",
                                         .lane = Lane::core,
                                         .needs = fhir::Verb::read,
                                         .run = run,
                                         .projects = true};

}  // namespace alzette::rest
