// Characters in UTF-8. RFC 3629. Whether bytes are well-formed says bad_utf8 (value.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fhir {

std::size_t characters(std::string_view text);  // how many, of well-formed text
void append_utf8(std::uint32_t character, std::string& out);

// For messages: what is well-formed of the first `most` bytes, no character cut in two.
std::string shortened(std::string_view text, std::size_t most = 64);
std::string quoted(std::string_view text, std::size_t most = 64);  // the same between '

}  // namespace fhir
