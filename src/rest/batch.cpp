// batch: independent entries, each with a status of its own. FHIR R4: http://hl7.org/fhir/R4/http.html#transaction
#include "src/rest/batch.h"

#include <algorithm>
#include <charconv>

#include "fhir/value.h"
#include "src/net/ascii.h"
#include "src/rest/entry.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

using fhir::Issue;
using fhir::Kind;
using fhir::Outcome;

constexpr std::size_t most_entries = 10'000;

// The faults that binding found below "Bundle.entry[3]".
std::vector<Issue> faults_of(const std::vector<Issue>& issues, std::string_view place) {
  std::vector<Issue> own;
  for (const auto& issue : issues) {
    if (issue.severity != fhir::Severity::error && issue.severity != fhir::Severity::fatal) continue;
    if (issue.expression.starts_with(place)) own.push_back(issue);
  }
  return own;
}

// An entry of its own resource, which lives in the bundle's arena.
std::shared_ptr<Incoming> body_of(const std::shared_ptr<Incoming>& bundle, fhir::Node* resource) {
  if (!resource) return nullptr;
  auto body = std::make_shared<Incoming>();
  body->keeps = bundle;
  body->resource = resource;
  return body;
}

// What is preferred of the whole holds for its parts; but the answer of a part stands in the bundle, and cannot come
// later than that.
std::string preferred_of_parts(std::string_view prefer) {
  std::string kept;
  while (!prefer.empty()) {
    const auto end = std::min(prefer.find_first_of(",;"), prefer.size());
    const auto one = net::trim(prefer.substr(0, end));
    if (!net::same_word(one, "respond-async")) kept.append(kept.empty() ? "" : ", ").append(one);
    prefer.remove_prefix(std::min(end + 1, prefer.size()));
  }
  return kept;
}

std::int64_t version_in(std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() < 3) return 0;
  std::int64_t version = 0;
  std::from_chars(tag.data() + 1, tag.data() + tag.size() - 1, version);
  return version;
}

// Whether an OperationOutcome is what was asked for (of $validate), rather than what is said of a write.
bool gives(const Response& reply) {
  return reply.route == "operation" || reply.route == "read" || reply.route == "vread";
}

}  // namespace

Request part_request(const Call& call, std::string_view method, std::string_view url, Headers conditions) {
  Request request;
  request.method = method;
  request.target = "/" + std::string(url);
  request.headers = std::move(conditions);
  for (const auto& [name, value] : call.request.headers)
    if (net::same_word(name, "Prefer")) request.headers.emplace_back(name, preferred_of_parts(value));
  request.peer = call.request.peer;
  request.id = call.request.id;
  request.secure = call.request.secure;
  return request;
}

void append_part(const Response& reply, fhir::BundleWriter& bundle) {
  fhir::EntryResponse response;
  const auto status = std::to_string(reply.status) + " " + std::string(reason_phrase(reply.status));
  response.status = status;
  response.location = find(reply.headers, "Location");
  response.version = version_in(find(reply.headers, "ETag"));
  response.last_updated = reply.last_updated;
  if (reply.status < 400 && (gives(reply) || !reply.body.starts_with(R"({"resourceType":"OperationOutcome")")))
    response.resource = reply.body;
  else
    response.outcome = reply.body;
  bundle.response(response);
}

fhir::Result<Plan> plan_batch(const Call& call, const std::shared_ptr<Incoming>& bundle,
                              std::vector<std::optional<Outcome>> unreadable) {
  const auto& nodes = bundle->entries;
  if (nodes.size() > most_entries)
    return Outcome(Kind::too_large, "too-long", "A batch may have " + std::to_string(most_entries) + " entries",
                   "Bundle.entry");
  Plan plan;
  std::vector<std::optional<Response>> refused(nodes.size());  // where nothing stands, the next part answers
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i < unreadable.size()) {
      if (const auto& why = unreadable[i]) {
        refused[i] = refuse(*why);
        continue;
      }
    }
    auto faults = faults_of(bundle->issues, "Bundle.entry[" + std::to_string(i) + "]");
    if (!faults.empty()) {
      Outcome outcome(kind_of(faults));
      outcome.issues = std::move(faults);
      refused[i] = refuse(outcome);
      continue;
    }
    auto entry = read_entry(*nodes[i], i, call.base);
    if (!entry) {
      refused[i] = refuse(entry.outcome());
      continue;
    }
    plan.parts.push_back(
        {part_request(call, entry->method, entry->target(), entry->conditions()), body_of(bundle, entry->resource)});
  }
  plan.reply = [refused = std::move(refused)](Effect& effect) {
    fhir::BundleWriter response("batch-response", std::nullopt, {});
    std::size_t part = 0;
    for (const auto& refusal : refused) append_part(refusal ? *refusal : effect.parts[part++], response);
    return json_reply(200, std::move(response).finish());
  };
  return plan;
}

}  // namespace alzette::rest
