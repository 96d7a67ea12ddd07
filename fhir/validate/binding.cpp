// Required bindings: the code must be in the value set as far as its content is
// known here; of systems without content (UCUM, BCP 47, MIME types) the syntax
// is judged, of others nothing. FHIR R4:
// http://hl7.org/fhir/R4/terminologies.html#required
#include <algorithm>
#include <cctype>

#include "fhir/utf8.h"
#include "fhir/validate/rules.h"
#include "fhir/value.h"

namespace fhir::validate {

namespace {

constexpr std::string_view languages = "urn:ietf:bcp:47";
constexpr std::string_view mime_types = "urn:ietf:bcp:13";
constexpr std::string_view ucum = "http://unitsofmeasure.org";

// Concepts are sorted by system, then code: hop from system to system.
const Concept* find_code(const ValueSet& set, std::string_view code) {
  for (const Concept* at = set.concepts.begin(); at != set.concepts.end();) {
    const std::string_view system = at->system;
    const Concept* end =
        std::upper_bound(at, set.concepts.end(), system,
                         [](std::string_view wanted, const Concept& c) { return wanted < c.system.view(); });
    const Concept* found = std::lower_bound(
        at, end, code, [](const Concept& c, std::string_view wanted) { return c.code.view() < wanted; });
    if (found != end && found->code.view() == code) return found;
    at = end;
  }
  return nullptr;
}

bool has_concept(const ValueSet& set, std::string_view system, std::string_view code) {
  const auto before = [](const Concept& c, std::pair<std::string_view, std::string_view> wanted) {
    const int order = c.system.view().compare(wanted.first);
    return order ? order < 0 : c.code.view() < wanted.second;
  };
  const Concept* found = std::lower_bound(set.concepts.begin(), set.concepts.end(), std::pair(system, code), before);
  return found != set.concepts.end() && found->system.view() == system && found->code.view() == code;
}

bool open_to(const ValueSet& set, std::string_view system) {
  return std::any_of(set.open_systems.begin(), set.open_systems.end(),
                     [&](const Text& open) { return open.view() == system; });
}

// What can be said about a code of a system whose content is not here.
bool plausible(std::string_view system, std::string_view code) {
  if (system == languages) return language_syntax(code);
  if (system == mime_types) return mime_syntax(code);
  if (system == ucum) return ucum_syntax(code);
  return true;
}

std::string not_in(std::string_view code, const ValueSet& set) {
  return quoted(code) + " is not in the required value set " + std::string(set.url);
}

std::optional<std::string> code_fault(std::string_view code, const ValueSet& set) {
  if (find_code(set, code)) return std::nullopt;
  const bool known = set.complete || std::none_of(set.open_systems.begin(), set.open_systems.end(),
                                                  [&](const Text& open) { return plausible(open, code); });
  return known && (set.complete || !set.open_systems.empty()) ? std::optional(not_in(code, set)) : std::nullopt;
}

std::optional<std::string> coding_fault(std::string_view system, std::string_view code, const ValueSet& set) {
  if (code.empty()) return "a code from the required value set " + std::string(set.url) + " is missing";
  if (has_concept(set, system, code)) return std::nullopt;
  if (!set.complete && (open_to(set, system) ? plausible(system, code) : set.open_systems.empty())) return std::nullopt;
  if (system.empty()) return quoted(code) + " needs its system: the value set " + std::string(set.url) + " is required";
  return not_in(std::string(system) + "|" + std::string(code), set);
}

std::optional<std::string> concept_fault(const Node& node, const ValueSet& set) {
  std::optional<std::string> first = "a coding from the required value set " + std::string(set.url) + " is missing";
  bool any = false;
  for (const Node& coding : node) {
    if (coding.name != "coding") continue;
    auto fault = coding_fault(coding.value_of("system"), coding.value_of("code"), set);
    if (!fault) return std::nullopt;
    if (!any) first = std::move(fault);
    any = true;
  }
  return first;
}

}  // namespace

std::optional<std::string> binding_fault(const Node& node, const ValueSet& set) {
  if (node.has_value()) return code_fault(node.text, set);
  if (node.form == Node::Form::none) return std::nullopt;
  const std::string_view type = node.type->name;
  if (type == "CodeableConcept")
    return node.child("coding") || node.child("text") ? concept_fault(node, set) : std::nullopt;
  if (type == "Coding") return coding_fault(node.value_of("system"), node.value_of("code"), set);
  if (!node.type->is("Quantity")) return std::nullopt;
  if (!node.child("code")) return std::nullopt;
  return coding_fault(node.value_of("system"), node.value_of("code"), set);
}

bool language_syntax(std::string_view tag) {
  std::size_t part = 0;
  while (true) {
    const auto dash = tag.find('-');
    const auto piece = tag.substr(0, dash);
    const bool letters =
        std::all_of(piece.begin(), piece.end(), [](char c) { return std::isalpha(static_cast<unsigned char>(c)); });
    const bool alphanumeric =
        std::all_of(piece.begin(), piece.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)); });
    if (piece.empty() || piece.size() > 8 || !alphanumeric) return false;
    const bool singleton = piece == "x" || piece == "X" || piece == "i";
    if (part == 0 && (!letters || (piece.size() < 2 && !singleton))) return false;
    if (dash == tag.npos) return part > 0 || !singleton;
    tag.remove_prefix(dash + 1);
    ++part;
  }
}

bool mime_syntax(std::string_view type) {
  const auto token = [](std::string_view text) {
    constexpr std::string_view others = "!#$&-^_.+";
    return !text.empty() && text.size() <= 127 && std::all_of(text.begin(), text.end(), [&](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || others.find(c) != others.npos;
    });
  };
  auto name = type.substr(0, type.find(';'));
  while (name.ends_with(' ')) name.remove_suffix(1);
  const auto slash = name.find('/');
  // FHIR's own examples and Mime type codes also use bare names such as "json".
  return slash == name.npos ? token(name) : token(name.substr(0, slash)) && token(name.substr(slash + 1));
}

}  // namespace fhir::validate
