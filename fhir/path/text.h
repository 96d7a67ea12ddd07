// UTF-8 by character, and the encodings of encode(), decode(), escape() and unescape().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/utf8.h"

namespace fhir::path {

// Bytes of the character that starts with `lead`.
inline std::size_t character_size(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

std::size_t offset_of(std::string_view text, std::size_t character);  // its size when there are fewer
std::uint32_t code_of(std::string_view character);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
// For equivalence: without case, each white space character as a blank.
std::string folded(std::string_view text);

template <class Visit>
void for_each_character(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::string_view one = text.substr(0, character_size(text.front()));
    visit(code_of(one), one);
    text.remove_prefix(one.size());
  }
}

// base64, urlbase64, hex; nullopt for another form or text that is not so encoded.
std::optional<std::string> encode(std::string_view text, std::string_view form);
std::optional<std::string> decode(std::string_view text, std::string_view form);
// html, json
std::optional<std::string> escape(std::string_view text, std::string_view form);
std::optional<std::string> unescape_form(std::string_view text, std::string_view form);

}  // namespace fhir::path
