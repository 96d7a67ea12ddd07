// CodeSystem/$lookup: what a code system says of a code.
// FHIR R4: http://hl7.org/fhir/R4/codesystem-operation-lookup.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/parameters.h"
#include "fhir/terminology/compose.h"
#include "fhir/terminology/language.h"

namespace fhir::terminology {

struct LookupRequest {
  std::string_view system, version, code;
  std::vector<std::string> properties;  // by code; none and "*" = all that there are
  Languages languages;
};

// absent: no such system or code. The answer is the operation's Parameters.
Result<std::string> lookup(Composer& composer, const LookupRequest& request);

}  // namespace fhir::terminology
