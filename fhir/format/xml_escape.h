// Text as XML writes it. XML 1.0: https://www.w3.org/TR/xml/#syntax
#pragma once

#include <string>
#include <string_view>

namespace fhir::xml {

// Appends `text` (UTF-8) so that it comes back unchanged out of an attribute as well as out of an element. Characters
// that XML does not have become U+FFFD.
void escape(std::string_view text, std::string& out);

}  // namespace fhir::xml
