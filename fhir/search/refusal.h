// Where a refusal of a parameter points to.
#pragma once

#include <string>
#include <string_view>

namespace fhir::search {

inline constexpr std::string_view place_prefix = "http.";

// That and the parameter's name. FHIR R4: OperationOutcome.issue.location,
// http://hl7.org/fhir/R4/operationoutcome-definitions.html
std::string place_of(std::string_view parameter);

}  // namespace fhir::search
