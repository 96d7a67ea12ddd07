// Answers of terminology operations as resources with an address, for %terminologies of FHIRPath.
// FHIR R4: http://hl7.org/fhir/R4/fhirpath.html#txapi
#pragma once

#include <string_view>

#include "fhir/node.h"
#include "src/rest/interaction.h"

namespace alzette::operation {

// Of "ValueSet/$expand?url=…": the operation called in process with the rights of the call. Null where the address is
// of no terminology operation, or the operation refuses. Lives in `arena`.
const fhir::Node* ask_terminology(const rest::Call& call, std::string_view address, fhir::Arena& arena);

}  // namespace alzette::operation
