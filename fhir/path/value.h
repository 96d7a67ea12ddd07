// The values an evaluation works on: views into the resource, the program or the evaluation's arena; nothing is owned.
// FHIRPath N1, section 4 (data types).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fhir/path/path.h"

namespace fhir::path {

using ValueKind = Item::Kind;

struct Value {
  ValueKind kind;
  bool boolean;  // of a quantity: read from FHIR with the code of a duration ('a'), which is a calendar unit also
  std::int64_t integer;
  const Node* node;       // kind node; otherwise where the value was read from, or null
  std::string_view text;  // as Item::text
  std::string_view unit;  // as Item::unit

  static Value of(const Node& node) { return {ValueKind::node, false, 0, &node, {}, {}}; }
  static Value of(bool truth) { return {ValueKind::boolean, truth, 0, nullptr, {}, {}}; }
  static Value of(std::int64_t number) { return {ValueKind::integer, false, number, nullptr, {}, {}}; }
  static Value long_of(std::int64_t number) { return {ValueKind::long_integer, false, number, nullptr, {}, {}}; }
  static Value of(ValueKind kind, std::string_view text, std::string_view unit = {}) {
    return {kind, false, 0, nullptr, text, unit};
  }
};

// Integer and Long.
inline bool is_whole(ValueKind kind) { return kind == ValueKind::integer || kind == ValueKind::long_integer; }

// A run of values on the evaluation's stack.
struct Range {
  Value* first;
  Value* last;
  std::size_t size() const { return static_cast<std::size_t>(last - first); }
  bool empty() const { return first == last; }
  Value* begin() const { return first; }
  Value* end() const { return last; }
  Value& operator[](std::size_t i) const { return first[i]; }
};

}  // namespace fhir::path
