// From a path below the base to its row. FHIR R4: http://hl7.org/fhir/R4/http.html#summary
#include "src/route.h"

#include <algorithm>

#include "src/operation/operation.h"
#include "src/rest/incoming.h"

namespace alzette {
namespace {

using fhir::Kind;
using fhir::Outcome;

bool is_word(std::string_view segment) { return segment.starts_with('_') || segment.starts_with('$'); }

// The path as the rows write it: "[type]/[id]/_history/[vid]". Segments that are neither a type, an id nor a word of
// FHIR make no pattern.
fhir::Result<std::string> pattern_of(const std::vector<std::string>& segments, Route& route) {
  std::string pattern;
  auto level = rest::Level::system;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto& segment = segments[i];
    if (i) pattern += '/';
    if (i > 0 && segments[0] == "_job") {
      (i == 1 ? route.id : route.version) = segment;
      pattern += i == 1 ? "[id]" : i == 2 ? "[file]" : segment;
      if (i == 1 && !rest::is_id(segment)) return Outcome(Kind::absent, "not-found", "There is no such job");
    } else if (i == 0 && !is_word(segment) && segment != "metadata") {
      route.type = fhir::definitions().resource(segment);
      if (!route.type)
        return Outcome(Kind::absent, "not-supported", "\"" + segment + "\" is not a resource type of FHIR R4");
      pattern += "[type]";
      level = rest::Level::type;
    } else if (i == 1 && route.type && !is_word(segment)) {
      if (!rest::is_id(segment))
        return Outcome(Kind::absent, "value",
                       "\"" + segment + "\" cannot be an id: 1 to 64 letters, digits, '-' and '.' are");
      route.id = segment;
      pattern += "[id]";
      level = rest::Level::instance;
    } else if (segment.starts_with('$') && i + 1 == segments.size()) {
      route.operation = operation::find_operation(segment.substr(1), level, route.type);
      if (!route.operation) return Outcome(Kind::absent, "not-supported", "There is no operation " + segment + " here");
      pattern += "$[operation]";
    } else if (i == 2 && route.compartment_of(segment)) {
      pattern = segment == "*" ? "[compartment]/[id]/*" : "[compartment]/[id]/[type]";
    } else if (i == 3 && segments[2] == "_history" && !segment.empty()) {
      route.version = segment;
      pattern += "[vid]";
      level = rest::Level::version;
    } else {
      pattern += segment;
    }
  }
  return pattern;
}

}  // namespace

bool Route::compartment_of(std::string_view segment) {
  if (!type || id.empty()) return false;
  const auto* here = fhir::definitions().compartment(type->name);
  const auto* member = fhir::definitions().resource(segment);
  if (!here || (!member && segment != "*")) return false;
  compartment = here;
  type = member;
  return true;
}

rest::Lane Route::lane() const { return operation ? operation->lane : row->lane; }

fhir::Result<Routing> find_route(std::string_view method, const std::vector<std::string>& segments) {
  Routing found;
  const auto pattern = pattern_of(segments, found.route);
  if (!pattern) return pattern.outcome();
  for (const auto* row : rest::interactions()) {
    if (row->path != *pattern) continue;
    if (found.route.operation && found.route.operation->affects_state && row->method == "GET") continue;
    if (row->method == method && !found.route.row) found.route.row = row;
    if (std::find(found.allow.begin(), found.allow.end(), row->method) == found.allow.end())
      found.allow.push_back(row->method);
  }
  if (found.allow.empty()) {
    return Outcome(Kind::absent, "not-supported", "There is nothing at this address");
  }
  return found;
}

}  // namespace alzette
