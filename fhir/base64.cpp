// Base64.
#include "fhir/base64.h"

#include <cstdint>

namespace fhir {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string out;
  out.resize((bytes.size() + 2) / 3 * 4);
  char* to = out.data();
  std::size_t i = 0;
  const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[at])); };
  for (; i + 2 < bytes.size(); i += 3) {
    const std::uint32_t n = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *to++ = alphabet[n >> 18];
    *to++ = alphabet[n >> 12 & 63];
    *to++ = alphabet[n >> 6 & 63];
    *to++ = alphabet[n & 63];
  }
  if (i == bytes.size()) return out;
  const bool two = i + 2 == bytes.size();
  const std::uint32_t n = byte(i) << 16 | (two ? byte(i + 1) << 8 : 0);
  *to++ = alphabet[n >> 18];
  *to++ = alphabet[n >> 12 & 63];
  *to++ = two ? alphabet[n >> 6 & 63] : '=';
  *to = '=';
  return out;
}

}  // namespace fhir
