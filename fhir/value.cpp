// Text forms of the FHIR primitives: UTF-8, identities, codes, base64, references.
// FHIR R4: http://hl7.org/fhir/R4/datatypes.html, http://hl7.org/fhir/R4/references.html
#include "fhir/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "fhir/hex.h"
#include "fhir/utf8.h"

namespace fhir {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

// Length of the well-formed UTF-8 sequence at the start, or 0.
std::size_t sequence(const unsigned char* at, std::size_t left) {
  const auto more = [&](std::size_t i, unsigned char low = 0x80, unsigned char high = 0xBF) {
    return i < left && at[i] >= low && at[i] <= high;
  };
  const unsigned char c = at[0];
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return more(1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    const unsigned char low = c == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = c == 0xED ? 0x9F : 0xBF;
    return more(1, low, high) && more(2) ? 3 : 0;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    const unsigned char low = c == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = c == 0xF4 ? 0x8F : 0xBF;
    return more(1, low, high) && more(2) && more(3) ? 4 : 0;
  }
  return 0;
}

constexpr std::int8_t not_base64 = -1;
constexpr auto base64_values = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(not_base64);
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < digits.size(); ++i)
    table[static_cast<unsigned char>(digits[i])] = static_cast<std::int8_t>(i);
  return table;
}();

// The values of four digits as one number of 24 bits; negative when one of them is none.
std::int32_t base64_group(const char* digits) {
  const auto value = [&](std::size_t at) {
    return std::int32_t{base64_values[static_cast<unsigned char>(digits[at])]};
  };
  return value(0) * (1 << 18) | value(1) * (1 << 12) | value(2) * (1 << 6) | value(3);
}

// Feeds `sink` the decoded bytes, `count` of them at the top of 24 bits; false when the text is not base64.
template <class Sink>
bool read_base64(std::string_view text, Sink sink) {
  std::uint32_t group = 0;
  std::size_t have = 0;
  std::size_t padding = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    while (have == 0 && text.size() - at > 4) {  // the last group may have padding, and padding must be last
      const auto whole = base64_group(text.data() + at);
      if (whole < 0) break;
      sink(static_cast<std::uint32_t>(whole), 3);
      at += 4;
    }
    const char c = text[at];
    if (blank(c)) continue;
    if (c == '=') {
      if (have + ++padding > 4 || have < 2) return false;
      continue;
    }
    const auto value = base64_values[static_cast<unsigned char>(c)];
    if (value == not_base64 || padding) return false;
    group = group << 6 | static_cast<std::uint32_t>(value);
    if (++have < 4) continue;
    sink(group, 3);
    group = 0;
    have = 0;
  }
  if (have == 0) return padding == 0;
  if (have + padding != 4) return false;
  sink(group << 6 * padding, have - 1);
  return true;
}

bool valid_integer(std::string_view text, std::int64_t least) {
  const auto digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits.size() > 10 || (digits[0] == '0' && text.size() > 1)) return false;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= least && value <= INT32_MAX;
}

bool valid_string(std::string_view text) {
  constexpr std::size_t longest = 1024 * 1024;  // characters
  if (text.empty()) return false;
  for (char c : text)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
  return text.size() <= longest || characters(text) <= longest;
}

bool uuid_form(std::string_view text, bool capitals) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : hex_digit(text[i]) < 0 || (!capitals && letter(text[i]) && text[i] < 'a')) return false;
  }
  return true;
}

bool oid_form(std::string_view text) {
  if (text.size() < 3 || text[0] < '0' || text[0] > '2') return false;
  std::size_t at = 1;
  while (at < text.size()) {
    if (text[at++] != '.') return false;
    const std::size_t start = at;
    while (at < text.size() && digit(text[at])) ++at;
    if (at == start || (text[start] == '0' && at - start > 1)) return false;
  }
  return true;
}

// scheme ':' in front of something.
bool has_scheme(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos || colon == 0 || colon + 1 == text.size() || !letter(text[0])) return false;
  const auto scheme = text.substr(0, colon);
  return std::all_of(scheme.begin(), scheme.end(),
                     [](char c) { return letter(c) || digit(c) || c == '+' || c == '-' || c == '.'; });
}

// Type/id[/_history/version] at the end of `text`; what is before it goes to `base`.
bool read_type_and_id(std::string_view text, ReferenceLiteral& literal) {
  if (const auto history = text.rfind("/_history/"); history != text.npos) {
    literal.version = text.substr(history + 10);
    if (!valid_id(literal.version)) return false;
    text = text.substr(0, history);
  }
  const auto slash = text.rfind('/');
  if (slash == text.npos) return false;
  const auto id = text.substr(slash + 1);
  const auto before = text.substr(0, slash);
  const auto start = before.rfind('/');
  const auto type = start == before.npos ? before : before.substr(start + 1);
  if (!valid_id(id) || !definitions().resource(type)) return false;
  literal.id = id;
  literal.type = type;
  literal.base = start == before.npos ? std::string_view{} : before.substr(0, start);
  return true;
}

}  // namespace

