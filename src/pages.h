// What is not FHIR: health, metrics, the page that says what this is.
#pragma once

#include <optional>
#include <string_view>

#include "fhir/store.h"
#include "src/http.h"

namespace alzette {

// The answer of /, /health/live, /health/ready, /metrics and /openapi.json; nothing for any other path.
std::optional<Response> page(std::string_view method, std::string_view path, fhir::Store& store);

}  // namespace alzette
