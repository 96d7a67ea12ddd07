// The div of a narrative inside an XML document. FHIR R4: http://hl7.org/fhir/R4/narrative.html
#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace fhir::xml {

// The text of `div`, read, as it is kept: as it stands in `source`, which begins at its "<"; where prefixes, CDATA
// sections, processing instructions or a namespace declared further out make it unfit to stand alone, the same content
// without them. `space` is the default namespace at `div`. Nothing when an element inside is not XHTML.
std::optional<std::string> narrative_text(pugi::xml_node div, std::string_view source, std::string_view space);

// Appends a narrative that is kept, as it stands. What cannot stand in a document as it is, which no resource has that
// was validated, goes out as the text of a div.
void write_narrative(std::string_view div, std::string& out);

}  // namespace fhir::xml
