// Base64 as FHIR writes it: RFC 4648 section 4, without line breaks. Reading it is in value.h.
#pragma once

#include <string>
#include <string_view>

namespace fhir {

std::string encode_base64(std::string_view bytes);

}  // namespace fhir
