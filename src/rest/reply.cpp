// Replies in FHIR's terms. FHIR R4: http://hl7.org/fhir/R4/http.html; dates of headers: RFC 9110 §5.6.7
#include "src/rest/reply.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "fhir/bundle.h"
#include "fhir/incoming.h"
#include "ihe/identity/identity.h"
#include "src/net/ascii.h"

namespace alzette::rest {
namespace {

using fhir::Kind;

constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void add_version(std::int64_t version, std::int64_t last_updated, Response& response) {
  response.headers.emplace_back("ETag", etag(version));
  response.headers.emplace_back("Last-Modified", http_date(last_updated));
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
  const auto time = parse_http_date(since);
  return time && version.last_updated / 1000 <= *time / 1000;
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

std::string http_date(std::int64_t milliseconds) {
  using namespace std::chrono;
  const sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(milliseconds)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<seconds>(time - day)};
  char text[40];
  const int size = std::snprintf(
      text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT", weekdays[weekday(day).c_encoding()].data(),
      unsigned(date.day()), months[unsigned(date.month()) - 1].data(), int(date.year()), int(clock.hours().count()),
      int(clock.minutes().count()), int(clock.seconds().count()));
  return {text, static_cast<std::size_t>(size)};
}

// The one form that senders may use, "Sat, 31 Jan 2026 08:05:00 GMT"; anything else is ignored by the caller.
std::optional<std::int64_t> parse_http_date(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != 29 || text.substr(25) != " GMT" || text[3] != ',') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = -1;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + size, value);
    return error == std::errc{} && end == text.data() + at + size ? value : -1;
  };
  int month = 0;
  for (std::size_t i = 0; i < months.size(); ++i)
    if (text.substr(8, 3) == months[i]) month = static_cast<int>(i) + 1;
  const int day_of_month = number(5, 2), year_number = number(12, 4);
  const int hour = number(17, 2), minute = number(20, 2), second = number(23, 2);
  if (day_of_month < 1 || year_number < 0 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  const year_month_day date{year(year_number), std::chrono::month(static_cast<unsigned>(month)),
                            day(static_cast<unsigned>(day_of_month))};
  if (!date.ok()) return std::nullopt;
  const auto time = sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
  return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

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