std::size_t bad_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const std::size_t size = text.size();
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  for (std::size_t at = 0; at < size;) {
    std::uint64_t eight = 0;
    if (at + sizeof eight <= size) {
      std::memcpy(&eight, bytes + at, sizeof eight);
      if (!(eight & high_bits)) {
        at += sizeof eight;
        continue;
      }
    }
    const auto length = sequence(bytes + at, size - at);
    if (!length) return at;
    at += length;
  }
  return text.npos;
}

bool valid_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return letter(c) || digit(c) || c == '-' || c == '.'; });
}

bool valid_code(std::string_view text) {
  if (text.empty() || blank(text.front()) || blank(text.back())) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) < 0x20 && !blank(text[i])) return false;
    if (blank(text[i]) && blank(text[i + 1])) return false;
  }
  return true;
}

bool valid_uri(std::string_view text) {
  return !text.empty() &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
}

bool valid_oid(std::string_view text) { return text.starts_with("urn:oid:") && oid_form(text.substr(8)); }

bool valid_uuid(std::string_view text) { return text.starts_with("urn:uuid:") && uuid_form(text.substr(9), false); }

bool valid_base64(std::string_view text, std::size_t* decoded_size) {
  std::size_t size = 0;
  if (!read_base64(text, [&](std::uint32_t, std::size_t count) { size += count; })) return false;
  if (decoded_size) *decoded_size = size;
  return true;
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const auto keep = [&](std::uint32_t group, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) bytes[size++] = static_cast<char>(group >> (16 - 8 * i));
  };
  if (!read_base64(text, keep)) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

bool valid(Primitive primitive, std::string_view text) {
  switch (primitive) {
    case Primitive::boolean:
      return text == "true" || text == "false";
    case Primitive::integer:
      return valid_integer(text, INT32_MIN);
    case Primitive::positiveInt:
      return valid_integer(text, 1);
    case Primitive::unsignedInt:
      return valid_integer(text, 0);
    case Primitive::decimal:
      return valid_decimal(text);
    case Primitive::code:
      return valid_code(text);
    case Primitive::id:
      return valid_id(text);
    case Primitive::uri:
    case Primitive::url:
    case Primitive::canonical:
      return valid_uri(text);
    case Primitive::oid:
      return valid_oid(text);
    case Primitive::uuid:
      return valid_uuid(text);
    case Primitive::base64Binary:
      return !text.empty() && valid_base64(text);
    case Primitive::time:
      return parse_time(text).has_value();
    case Primitive::date: {
      const auto value = parse_date_time(text);
      return value && value->precision <= Precision::day;
    }
    case Primitive::dateTime:
    case Primitive::instant: {
      const auto value = parse_date_time(text);
      if (!value || value->precision == Precision::minute) return false;
      return value->precision > Precision::minute ? value->has_zone : primitive == Primitive::dateTime;
    }
    case Primitive::string:
    case Primitive::markdown:
    case Primitive::xhtml:
    case Primitive::none:
      return valid_string(text);
  }
  return false;
}

std::optional<ReferenceLiteral> parse_reference(std::string_view text) {
  using Form = ReferenceLiteral::Form;
  ReferenceLiteral literal;
  if (!valid_uri(text)) return std::nullopt;
  if (text[0] == '#') {
    literal.form = Form::fragment;
    literal.id = text.substr(1);
    return literal;
  }
  if (text.starts_with("urn:uuid:")) {
    literal.form = Form::uuid;
    literal.id = text.substr(9);
    return uuid_form(literal.id, true) ? std::optional(literal) : std::nullopt;
  }
  if (text.starts_with("urn:oid:")) {
    literal.form = Form::oid;
    literal.id = text.substr(8);
    return oid_form(literal.id) ? std::optional(literal) : std::nullopt;
  }
  // A fragment behind an address points into that resource: it does not belong to its id.
  const auto address = text.substr(0, text.find('#'));
  if (has_scheme(text)) {
    const bool web = text.starts_with("http://") || text.starts_with("https://");
    if (web && text.find("://") + 3 == text.size()) return std::nullopt;
    if (web && read_type_and_id(address, literal) && literal.base.size() > 8) {
      literal.form = Form::absolute;
      return literal;
    }
    return ReferenceLiteral{};
  }
  if (!read_type_and_id(address, literal) || !literal.base.empty() || address.starts_with('/')) return std::nullopt;
  literal.form = Form::relative;
  return literal;
}

}  // namespace fhir
