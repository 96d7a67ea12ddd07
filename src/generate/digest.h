// SHA-1 (FIPS 180-4) and Base64 (RFC 4648, section 4) of a document: Attachment.hash and Binary.data.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace alzette::generate {

std::array<std::uint8_t, 20> sha1(std::string_view bytes);
void append_base64(std::string& out, std::string_view bytes);

}  // namespace alzette::generate
