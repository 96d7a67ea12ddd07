// How strings compare: Unicode case folding without marks, punctuation and white space as one blank.
// Straße = STRASSE, Zoë = zoe, Jean-Pierre = "jean pierre". Signs that people search for as such (% _ \ & @ # * /)
// are ordinary characters. Unicode 15 NFKC_Casefold and NFD by ICU; plain ASCII takes a short way without it.
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <array>

#include "fhir/search/index.h"
#include "fhir/search/values.h"

namespace fhir::search {
namespace {

// For each ASCII character its folded form; 0 = a blank.
constexpr std::array<char, 128> ascii_folds = [] {
  std::array<char, 128> table{};
  for (int c = '!'; c < 127; ++c) {
    const auto ch = static_cast<char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool ordinary =
        letter || (c >= '0' && c <= '9') || std::string_view("%_\\&@#*/$+<=>^`|~").find(ch) != std::string_view::npos;
    if (ordinary) table[static_cast<std::size_t>(c)] = letter ? static_cast<char>(c | 0x20) : ch;
  }
  return table;
}();

bool is_blank(UChar32 c) {
  if (c < 128) return ascii_folds[static_cast<std::size_t>(c)] == 0;
  constexpr std::uint32_t apart = U_GC_P_MASK | U_GC_Z_MASK | U_GC_CC_MASK | U_GC_CF_MASK;
  return (U_MASK(u_charType(c)) & apart) != 0;
}

std::string fold_ascii(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool gap = false;
  for (const char c : text) {
    const char folded = ascii_folds[static_cast<unsigned char>(c)];
    if (!folded) {
      gap = true;
      continue;
    }
    if (gap && !out.empty()) out += ' ';
    gap = false;
    out += folded;
  }
  return out;
}

std::string fold_unicode(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  static const icu::Normalizer2* const casefold = icu::Normalizer2::getNFKCCasefoldInstance(status);
  static const icu::Normalizer2* const decompose = icu::Normalizer2::getNFDInstance(status);
  if (U_FAILURE(status)) return fold_ascii(text);
  const auto given = icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
  const auto plain = decompose->normalize(casefold->normalize(given, status), status);
  icu::UnicodeString kept;
  bool gap = false;
  for (std::int32_t i = 0; i < plain.length();) {
    const UChar32 c = plain.char32At(i);
    i += U16_LENGTH(c);
    if (u_charType(c) == U_NON_SPACING_MARK) continue;
    if (is_blank(c)) {
      gap = true;
      continue;
    }
    if (gap && !kept.isEmpty()) kept.append(u' ');
    gap = false;
    kept.append(c);
  }
  std::string out;
  kept.toUTF8String(out);
  return out;
}

}  // namespace

std::string fold_case(std::string_view text) {
  std::string out;
  icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}).foldCase().toUTF8String(out);
  return out;
}

std::string fold(std::string_view text) {
  bool ascii = true;
  for (const char c : text) ascii = ascii && static_cast<unsigned char>(c) < 128;
  auto out = ascii ? fold_ascii(text) : fold_unicode(text);
  if (out.empty()) out = text;  // punctuation alone stands for itself, or it would match everything
  return out;
}

}  // namespace fhir::search
