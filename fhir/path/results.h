// A collection as the parts of a Parameters resource: each item under the name of its type.
// FHIR R4: http://hl7.org/fhir/R4/parameters.html
#pragma once

#include <string>

#include "fhir/path/path.h"

namespace fhir::path {

// JSON with the text of a value that no value[x] of R4 can carry: plain JSON, backbone elements.
inline constexpr std::string_view json_value_url = "http://fhir.forms-lab.com/StructureDefinition/json-value";

// Appends the parts, comma separated, without brackets: {"name":"integer","valueInteger":4},{"name":"HumanName",...}
void write_parts(const Collection& items, std::string& out);

}  // namespace fhir::path
