// The begin of a job, for the handlers that have one. FHIR R4: http://hl7.org/fhir/R4/async.html
#pragma once

#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "src/rest/interaction.h"

namespace alzette::job {

inline constexpr std::string_view search_kind = "search";
inline constexpr std::string_view search_result = "bundle.json";

// 202 with Content-Location once the job is durable; 429 when too many are at work.
fhir::Result<rest::Plan> kick_off(const rest::Call& call, std::string_view kind, std::string request);

}  // namespace alzette::job
