// Is a bound resource right by the R4 definitions: cardinality, primitive formats, required bindings, reference
// syntax, narrative, invariants. FHIR R4: http://hl7.org/fhir/R4/validation.html
#pragma once

#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace fhir::validate {

// All faults at once, each with the FHIRPath of its place; warnings too (invariants of severity warning).
std::vector<Issue> resource(const Node& resource);

}  // namespace fhir::validate
