// What delete and conditional delete share. FHIR R4: http://hl7.org/fhir/R4/http.html#delete
#pragma once

#include <string>

#include "src/rest/interaction.h"

namespace alzette::rest {

fhir::Result<Plan> remove(const Call& call, const std::string& id, fhir::Batch batch);

// 200 with an OperationOutcome, 204 for `Prefer: return=minimal`; `removed` false: there was nothing to delete.
Response removal_reply(bool minimal, bool removed, std::int64_t version);

}  // namespace alzette::rest
