// Value sets that nobody has to write: all of a code system, or all that a concept of it subsumes.
//
//   [system]?fhir_vs                all of it
//   [system]?fhir_vs=isa/[code]     the concept and all that it subsumes
//   http://unitsofmeasure.org/vs    all units; …/vs/[unit] those that can be converted into it
//   http://loinc.org/vs             all of LOINC
//
// FHIR R4: http://hl7.org/fhir/R4/snomedct.html#implicit, http://hl7.org/fhir/R4/ucum.html#implicit,
// http://hl7.org/fhir/R4/loinc.html; any code system has the first two here.
#pragma once

#include <memory>
#include <string_view>

#include "fhir/canonical.h"

namespace fhir::terminology {

// Null when the address is none of these.
std::shared_ptr<const Canonical> implicit_value_set(std::string_view url);

// All of a code system, under the address and in the version that CodeSystem.valueSet gives it.
// FHIR R4: http://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.valueSet
std::shared_ptr<const Canonical> value_set_of(const Node& code_system);

}  // namespace fhir::terminology
