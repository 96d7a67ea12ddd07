// Writes the definition that the address stands for.
#include "fhir/terminology/implicit.h"

#include <optional>
#include <string>

#include "fhir/format/json.h"

namespace fhir::terminology {
namespace {

constexpr std::string_view snomed = "http://snomed.info/sct";
constexpr std::string_view ucum = "http://unitsofmeasure.org";
constexpr std::string_view loinc = "http://loinc.org";

// One include: a system, and the one filter where there is one.
struct Meaning {
  std::string_view system, version;
  std::string_view property, op, value;
};

std::optional<Meaning> by_query(std::string_view url) {
  const auto query = url.find("?fhir_vs");
  if (query == url.npos || query == 0) return std::nullopt;
  Meaning meaning{url.substr(0, query), {}, {}, {}, {}};
  // An edition of SNOMED CT, or a version of it, stands in the address and is the version of the system.
  if (meaning.system.starts_with(snomed) && meaning.system.substr(snomed.size()).starts_with('/')) {
    meaning.version = meaning.system;
    meaning.system = snomed;
  }
  const auto rest = url.substr(query + std::string_view("?fhir_vs").size());
  if (rest.empty()) return meaning;
  constexpr std::string_view subsumed = "=isa/";
  if (!rest.starts_with(subsumed) || rest.size() == subsumed.size()) return std::nullopt;
  meaning.property = "concept";
  meaning.op = "is-a";
  meaning.value = rest.substr(subsumed.size());
  return meaning;
}

std::optional<Meaning> by_path(std::string_view url) {
  for (const auto system : {ucum, loinc}) {
    if (!url.starts_with(system)) continue;
    const auto rest = url.substr(system.size());
    if (rest == "/vs") return Meaning{system, {}, {}, {}, {}};
    if (system == ucum && rest.starts_with("/vs/") && rest.size() > 4)
      return Meaning{system, {}, "canonical", "=", rest.substr(4)};
  }
  return std::nullopt;
}

void member(std::string_view name, std::string_view text, std::string& out) {
  if (text.empty()) return;
  out.append(out.back() == '{' ? "\"" : ",\"").append(name).append("\":");
  json::write_string(text, out);
}

std::shared_ptr<const Canonical> made(std::string_view url, std::string_view version, const Meaning& meaning) {
  std::string json = R"({"resourceType":"ValueSet","status":"active")";
  member("url", url, json);
  member("version", version, json);
  json += R"(,"compose":{"include":[{)";
  member("system", meaning.system, json);
  member("version", meaning.version, json);
  if (!meaning.property.empty()) {
    json += R"(,"filter":[{)";
    member("property", meaning.property, json);
    member("op", meaning.op, json);
    member("value", meaning.value, json);
    json += "}]";
  }
  return make_canonical(json + "}]}}");
}

}  // namespace

std::shared_ptr<const Canonical> implicit_value_set(std::string_view url) {
  auto meaning = by_query(url);
  if (!meaning) meaning = by_path(url);
  return meaning ? made(url, {}, *meaning) : nullptr;
}

std::shared_ptr<const Canonical> value_set_of(const Node& code_system) {
  const auto [url, named] = canonical_parts(code_system.value_of("valueSet"));
  const auto version = code_system.value_of("version");
  return made(url, named.empty() ? version : named, {code_system.value_of("url"), version, {}, {}, {}});
}

}  // namespace fhir::terminology
