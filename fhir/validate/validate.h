// Is a bound resource right by the R4 definitions: cardinality, primitive formats, required bindings, reference
// syntax, narrative, invariants. FHIR R4: http://hl7.org/fhir/R4/validation.html
#pragma once

#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace fhir::validate {

struct Options {
  bool warnings = false;  // also the invariants that only warn (best practice, such as dom-6)
};

// All faults at once (a hundred at most), each with the FHIRPath of its place. References by criteria
// ("Patient?identifier=…") are taken only within a Bundle of type batch or transaction.
std::vector<Issue> resource(const Node& resource, const Options& options = {});

}  // namespace fhir::validate
