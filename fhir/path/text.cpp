#include "fhir/path/text.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <utility>

#include "fhir/base64.h"
#include "fhir/hex.h"
#include "fhir/path/lexer.h"
#include "fhir/value.h"

namespace fhir::path {
namespace {

template <class Change>
std::string changed(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  for_each_character(text, [&](std::uint32_t code, std::string_view) {
    append_utf8(static_cast<std::uint32_t>(change(static_cast<UChar32>(code))), out);
  });
  return out;
}

// From one alphabet of base64 to the other: RFC 4648 sections 4 and 5.
std::string other_alphabet(std::string text) {
  constexpr std::string_view from = "+/-_", to = "-_+/";
  for (char& c : text)
    if (const auto at = from.find(c); at != std::string_view::npos) c = to[at];
  return text;
}

constexpr std::array<std::pair<char, std::string_view>, 5> html_names{
    {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}}};

std::string from_html(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto* found = std::find_if(html_names.begin(), html_names.end(),
                                     [&](const auto& each) { return text.starts_with(each.second); });
    out += found == html_names.end() ? text.front() : found->first;
    text.remove_prefix(found == html_names.end() ? 1 : found->second.size());
  }
  return out;
}

std::string to_json(std::string_view text) {
  constexpr std::string_view special = "\"\\\n\r\t\f\b";
  constexpr std::string_view letters = "\"\\nrtfb";
  std::string out;
  for (const char c : text) {
    const auto at = special.find(c);
    if (at != std::string_view::npos) {
      out += '\\';
      out += letters[at];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00" + to_hex({&c, 1});
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::size_t offset_of(std::string_view text, std::size_t character) {
  std::size_t at = 0;
  for (; at < text.size() && character > 0; --character) at += character_size(text[at]);
  return std::min(at, text.size());
}

std::string upper(std::string_view text) {
  return changed(text, [](UChar32 code) { return u_toupper(code); });
}

std::string lower(std::string_view text) {
  return changed(text, [](UChar32 code) { return u_tolower(code); });
}

std::string folded(std::string_view text) {
  return changed(
      text, [](UChar32 code) { return u_isUWhiteSpace(code) ? UChar32{' '} : u_foldCase(code, U_FOLD_CASE_DEFAULT); });
}

std::uint32_t code_of(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  if (lead < 0x80) return lead;
  std::uint32_t code = lead & (0x7Fu >> character_size(character.front()));
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return code;
}

std::optional<std::string> encode(std::string_view text, std::string_view form) {
  if (form == "hex") return to_hex(text);
  if (form == "base64") return encode_base64(text);
  if (form == "urlbase64") return other_alphabet(encode_base64(text));
  return std::nullopt;
}

std::optional<std::string> decode(std::string_view text, std::string_view form) {
  auto plain = form == "hex"         ? from_hex(text)
               : form == "base64"    ? decode_base64(text)
               : form == "urlbase64" ? decode_base64(other_alphabet(std::string(text)))
                                     : std::nullopt;
  return plain && bad_utf8(*plain) == std::string::npos ? plain : std::nullopt;
}

std::optional<std::string> escape(std::string_view text, std::string_view form) {
  if (form == "json") return to_json(text);
  if (form != "html") return std::nullopt;
  std::string out;
  for (const char c : text) {
    const auto* found =
        std::find_if(html_names.begin(), html_names.end(), [&](const auto& each) { return each.first == c; });
    if (found == html_names.end())
      out += c;
    else
      out += found->second;
  }
  return out;
}

std::optional<std::string> unescape_form(std::string_view text, std::string_view form) {
  if (form == "html") return from_html(text);
  if (form != "json") return std::nullopt;
  auto plain = unescape(text, 0);
  return plain ? std::optional(std::move(*plain)) : std::nullopt;
}

}  // namespace fhir::path
