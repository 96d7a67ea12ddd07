// The rules. The subtags of languages, scripts and regions come from the ISO lists that the definitions hold.
// RFC 5646 section 2.1 (syntax) and 2.2.9 (validity), RFC 6838 section 4.2, UCUM 2.1 section 2, RFC 3986.
#include "fhir/terminology/grammar.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/terminology/code_system.h"
#include "fhir/terminology/language.h"
#include "fhir/value.h"

namespace fhir::terminology {
namespace {

bool letters(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; });
}
bool digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
bool alphanumeric(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return letters({&c, 1}) || digits({&c, 1}); });
}

// ── language tags ───────────────────────────────────────────────────────────────────────────────────────────────
std::vector<std::string_view> subtags(std::string_view tag) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto dash = tag.find('-');
    parts.push_back(tag.substr(0, dash));
    if (dash == tag.npos) return parts;
    tag.remove_prefix(dash + 1);
  }
}

std::string cased(std::string_view text, bool upper) {
  std::string out = folded_code(text);
  if (upper)
    for (char& c : out)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
  return out;
}

// A concept of one of the lists in the definitions, or null.
const fhir::Concept* listed(std::string_view system, std::string_view code) {
  const auto* table = definitions().code_system(system);
  if (!table) return nullptr;
  const auto* found = std::lower_bound(table->concepts.begin(), table->concepts.end(), code,
                                       [](const fhir::Concept& c, std::string_view wanted) { return c.code < wanted; });
  return found != table->concepts.end() && found->code.view() == code ? found : nullptr;
}

constexpr std::string_view regions = "urn:iso:std:iso:3166", scripts = "urn:iso:std:iso:15924",
                           languages = "urn:ietf:bcp:47";

// What a well-formed tag consists of; `display` stays empty where a list has no name.
struct Tag {
  bool valid = false;
  std::string display;
};

Tag read_tag(std::string_view text) {
  constexpr std::size_t longest = 100;
  if (text.empty() || text.size() > longest) return {};
  const auto parts = subtags(text);
  for (const auto part : parts)
    if (part.empty() || part.size() > 8 || !alphanumeric(part)) return {};
  std::size_t at = 0;
  const auto more = [&](std::size_t size) { return at < parts.size() && parts[at].size() == size; };
  if (cased(parts[0], false) == "x") return {parts.size() > 1, {}};  // private use alone
  if (!letters(parts[0]) || parts[0].size() < 2 || parts[0].size() > 3) return {};
  const auto* language = listed(languages, cased(parts[at++], false));
  if (!language) return {};
  Tag tag{true, std::string(language->display)};
  std::string detail;
  const auto add = [&](std::string_view name) { detail.append(detail.empty() ? "" : ", ").append(name); };
  for (int extended = 0; extended < 3 && more(3) && letters(parts[at]); ++extended) {
    if (!listed(languages, cased(parts[at], false))) return {};
    ++at;
  }
  if (more(4) && letters(parts[at])) {
    auto name = cased(parts[at], false);
    name[0] = static_cast<char>(name[0] & ~0x20);
    const auto* script = listed(scripts, name);
    if (!script) return {};
    add(script->display);
    ++at;
  }
  if ((more(2) && letters(parts[at])) || (more(3) && digits(parts[at]))) {
    const auto* region = listed(regions, cased(parts[at], true));
    if (!region && !digits(parts[at]) && cased(parts[at], true) != "EU") return {};  // 419 and other groups of UN M.49
    if (region) add(region->display);
    ++at;
  }
  while (at < parts.size() && (parts[at].size() >= 5 || (parts[at].size() == 4 && digits(parts[at].substr(0, 1)))))
    ++at;
  while (at < parts.size() && parts[at].size() == 1) {  // extensions, then private use
    const bool own = cased(parts[at], false) == "x";
    const std::size_t start = ++at;
    while (at < parts.size() && (own || parts[at].size() > 1)) ++at;
    if (at == start) return {};
  }
  if (at != parts.size()) return {};
  if (!detail.empty()) tag.display += " (" + detail + ")";
  return tag;
}

// ── media types ─────────────────────────────────────────────────────────────────────────────────────────────────
bool restricted_name(std::string_view text) {
  constexpr std::string_view others = "!#$&-^_.+";
  return !text.empty() && text.size() <= 127 && alphanumeric(text.substr(0, 1)) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return alphanumeric({&c, 1}) || others.find(c) != others.npos;
         });
}

// type "/" [tree "."] subtype *( ";" attribute "=" value ). FHIR's own short forms ("json", "xml", "ttl") are for
// bindings, which ask by their value set.
bool media_type(std::string_view text) {
  constexpr std::array<std::string_view, 11> types{"application", "audio",     "example", "font", "haptics", "image",
                                                   "message",     "multipart", "model",   "text", "video"};
  const auto slash = text.find('/');
  if (slash == text.npos) return false;
  const std::string type = folded_code(text.substr(0, slash));
  if (!type.starts_with("x-") && std::find(types.begin(), types.end(), type) == types.end()) return false;
  auto rest = text.substr(slash + 1);
  const auto trimmed = [](std::string_view part) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    return part;
  };
  auto semicolon = rest.find(';');
  if (!restricted_name(trimmed(rest.substr(0, semicolon)))) return false;
  while (semicolon != rest.npos) {
    rest.remove_prefix(semicolon + 1);
    semicolon = rest.find(';');
    const auto parameter = trimmed(rest.substr(0, semicolon));
    const auto equals = parameter.find('=');
    if (equals == parameter.npos || !restricted_name(parameter.substr(0, equals)) || equals + 1 == parameter.size())
      return false;
  }
  return true;
}

bool unit(std::string_view code) { return valid_unit(code); }
bool uri(std::string_view code) { return valid_uri(code) && code.find(':') != code.npos; }
std::string same(std::string_view code) { return std::string(code); }
std::string language_name(std::string_view code) { return read_tag(code).display; }

constexpr Grammar all_grammars[] = {
    {"urn:ietf:bcp:47", "BCP47", false, language_valid, language_name},
    {"urn:ietf:bcp:13", "MimeTypes", false, media_type, same},
    {"http://unitsofmeasure.org", "UCUM", true, unit, same},
    {"urn:ietf:rfc:3986", "URI", true, uri, same},
};

}  // namespace

bool language_valid(std::string_view tag) { return read_tag(tag).valid; }

std::span<const Grammar> grammars() { return all_grammars; }

const Grammar* grammar_of(std::string_view system) {
  const auto* found =
      std::find_if(std::begin(all_grammars), std::end(all_grammars), [&](const Grammar& g) { return g.url == system; });
  return found == std::end(all_grammars) ? nullptr : found;
}

}  // namespace fhir::terminology
