#pragma once

#include <string_view>

namespace fhir::path {

// htmlChecks(): rules txt-1 and txt-2 on Narrative.div, as text. Well-formed, one <div> around it, only the elements
// and attributes of basic formatting, neither scripts nor foreign entities, and something to read.
// http://hl7.org/fhir/R4/narrative.html#xhtml
bool is_narrative(std::string_view xhtml);

}  // namespace fhir::path
