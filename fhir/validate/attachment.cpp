// Attachment: size and hash against the inline data. FHIR R4:
// http://hl7.org/fhir/R4/datatypes.html#Attachment
#include <array>
#include <bit>
#include <cstdint>

#include "fhir/validate/rules.h"
#include "fhir/value.h"

namespace fhir::validate {

namespace {

using Digest = std::array<std::uint8_t, 20>;

void sha1_block(const std::uint8_t* block, std::array<std::uint32_t, 5>& state) {
  std::array<std::uint32_t, 80> w{};
  for (std::size_t i = 0; i < 16; ++i)
    w[i] = std::uint32_t{block[4 * i]} << 24 | std::uint32_t{block[4 * i + 1]} << 16 |
           std::uint32_t{block[4 * i + 2]} << 8 | block[4 * i + 3];
  for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < 80; ++i) {
    std::uint32_t f = b ^ c ^ d, k = i < 40 ? 0x6ED9EBA1 : 0xCA62C1D6;
    if (i < 20) {
      f = (b & c) | (~b & d);
      k = 0x5A827999;
    } else if (i >= 40 && i < 60) {
      f = (b & c) | (b & d) | (c & d);
      k = 0x8F1BBCDC;
    }
    const std::uint32_t next = std::rotl(a, 5) + f + e + k + w[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  const std::array<std::uint32_t, 5> add{a, b, c, d, e};
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += add[i];
}

// The algorithm that Attachment.hash prescribes (FIPS 180-4); it protects
// against accidents only.
Digest sha1(std::string_view bytes) {
  std::array<std::uint32_t, 5> state{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const std::size_t whole = bytes.size() / 64 * 64;
  for (std::size_t at = 0; at < whole; at += 64) sha1_block(data + at, state);
  std::array<std::uint8_t, 128> tail{};
  const std::size_t rest = bytes.size() - whole;
  for (std::size_t i = 0; i < rest; ++i) tail[i] = data[whole + i];
  tail[rest] = 0x80;
  const std::size_t size = rest < 56 ? 64 : 128;
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (std::size_t i = 0; i < 8; ++i) tail[size - 1 - i] = static_cast<std::uint8_t>(bits >> (8 * i));
  for (std::size_t at = 0; at < size; at += 64) sha1_block(tail.data() + at, state);
  Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

}  // namespace

std::optional<std::string> attachment_fault(const Node& attachment) {
  const Node* data = attachment.child("data");
  const auto size = attachment.value_of("size");
  const auto hash = attachment.value_of("hash");
  if (!data || !data->has_value() || (size.empty() && hash.empty())) return std::nullopt;
  const auto bytes = decode_base64(data->text);
  if (!bytes) return std::nullopt;  // said where data itself is judged
  if (!size.empty() && size != std::to_string(bytes->size()))
    return "size is " + std::string(size) + " but the data has " + std::to_string(bytes->size()) + " bytes";
  const auto given = decode_base64(hash);
  const auto own = sha1(*bytes);
  if (!hash.empty() && given && *given != std::string_view(reinterpret_cast<const char*>(own.data()), own.size()))
    return "hash is not the base64 of the SHA-1 of the data";
  return std::nullopt;
}

}  // namespace fhir::validate
