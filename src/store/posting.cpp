// The compact list of postings: see posting.h.
#include "src/store/posting.h"

#include <bit>
#include <compare>
#include <cstring>

#include "fhir/digest.h"
#include "fhir/hex.h"

namespace alzette::store {

using fhir::search::IndexKind;

namespace {

constexpr std::uint8_t composite_mark = 7;
constexpr std::uint8_t canonical_flag = 0x10;
constexpr std::uint8_t exact_flag = 0x20;
constexpr std::uint8_t range_flag = 0x40;  // number or quantity: an upper end follows
constexpr std::uint8_t lean_flag = 0x80;

void put(std::string& out, std::uint64_t n) {
  while (n >= 0x80) {
    out.push_back(static_cast<char>(n | 0x80));
    n >>= 7;
  }
  out.push_back(static_cast<char>(n));
}
void put_signed(std::string& out, std::int64_t n) {
  put(out, (static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63));
}
void put_text(std::string& out, std::string_view text) {
  put(out, text.size());
  out.append(text);
}
void put_real(std::string& out, double n) {
  const auto bits = std::bit_cast<std::uint64_t>(n);
  out.append(reinterpret_cast<const char*>(&bits), sizeof bits);
}

bool take(std::string_view& in, std::uint64_t& n) {
  n = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(in.front());
    in.remove_prefix(1);
    n |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}
bool take_signed(std::string_view& in, std::int64_t& n) {
  std::uint64_t raw = 0;
  if (!take(in, raw)) return false;
  n = static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1);
  return true;
}
bool take_text(std::string_view& in, std::string_view& text) {
  std::uint64_t size = 0;
  if (!take(in, size) || size > in.size()) return false;
  text = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}
bool take_real(std::string_view& in, double& n) {
  std::uint64_t bits = 0;
  if (in.size() < sizeof bits) return false;
  std::memcpy(&bits, in.data(), sizeof bits);
  in.remove_prefix(sizeof bits);
  n = std::bit_cast<double>(bits);
  return true;
}

void put_value(std::string& out, const Value& v) {
  const bool exact = !v.exact.empty() && v.exact != v.text;
  const bool range = (v.kind == IndexKind::number || v.kind == IndexKind::quantity) && v.upper != v.number;
  out.push_back(static_cast<char>(static_cast<std::uint8_t>(v.kind) | (v.canonical ? canonical_flag : 0) |
                                  (exact ? exact_flag : 0) | (range ? range_flag : 0) | (v.lean ? lean_flag : 0)));
  switch (v.kind) {
    case IndexKind::token:
      put_signed(out, v.system);
      put_text(out, v.text);
      break;
    case IndexKind::string:
    case IndexKind::uri:
      put_text(out, v.text);
      break;
    case IndexKind::date:
      put_signed(out, v.low);
      put_signed(out, v.high - v.low);
      break;
    case IndexKind::number:
      put_real(out, v.number);
      break;
    case IndexKind::quantity:
      put_real(out, v.number);
      put_signed(out, v.system);
      put_text(out, v.text);
      break;
    case IndexKind::reference:
      put_signed(out, v.target);
      break;
    case IndexKind::composite:
    case IndexKind::words:
      break;
  }
  if (range) put_real(out, v.upper);
  if (exact) put_text(out, v.exact);
}

bool take_value(std::string_view& in, Value& v) {
  if (in.empty()) return false;
  const auto head = static_cast<std::uint8_t>(in.front());
  in.remove_prefix(1);
  v = Value{};
  v.kind = static_cast<IndexKind>(head & 0x0f);
  v.canonical = head & canonical_flag;
  v.lean = head & lean_flag;
  bool good = true;
  switch (v.kind) {
    case IndexKind::token:
      good = take_signed(in, v.system) && take_text(in, v.text);
      break;
    case IndexKind::string:
    case IndexKind::uri:
      good = take_text(in, v.text);
      break;
    case IndexKind::date:
      good = take_signed(in, v.low) && take_signed(in, v.high);
      v.high += v.low;
      break;
    case IndexKind::number:
      good = take_real(in, v.number);
      break;
    case IndexKind::quantity:
      good = take_real(in, v.number) && take_signed(in, v.system) && take_text(in, v.text);
      break;
    case IndexKind::reference:
      good = take_signed(in, v.target);
      break;
    case IndexKind::composite:
    case IndexKind::words:
      break;
  }
  v.upper = v.number;
  if (good && (head & range_flag)) good = take_real(in, v.upper);
  if (good && (head & exact_flag)) return take_text(in, v.exact);
  if (v.kind == IndexKind::string) v.exact = v.text;
  return good;
}

}  // namespace

