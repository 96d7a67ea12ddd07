// What update and conditional update share. FHIR R4: http://hl7.org/fhir/R4/http.html#update
#pragma once

#include <string>

#include "src/rest/interaction.h"

namespace alzette::rest {

// Stores `incoming` as `id`, under the conditions that If-Match and If-None-Match state.
fhir::Result<Plan> put(const Call& call, const Incoming& incoming, const std::string& id, fhir::Batch batch);

// If-Match and If-None-Match of a write as Write::if_version; an "If-Match: *" is answered on the snapshot.
fhir::Result<std::optional<std::int64_t>> version_condition(fhir::Snapshot& snapshot, const fhir::Access& access,
                                                            const fhir::Type& type, std::string_view id,
                                                            std::string_view if_match_header,
                                                            std::string_view if_none_match_header);

}  // namespace alzette::rest
