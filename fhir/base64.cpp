// Base64.
#include "fhir/base64.h"

#include <algorithm>
#include <cstdint>
#include <utility>

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

std::size_t Base64Content::read(std::uint64_t at, std::span<char> into) const {
  if (at >= size() || into.empty()) return 0;
  constexpr std::uint64_t most = 192u << 10;  // bytes at once, groups of three
  const auto skip = static_cast<std::size_t>(at % 4);
  const auto groups = std::min<std::uint64_t>((skip + into.size() + 3) / 4, most / 3);
  const auto from = at / 4 * 3;
  const auto piece = bytes_->text(from, groups * 3);
  if (piece.size() != std::min(groups * 3, bytes_->size() - from)) return 0;  // it cannot be read any more
  return encode_base64(piece).copy(into.data(), into.size(), skip);
}

}  // namespace fhir
