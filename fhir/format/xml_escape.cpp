// Text as XML writes it. XML 1.0: https://www.w3.org/TR/xml/#syntax
#include "fhir/format/xml_escape.h"

#include <algorithm>
#include <array>

namespace fhir::xml {

namespace {

// What cannot stand as it is: markup, blanks that a reader would turn into spaces, control characters and the lead byte
// of U+FFFE and U+FFFF, which XML does not have.
constexpr auto special = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = true;
  for (const char c : {'"', '&', '<', '>'}) table[static_cast<unsigned char>(c)] = true;
  table[0xEF] = true;
  return table;
}();

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// The text for text[at]; `size` is what it stands for.
std::string_view escaped(std::string_view text, std::size_t at, std::size_t& size) {
  size = 1;
  switch (text[at]) {
    case '"':
      return "&quot;";
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '\t':
      return "&#x9;";
    case '\n':
      return "&#xA;";
    case '\r':
      return "&#xD;";
    default:
      break;
  }
  if (static_cast<unsigned char>(text[at]) < 0x20) return replacement;
  size = std::min<std::size_t>(3, text.size() - at);
  const auto character = text.substr(at, size);
  return character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF" ? replacement : character;
}

}  // namespace

void escape(std::string_view text, std::string& out) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t size = 1;
    if (special[static_cast<unsigned char>(text[i])]) {
      out.append(text, start, i - start).append(escaped(text, i, size));
      start = i + size;
    }
    i += size;
  }
  out.append(text, start);
}

}  // namespace fhir::xml
