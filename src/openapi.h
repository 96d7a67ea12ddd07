// What this server answers, as an OpenAPI document for those whose tools read that. Made from the rows, as the
// CapabilityStatement is. OpenAPI 3.0.3: https://spec.openapis.org/oas/v3.0.3
#pragma once

#include <string>

namespace alzette {

// Addresses are relative to the FHIR base; made once.
const std::string& openapi();

}  // namespace alzette
