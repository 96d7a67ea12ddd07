// Bytes as pairs of hexadecimal digits: RFC 4648 section 8, written in lower case and read in either.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fhir {

// The value of a hexadecimal digit, or -1.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view digits);  // nothing unless it is all pairs of digits

}  // namespace fhir
