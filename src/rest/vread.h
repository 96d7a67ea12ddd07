// The version that a call names by its path. FHIR R4: http://hl7.org/fhir/R4/http.html#vread
#pragma once

#include "src/rest/interaction.h"

namespace alzette::rest {

// absent where there is none of that number, gone where it is the deletion. `content`: a Binary, to answer its content.
fhir::Result<fhir::Version> version_at(const Call& call, bool content = false);

}  // namespace alzette::rest
