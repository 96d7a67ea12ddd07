// SHA-1 (FIPS 180-4) and Base64 (RFC 4648, section 4).
#include "src/generate/digest.h"

#include <bit>

namespace alzette::generate {
namespace {

using Words = std::array<std::uint32_t, 5>;

void take_block(Words& state, const char* block) {
  std::uint32_t schedule[80];
  for (int at = 0; at < 16; ++at) {
    schedule[at] = 0;
    for (int byte = 0; byte < 4; ++byte)
      schedule[at] = schedule[at] << 8 | static_cast<std::uint8_t>(block[at * 4 + byte]);
  }
  for (int at = 16; at < 80; ++at)
    schedule[at] = std::rotl(schedule[at - 3] ^ schedule[at - 8] ^ schedule[at - 14] ^ schedule[at - 16], 1);
  auto [a, b, c, d, e] = state;
  for (int round = 0; round < 80; ++round) {
    std::uint32_t mixed, constant;
    if (round < 20) {
      mixed = (b & c) | (~b & d);
      constant = 0x5A827999;
    } else if (round < 40 || round >= 60) {
      mixed = b ^ c ^ d;
      constant = round < 40 ? 0x6ED9EBA1 : 0xCA62C1D6;
    } else {
      mixed = (b & c) | (b & d) | (c & d);
      constant = 0x8F1BBCDC;
    }
    std::uint32_t next = std::rotl(a, 5) + mixed + e + constant + schedule[round];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

}  // namespace

std::array<std::uint8_t, 20> sha1(std::string_view bytes) {
  Words state{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  std::size_t at = 0;
  for (; at + 64 <= bytes.size(); at += 64) take_block(state, bytes.data() + at);
  std::string tail(bytes.substr(at));
  tail += static_cast<char>(0x80);
  while (tail.size() % 64 != 56) tail += '\0';
  for (int shift = 56; shift >= 0; shift -= 8) tail += static_cast<char>(std::uint64_t{bytes.size()} * 8 >> shift);
  for (at = 0; at < tail.size(); at += 64) take_block(state, tail.data() + at);
  std::array<std::uint8_t, 20> digest{};
  for (std::size_t byte = 0; byte < 20; ++byte)
    digest[byte] = static_cast<std::uint8_t>(state[byte / 4] >> (24 - 8 * (byte % 4)));
  return digest;
}

void append_base64(std::string& out, std::string_view bytes) {
  constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t next = at; next < at + 3; ++next)
      group = group << 8 | (next < bytes.size() ? static_cast<std::uint8_t>(bytes[next]) : 0u);
    out += letters[group >> 18];
    out += letters[group >> 12 & 63];
    out += at + 1 < bytes.size() ? letters[group >> 6 & 63] : '=';
    out += at + 2 < bytes.size() ? letters[group & 63] : '=';
  }
}

}  // namespace alzette::generate