// The size is known when the rest is written: nearly all have one of a single byte.
void append(std::string& list, const Posting& posting) {
  put(list, static_cast<std::uint64_t>(posting.parameter));
  const auto at = list.size();
  list.push_back('\0');
  if (posting.part_count > 0) {
    list.push_back(static_cast<char>(composite_mark));
    list.push_back(static_cast<char>(posting.part_count));
    for (std::size_t i = 0; i < posting.part_count; ++i) put_value(list, posting.parts[i]);
  } else {
    put_value(list, posting.value);
  }
  std::string size;
  put(size, list.size() - at - 1);
  list.replace(at, 1, size);
}

bool Postings::head(Name& parameter, std::string_view& payload) {
  if (rest_.empty()) return false;
  std::uint64_t name = 0;
  if (!take(rest_, name) || !take_text(rest_, payload) || payload.empty()) {
    damaged_ = true;
    rest_ = {};
    return false;
  }
  parameter = static_cast<Name>(name);
  return true;
}

void Postings::decode(std::string_view payload, Posting& out) {
  out.part_count = 0;
  if (static_cast<std::uint8_t>(payload.front()) != composite_mark) {
    damaged_ |= !take_value(payload, out.value);
    return;
  }
  out.value = Value{};
  out.value.kind = IndexKind::composite;
  if (payload.size() < 2 || static_cast<std::uint8_t>(payload[1]) > most_parts) {
    damaged_ = true;
    return;
  }
  out.part_count = static_cast<std::uint8_t>(payload[1]);
  payload.remove_prefix(2);
  for (std::size_t i = 0; i < out.part_count; ++i) damaged_ |= !take_value(payload, out.parts[i]);
}

bool Postings::next(Posting& out) {
  std::string_view payload;
  if (!head(out.parameter, payload)) return false;
  decode(payload, out);
  return !damaged_;
}

bool Postings::next_of(Name parameter, Posting& out) {
  std::string_view payload;
  while (head(out.parameter, payload)) {
    if (out.parameter < parameter) continue;
    if (out.parameter > parameter) return false;
    decode(payload, out);
    return !damaged_;
  }
  return false;
}

std::string bounded(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  std::size_t cut = most;
  while (cut > 0 && (static_cast<std::uint8_t>(text[cut]) & 0xc0) == 0x80) --cut;
  return std::string(text.substr(0, cut)) + '#' + fhir::to_hex(fhir::sha256(text)).substr(0, 32);
}

namespace {

std::strong_ordering order_text(std::string_view a, std::string_view b, std::size_t most) {
  if (a.size() <= most && b.size() <= most) return a <=> b;
  return bounded(a, most) <=> bounded(b, most);
}

std::partial_ordering order(const Value& a, const Value& b) {
  std::partial_ordering first = std::partial_ordering::equivalent;
  switch (a.kind) {
    case IndexKind::token:
      if (first = order_text(a.text, b.text, most_text); std::is_eq(first)) return a.system <=> b.system;
      return first;
    case IndexKind::string:
      return order_text(a.text, b.text, most_text);
    case IndexKind::uri:
      return order_text(a.text, b.text, most_uri);
    case IndexKind::date:
      if (first = a.low <=> b.low; std::is_eq(first)) return a.high <=> b.high;
      return first;
    case IndexKind::number:
      return a.number <=> b.number;
    case IndexKind::quantity:
      if (first = a.number <=> b.number; std::is_neq(first)) return first;
      if (first = order_text(a.text, b.text, most_text); std::is_neq(first)) return first;
      return a.system <=> b.system;
    case IndexKind::reference:
      return a.target <=> b.target;
    case IndexKind::composite:
    case IndexKind::words:
      return first;
  }
  return first;
}

}  // namespace

bool sorts_before(const Value& a, const Value& b) { return std::is_lt(order(a, b)); }
bool sorts_same(const Value& a, const Value& b) { return std::is_eq(order(a, b)); }

}  // namespace alzette::store
