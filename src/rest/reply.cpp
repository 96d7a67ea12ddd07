// Replies in FHIR's terms. FHIR R4: http://hl7.org/fhir/R4/http.html
#include "src/rest/reply.h"

#include <charconv>

#include "fhir/bundle.h"
#include "fhir/incoming.h"
#include "ihe/identity/identity.h"
#include "src/net/ascii.h"
#include "src/net/date.h"

namespace alzette::rest {
namespace {

using fhir::Kind;

void add_version(std::int64_t version, std::int64_t last_updated, Response& response) {
  response.headers.emplace_back("ETag", etag(version));
  response.headers.emplace_back("Last-Modified", net::http_date(last_updated / 1000));
  response.last_updated = last_updated;
}

// The value of one preference: Prefer may come as several headers, or as one list by "," or ";".
std::string_view preference(const Request& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (!net::same_word(key, "Prefer")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto end = rest.find_first_of(",;");
      auto piece = net::trim(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
      const auto equals = piece.find('=');
      if (net::same_word(piece, name)) return piece;  // a preference that has no value
      if (equals == std::string_view::npos || !net::same_word(net::trim(piece.substr(0, equals)), name)) continue;
      auto found = net::trim(piece.substr(equals + 1));
      if (found.size() >= 2 && found.front() == '"' && found.back() == '"') found = found.substr(1, found.size() - 2);
      return found;
    }
  }
  return {};
}

bool names_version(std::string_view header, std::int64_t version) {
  const auto strong = "\"" + std::to_string(version) + "\"";
  while (!header.empty()) {
    const auto comma = header.find(',');
    auto piece = net::trim(header.substr(0, comma));
    header = comma == std::string_view::npos ? std::string_view{} : header.substr(comma + 1);
    if (piece == "*") return true;
    if (piece.starts_with("W/")) piece.remove_prefix(2);
    if (piece == strong) return true;
  }
  return false;
}

bool unchanged_for(const Call& call, const fhir::Version& version) {
  const auto none_match = call.header("If-None-Match");
  if (!none_match.empty()) return names_version(none_match, version.version);
  const auto since = call.header("If-Modified-Since");
  if (since.empty()) return false;
  const auto time = net::parse_http_date(since, call.now / 1000);
  return time && version.last_updated / 1000 <= *time;
}

std::string all_ok(std::string_view what, std::vector<fhir::Issue> warnings = {}) {
  fhir::Outcome outcome;
  outcome.issues = std::move(warnings);
  outcome.issues.push_back({fhir::Severity::information, "informational", std::string(what), {}});
  return fhir::to_json(outcome);
}

// The OperationOutcome of a Patient that is taken with warnings, "" when there are none.
std::string suspicions(const Call& call, const fhir::Write& write) {
  const auto bytes = fhir::stored_bytes(write.body, 1, 0);
  const auto incoming = fhir::receive(bytes);
  auto warnings =
      incoming ? ihe::identity::warnings_of(call.settings, *incoming->resource) : std::vector<fhir::Issue>();
  return warnings.empty() ? std::string() : all_ok("Stored", std::move(warnings));
}

bool shows(const Answer& answer) {
  return answer.returns == Return::unspecified || answer.returns == Return::representation;
}

}  // namespace

int status_of(const fhir::Outcome& outcome) {
  const auto code = outcome.issues.empty() ? std::string_view{} : std::string_view(outcome.issues.front().code);
  switch (outcome.kind) {
    case Kind::malformed:
      return 400;
    case Kind::unprocessable:
      return 422;
    case Kind::unauthenticated:
      return 401;
    case Kind::forbidden:
      return 403;
    case Kind::absent:
      return 404;
    case Kind::gone:
      return 410;
    case Kind::unsupported:
      return 404;
    case Kind::conflict:
    case Kind::duplicate:
      return 409;
    case Kind::precondition:
      return 412;
    case Kind::too_large:
      return 413;
    case Kind::too_costly:
      return 400;  // the request must be narrowed; waiting does not help (B56)
    case Kind::busy:
      return code == "throttled" ? 429 : 503;
    case Kind::timeout:
      return 503;
    case Kind::internal:
      return 500;
  }
  return 500;
}

Response json_reply(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", fhir_json);
  response.body = std::move(body);
  return response;
}

Response refuse(const fhir::Outcome& outcome) {
  auto response = json_reply(status_of(outcome), fhir::to_json(outcome));
  if (response.status == 429 || response.status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

Return preferred_return(const Request& request) {
  const auto value = preference(request, "return");
  if (value == "minimal") return Return::minimal;
  if (value == "representation") return Return::representation;
  if (value == "OperationOutcome") return Return::operation_outcome;
  return Return::unspecified;
}

bool respond_async(const Request& request) { return !preference(request, "respond-async").empty(); }

bool lenient(const Request& request) { return preference(request, "handling") == "lenient"; }

Response read_reply(const Call& call, fhir::Version version) {
  Response response;
  response.headers.reserve(3);
  if (unchanged_for(call, version)) {
    response.status = 304;
  } else {
    response.headers.emplace_back("Content-Type", fhir_json);
    response.body = std::move(version.body);
  }
  add_version(version.version, version.last_updated, response);
  return response;
}

Answer answer_for(const Call& call, const fhir::Write& write) {
  Answer answer{std::string(call.base), preferred_return(call.request), write.type->name, write.id};
  if (!write.documents.empty()) answer.returns = Return::minimal;  // a large document is not sent back
  if (answer.returns == Return::operation_outcome && answer.type == "Patient") answer.outcome = suspicions(call, write);
  return answer;
}

Plan written_plan(Answer answer, fhir::Batch batch) {
  Plan plan;
  if (shows(answer)) plan.shown = 1;
  plan.batch = std::move(batch);
  plan.reply = [answer = std::move(answer)](Effect& effect) {
    const auto& written = effect.receipt.front();
    const bool created = written.effect == fhir::Written::Effect::created;
    Response response;
    response.status = created ? 201 : 200;
    if (answer.returns == Return::operation_outcome)
      response = json_reply(response.status,
                            !answer.outcome.empty() ? answer.outcome : all_ok(created ? "Created" : "Updated"));
    else if (shows(answer))
      response =
          json_reply(response.status, fhir::stored_bytes(effect.bodies.front(), written.version, written.last_updated));
    if (created)
      response.headers.emplace_back("Location", answer.base + "/" + std::string(answer.type) + "/" + answer.id +
                                                    "/_history/" + std::to_string(written.version));
    add_version(written.version, written.last_updated, response);
    return response;
  };
  return plan;
}

Response found_reply(const Call& call, fhir::Version version) {
  const auto returns = preferred_return(call.request);
  const auto location = std::string(call.base) + "/" + std::string(version.type->name.view()) + "/" + version.id +
                        "/_history/" + std::to_string(version.version);
  Response response;
  if (returns == Return::operation_outcome)
    response = json_reply(200, all_ok("A resource that matches the criteria exists already"));
  else if (returns != Return::minimal)
    response = json_reply(200, std::move(version.body));
  response.headers.emplace_back("Location", location);
  add_version(version.version, version.last_updated, response);
  return response;
}

std::string etag(std::int64_t version) { return "W/\"" + std::to_string(version) + "\""; }

fhir::Result<std::optional<std::int64_t>> if_match(std::string_view header) {
  if (header.empty()) return std::optional<std::int64_t>();
  auto text = net::trim(header);
  if (text.starts_with("W/")) text.remove_prefix(2);
  std::int64_t version = 0;
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (error == std::errc{} && end == text.data() + text.size() && version > 0)
      return std::optional<std::int64_t>(version);
  }
  return fhir::Outcome(Kind::malformed, "value",
                       "If-Match must hold entity tags as this server gives them, for example W/\"3\"");
}

}  // namespace alzette::rest
