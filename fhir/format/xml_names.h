// Namespaces of parsed XML: pugixml leaves them to us. https://www.w3.org/TR/xml-names/
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace fhir::xml {

// The default namespace inside `element`; `inherited` is that around it.
inline std::string_view default_namespace(pugi::xml_node element, std::string_view inherited) {
  const auto own = element.attribute("xmlns");
  return own ? std::string_view(own.value()) : inherited;
}

// What a prefix stands for at `element`, "" when it was not declared.
inline std::string_view namespace_of(pugi::xml_node element, std::string_view prefix) {
  const auto declaration = "xmlns:" + std::string(prefix);
  for (; element; element = element.parent())
    if (const auto found = element.attribute(declaration.c_str())) return found.value();
  return {};
}

}  // namespace fhir::xml
