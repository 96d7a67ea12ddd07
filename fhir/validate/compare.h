// Values against values: fixed, pattern, and limits. FHIR R4:
// http://hl7.org/fhir/R4/elementdefinition.html
#pragma once

#include <optional>
#include <string>

#include "fhir/node.h"

namespace fhir::validate {

// fixed[x]: the same, element for element, nothing more and nothing less.
bool equals(const Node& value, const Node& fixed);
// pattern[x]: everything in the pattern is in the value; members of lists in
// any order.
bool fits(const Node& value, const Node& pattern);
// "'final'" or "{coding: {system: …}}", cut short: for messages.
std::string shown(const Node& value);

// -1, 0, 1; nothing where the two cannot be compared. Quantities only in one
// unit.
std::optional<int> compare_values(const Node& a, const Node& b);

}  // namespace fhir::validate
