// update: PUT [base]/[type]/[id]; creates under the client's id when there is none yet.
// FHIR R4: http://hl7.org/fhir/R4/http.html#update, #upsert, #concurrency
#include "src/rest/update.h"

#include <algorithm>
#include <vector>

#include "src/net/ascii.h"
#include "src/rest/criteria.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

fhir::Result<Plan> run(const Call& call) {
  if (const auto none = no_parameters(call); !none) return none.outcome();
  auto incoming = resource_of(call);
  if (!incoming) return std::move(incoming.outcome());
  const auto given = (*incoming)->resource->value_of("id");
  if (given != call.id)
    return fhir::Outcome(fhir::Kind::malformed, "invalid",
                         given.empty() ? "The body must carry the id of the address: \"id\": \"" + call.id + "\""
                                       : "The body's id differs from the address's id \"" + call.id + "\"",
                         std::string(call.type->name.view()) + ".id");
  return put(call, **incoming, call.id, {call.access, {}, {}});
}

// A list of entity tags: any of them may be the current one (RFC 9110, section 13.1.1).
fhir::Result<std::vector<std::int64_t>> versions_of(std::string_view header) {
  std::vector<std::int64_t> versions;
  for (std::size_t at = 0; at <= header.size();) {
    const auto comma = std::min(header.find(',', at), header.size());
    const auto tag = net::trim(header.substr(at, comma - at));
    at = comma + 1;
    if (tag.empty()) continue;
    const auto named = if_match(tag);
    if (!named) return named.outcome();
    if (const auto& version = *named) versions.push_back(*version);
  }
  if (versions.empty()) return fhir::Outcome(fhir::Kind::malformed, "value", "If-Match holds no entity tag");
  return versions;
}

}  // namespace

fhir::Result<std::optional<std::int64_t>> version_condition(fhir::Snapshot& snapshot, const fhir::Access& access,
                                                            const fhir::Type& type, std::string_view id,
                                                            std::string_view if_match_header,
                                                            std::string_view if_none_match_header) {
  if (!if_none_match_header.empty()) {
    if (if_none_match_header != "*" || !if_match_header.empty())
      return fhir::Outcome(fhir::Kind::malformed, "value",
                           "On a write, If-None-Match may only be \"*\", and not together with If-Match");
    return std::optional<std::int64_t>(0);
  }
  const bool any = if_match_header == "*";
  if (!any && if_match_header.find(',') == std::string_view::npos) return if_match(if_match_header);
  auto listed =
      any ? fhir::Result<std::vector<std::int64_t>>(std::vector<std::int64_t>()) : versions_of(if_match_header);
  if (!listed) return std::move(listed.outcome());
  const auto current = snapshot.read(access, type, id);
  if (current && (any || std::find(listed->begin(), listed->end(), current->version) != listed->end()))
    return std::optional<std::int64_t>(current->version);
  if (!any) return std::optional<std::int64_t>(listed->front());
  return fhir::Outcome(fhir::Kind::precondition, "not-found", "If-Match: * needs a current version, and there is none");
}

fhir::Result<Plan> put(const Call& call, const Incoming& incoming, const std::string& id, fhir::Batch batch) {
  const auto condition = version_condition(call.snapshot, call.access, *call.type, id, call.header("If-Match"),
                                           call.header("If-None-Match"));
  if (!condition) return condition.outcome();
  auto write = rest::prepare(incoming, id, fhir::Method::update, call.base);
  if (!write) return std::move(write.outcome());
  write->if_version = *condition;
  auto answer = answer_for(call, *write);
  batch.writes.push_back(std::move(*write));
  return written_plan(std::move(answer), std::move(batch));
}

extern constinit const Interaction update{.code = "update",
                                          .level = Level::instance,
                                          .method = "PUT",
                                          .path = "[type]/[id]",
                                          .lane = Lane::by_size,
                                          .needs = fhir::Verb::update,
                                          .run = run};

}  // namespace alzette::rest
