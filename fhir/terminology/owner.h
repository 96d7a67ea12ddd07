// Code systems that have one publisher, who alone can say that a resource holds all of their codes. Guides declare a
// few codes of LOINC or SNOMED CT "complete": taken at their word, every other code would be wrong. FHIR R4:
// http://hl7.org/fhir/R4/terminologies-systems.html
#pragma once

#include <string_view>

namespace fhir::terminology {

// Whether the system is well known and `publisher` (CodeSystem.publisher, may be empty) is not its owner.
bool is_excerpt(std::string_view url, std::string_view publisher);

}  // namespace fhir::terminology
