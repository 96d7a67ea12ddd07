// What GET [base]/metadata?mode=terminology answers. FHIR R4: http://hl7.org/fhir/R4/terminologycapabilities.html
#pragma once

#include "src/rest/interaction.h"

namespace alzette::rest {

fhir::Result<Plan> terminology_capabilities(const Call& call);

}  // namespace alzette::rest
