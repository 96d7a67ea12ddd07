// What a GraphDefinition reaches. FHIR R4: http://hl7.org/fhir/R4/graphdefinition.html
#pragma once

#include <string_view>
#include <vector>

#include "src/operation/resources.h"

namespace alzette::operation {

// The resource where it starts, then what is reached from it, each once; they live in `resources`. `graph`: canonical
// of a GraphDefinition, or its address. Refused (422): one that is not here or starts elsewhere, and what reaches too
// much.
fhir::Result<std::vector<const fhir::Node*>> reach(const rest::Call& call, const fhir::Node& start,
                                                   std::string_view graph, Resources& resources);

}  // namespace alzette::operation
