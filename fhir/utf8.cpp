// Characters in UTF-8.
#include "fhir/utf8.h"

#include <algorithm>

#include "fhir/value.h"

namespace fhir {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void append_utf8(std::uint32_t character, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (character < 0x80) return put(character);
  if (character < 0x800) {
    put(0xC0 | character >> 6);
  } else {
    if (character < 0x10000) {
      put(0xE0 | character >> 12);
    } else {
      put(0xF0 | character >> 18);
      put(0x80 | (character >> 12 & 0x3F));
    }
    put(0x80 | (character >> 6 & 0x3F));
  }
  put(0x80 | (character & 0x3F));
}

std::string shortened(std::string_view text, std::size_t most) {
  text = text.substr(0, most);
  return std::string(text.substr(0, bad_utf8(text)));
}

std::string quoted(std::string_view text, std::size_t most) { return "'" + shortened(text, most) + "'"; }

}  // namespace fhir
