// Text as XML writes it. XML 1.0: https://www.w3.org/TR/xml/#syntax
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fhir::xml {

// A reader of attributes turns tabs and line ends into spaces unless they are written as references.
enum class Place : std::uint8_t { text = 1, attribute = 2 };

// Appends `text` (UTF-8) so that it comes back unchanged out of where it stands; what is written for an attribute does
// out of an element as well. Characters that XML does not have become U+FFFD.
void escape(std::string_view text, Place place, std::string& out);

}  // namespace fhir::xml
