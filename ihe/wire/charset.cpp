// Character sets: ISO 8859-1 is the first page of Unicode, 8859-15 differs from it in eight places.
#include "ihe/wire/charset.h"

#include <algorithm>
#include <array>

#include "fhir/utf8.h"
#include "fhir/value.h"

namespace ihe::hl7v2 {
namespace {

struct Difference {
  unsigned char byte;
  char32_t character;
};
constexpr std::array<Difference, 8> latin15{{{0xA4, 0x20AC},
                                             {0xA6, 0x160},
                                             {0xA8, 0x161},
                                             {0xB4, 0x17D},
                                             {0xB8, 0x17E},
                                             {0xBC, 0x152},
                                             {0xBD, 0x153},
                                             {0xBE, 0x178}}};

std::string from_latin15(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + 16);
  for (const char raw : bytes) {
    const auto byte = static_cast<unsigned char>(raw);
    const auto found =
        std::find_if(latin15.begin(), latin15.end(), [&](const Difference& one) { return one.byte == byte; });
    fhir::append_utf8(found == latin15.end() ? byte : found->character, out);
  }
  return out;
}

// The next character of well-formed UTF-8.
char32_t take(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t c = size == 1 ? lead : lead & (0x7F >> size);
  for (std::size_t i = 1; i < size; ++i) c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  text.remove_prefix(size);
  return c;
}

// The byte for a character, or 0.
unsigned char byte_of(char32_t c, Charset charset) {
  if (c < 0x80) return static_cast<unsigned char>(c);
  if (charset == Charset::latin15) {
    for (const auto& one : latin15) {
      if (one.character == c) return one.byte;
      if (one.byte == c) return 0;
    }
  }
  return charset != Charset::ascii && c >= 0xA0 && c < 0x100 ? static_cast<unsigned char>(c) : 0;
}

bool ascii(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::optional<Charset> charset_of(std::string_view declared) {
  if (declared.empty()) return Charset::none;
  if (declared == "ASCII") return Charset::ascii;
  if (declared == "8859/1" || declared == "ISO-8859-1" || declared == "ISO 8859-1") return Charset::latin1;
  if (declared == "8859/15" || declared == "ISO-8859-15" || declared == "ISO 8859-15") return Charset::latin15;
  if (declared == "UNICODE UTF-8" || declared == "UTF-8") return Charset::utf8;
  return std::nullopt;
}

std::string_view name_of(Charset charset) {
  switch (charset) {
    case Charset::none:
      return "";
    case Charset::ascii:
      return "ASCII";
    case Charset::latin1:
      return "8859/1";
    case Charset::latin15:
      return "8859/15";
    case Charset::utf8:
      return "UNICODE UTF-8";
  }
  return "";
}

std::string from_latin1(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + 16);
  for (const char byte : bytes) fhir::append_utf8(static_cast<unsigned char>(byte), out);
  return out;
}

std::optional<std::string> decode(std::string_view bytes, Charset charset) {
  switch (charset) {
    case Charset::ascii:
      return ascii(bytes) ? std::optional(std::string(bytes)) : std::nullopt;
    case Charset::latin1:
      return from_latin1(bytes);
    case Charset::latin15:
      return from_latin15(bytes);
    case Charset::utf8:
      return fhir::bad_utf8(bytes) == std::string_view::npos ? std::optional(std::string(bytes)) : std::nullopt;
    case Charset::none:
      return fhir::bad_utf8(bytes) == std::string_view::npos ? std::string(bytes) : from_latin1(bytes);
  }
  return std::nullopt;
}

std::string encode(std::string_view utf8, Charset charset, bool& complete) {
  complete = true;
  if (charset == Charset::utf8 || ascii(utf8)) return std::string(utf8);
  std::string out;
  out.reserve(utf8.size());
  while (!utf8.empty()) {
    const auto byte = byte_of(take(utf8), charset);
    complete = complete && byte != 0;
    out += byte ? static_cast<char>(byte) : '?';
  }
  return out;
}

}  // namespace ihe::hl7v2
