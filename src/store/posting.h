// An index row with its names interned, and the compact list of a version's own postings that is stored beside it:
// residual clauses, sort values, includes and `check` read that list instead of the resource.
//
//   list    = posting*                          sorted by parameter
//   posting = varint parameter, varint size, value | composite
//   value   = byte kind|flags, fields by kind   composite = byte 0x7, byte count, value*
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/search/index.h"

namespace alzette::store {

using Name = std::int64_t;  // interned text: parameter, type, code system; 0 = none
using Rid = std::int64_t;   // one logical id of one type, or one absolute URL; 0 = none

inline constexpr Name unknown = -1;  // a name or id that was never stored: equal to nothing

struct Value {
  fhir::search::IndexKind kind = fhir::search::IndexKind::token;
  bool canonical = false;
  bool lean = false;  // IndexValue::lean
  std::string_view text;
  std::string_view exact;  // string: as written; reference: version of a canonical; quantity: unit
  Name system = 0;
  Rid target = 0;
  std::int64_t low = 0;
  std::int64_t high = 0;
  double number = 0;
  double upper = 0;
};

inline constexpr std::size_t most_parts = 4;

struct Posting {
  Name parameter = 0;
  Value value;
  std::size_t part_count = 0;  // > 0: composite
  std::array<Value, most_parts> parts;
};

void append(std::string& list, const Posting& posting);

// Reads a list front to back; views point into the list. A damaged list ends early and sets `damaged`.
class Postings {
 public:
  explicit Postings(std::string_view list) : rest_(list) {}
  bool next(Posting& out);
  // Only those of one parameter: others are skipped without being decoded.
  bool next_of(Name parameter, Posting& out);
  bool damaged() const { return damaged_; }

 private:
  bool head(Name& parameter, std::string_view& payload);
  void decode(std::string_view payload, Posting& out);
  std::string_view rest_;
  bool damaged_ = false;
};

// Text as it stands in the index tables: whole up to `most` bytes, else a prefix of at least most - 3 and a 128-bit
// digest. URIs are searched by long prefixes and so keep more.
inline constexpr std::size_t most_text = 64;
inline constexpr std::size_t most_uri = 512;
std::string bounded(std::string_view text, std::size_t most = most_text);

// How postings of one parameter order for _sort: the tuple in front of the key in its index table.
bool sorts_before(const Value& a, const Value& b);
bool sorts_same(const Value& a, const Value& b);

}  // namespace alzette::store
