// Plain JSON as FHIRPath sees it without a model: nodes without types, `_name` members merged into their primitives.
// FHIRPath N1, section 3 (any tree will do); http://hl7.org/fhir/R4/json.html#primitive
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace fhir::path {

// Any JSON text; a list is several values, null and the empty list none. Lists inside lists are refused.
Result<std::vector<const Node*>> read_plain(std::string_view json, Arena& arena);

// The same with the types of R4 wherever resourceType and names are known; the rest stays plain, nothing is refused for
// it.
Result<std::vector<const Node*>> read_typed(std::string_view json, Arena& arena);

// Such a node, or an element of FHIR, as JSON text.
void write_plain(const Node& node, std::string& out);

}  // namespace fhir::path
