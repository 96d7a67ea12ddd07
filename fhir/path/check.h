// Strict evaluation: what an expression asks of types that do not have it is wrong, whatever this resource holds.
// FHIRPath N1, section 10 (type safety and strict evaluation):
// http://hl7.org/fhirpath/N1/#type-safety-and-strict-evaluation
#pragma once

#include <optional>

#include "fhir/path/program.h"

namespace fhir::path {

// The first element that none of the types has which may stand there, by the types alone; `focus`: null where anything
// may be. Where types cannot be known (variables, resolve(), children()) nothing is said.
std::optional<Outcome> check(const Program& program, const Type* focus);

}  // namespace fhir::path
