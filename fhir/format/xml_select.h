// The selectors of XML Patch: a restricted XPath that walks down, step by step. RFC 5261, section 4.1.
//
//   f:Patient/f:name[2]/f:given[. = 'Anna']/@value      …/text()[1]      …/comment()[1]      …/namespace::pref
#pragma once

#include <cstdint>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"

namespace fhir::xml {

struct Selected {
  enum class Kind : std::uint8_t { element, text, comment, instruction, attribute } kind = Kind::element;
  pugi::xml_node node;            // of an attribute its element
  pugi::xml_attribute attribute;  // a declaration xmlns:pref for namespace::pref
};

struct Selection {
  std::vector<Selected> found;
  Selected::Kind kind = Selected::Kind::element;  // what the last step asks for, also when nothing was found
};

// `prefixes`: the element of the patch whose declarations give the prefixes their meaning; "f" and "h" mean FHIR and
// XHTML where they are not declared, and names without prefix are FHIR's where there is no default namespace.
// `visits` bounds the nodes looked at and is counted down.
Result<Selection> select(pugi::xml_document& document, std::string_view selector, pugi::xml_node prefixes,
                         std::uint64_t& visits);

// What `prefix` ("": the default namespace) stands for at `element`, "" when it was not declared.
std::string_view space_at(pugi::xml_node element, std::string_view prefix);

}  // namespace fhir::xml
