// The forms in which FHIR resources travel. FHIR R4: http://hl7.org/fhir/R4/formats.html
#pragma once

#include <cstdint>

namespace fhir {

enum class Format : std::uint8_t { json, xml };

}  // namespace fhir
