// FHIR instants in UTC with milliseconds: 2026-11-21T10:40:21.123Z.
#pragma once

#include <cstdint>
#include <string>

namespace alzette::store {

std::string instant_text(std::int64_t milliseconds);

}  // namespace alzette::store
