// Small questions to conformance resources, asked alike of bound trees and of raw ones: a request may carry resources
// with elements that R4 does not have, and these are read for what R4 can use.
#pragma once

#include <string>
#include <string_view>

#include "fhir/node.h"

namespace fhir::terminology {

inline constexpr std::string_view extension_base = "http://hl7.org/fhir/StructureDefinition/";
inline constexpr std::string_view concept_properties = "http://hl7.org/fhir/concept-properties#";

// The value[x] of a parameter, property or extension; null when there is none.
inline const Node* value_x(const Node& node) {
  for (const Node& child : node)
    if (child.name.size() > 5 && child.name.starts_with("value")) return &child;
  return nullptr;
}

// The value of the first extension whose url is `base` + `name`; null when there is none.
inline const Node* extension(const Node& node, std::string_view name, std::string_view base = extension_base) {
  for (const Node& child : node) {
    if (child.name != "extension") continue;
    const std::string_view url = child.value_of("url");
    if (url.size() == base.size() + name.size() && url.starts_with(base) && url.ends_with(name)) return value_x(child);
  }
  return nullptr;
}

inline std::string_view extension_text(const Node& node, std::string_view name) {
  const Node* value = extension(node, name);
  return value ? value->text : std::string_view{};
}

// "url|version" in its parts.
struct Canon {
  std::string_view url, version;
};
inline Canon split(std::string_view canonical) {
  const auto bar = canonical.find('|');
  if (bar == canonical.npos) return {canonical, {}};
  return {canonical.substr(0, bar), canonical.substr(bar + 1)};
}
inline std::string joined(std::string_view url, std::string_view version) {
  std::string all(url);
  if (!version.empty()) all.append("|").append(version);
  return all;
}

}  // namespace fhir::terminology
