// Text as XML writes it. XML 1.0: https://www.w3.org/TR/xml/#syntax
#include "fhir/format/xml_escape.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace fhir::xml {
namespace {

// What cannot stand as it is, by place: markup, blanks that a reader would change, control characters and the lead byte
// of U+FFFE and U+FFFF, which XML does not have.
constexpr auto special = [] {
  std::array<std::uint8_t, 256> made{};
  constexpr std::uint8_t both = 3;
  for (std::size_t c = 0; c < 0x20; ++c) made[c] = both;
  for (const char c : {'&', '<', '>', '"', '\xEF'}) made[static_cast<unsigned char>(c)] = both;
  for (const char c : {'\n', '\t'}) made[static_cast<unsigned char>(c)] = static_cast<std::uint8_t>(Place::attribute);
  return made;
}();

bool is_special(char c, Place place) {
  return (special[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(place)) != 0;
}

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// What is written for the character that `text` begins with; `size` is its length.
std::string_view escaped(std::string_view text, std::size_t& size) {
  size = 1;
  switch (text.front()) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\t':
      return "&#x9;";
    case '\n':
      return "&#xA;";
    case '\r':
      return "&#xD;";
    case '\xEF':
      break;
    default:
      return replacement;
  }
  size = std::min<std::size_t>(3, text.size());
  const auto character = text.substr(0, size);
  return character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF" ? replacement : character;
}

using Bytes = std::uint8_t __attribute__((vector_size(16)));
using Words = std::uint64_t __attribute__((vector_size(16)));
constexpr std::size_t half = sizeof(std::uint64_t);

// Those that stand at one place, and those at another.
Bytes halves(const char* one, const char* other) {
  std::uint64_t first = 0, second = 0;
  std::memcpy(&first, one, half);
  std::memcpy(&second, other, half);
  return std::bit_cast<Bytes>(Words{first, second});
}

// Whether any may be special, wherever it stands. No special one is missed.
bool any_special(Bytes bytes) {
  const auto found =
      (bytes < 0x20) | (bytes == '&') | (bytes == '<') | (bytes == '>') | (bytes == '"') | (bytes == 0xEF);
  const auto words = std::bit_cast<Words>(found);
  return (words[0] | words[1]) != 0;
}

// How many bytes there are before the first special one.
std::size_t plain_run(std::string_view text, Place place) {
  std::size_t at = 0;
  const auto* bytes = text.data();
  for (; text.size() - at >= sizeof(Bytes); at += sizeof(Bytes))
    if (any_special(halves(bytes + at, bytes + at + half))) break;
  // The rest from its start and from its end, which may be the same bytes.
  const auto last = text.size() - half;
  if (text.size() >= half && text.size() - at < sizeof(Bytes) &&
      !any_special(halves(bytes + std::min(at, last), bytes + last)))
    return text.size();
  while (at < text.size() && !is_special(text[at], place)) ++at;
  return at;
}

}  // namespace

// Text up to what must be written in another way is copied in one piece.
void escape(std::string_view text, Place place, std::string& out) {
  for (;;) {
    const auto plain = plain_run(text, place);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    std::size_t size = 1;
    out += escaped(text, size);
    text.remove_prefix(size);
  }
}

}  // namespace fhir::xml
