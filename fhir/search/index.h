// What a resource version contributes to the search index: one row per parameter and value, in FHIR words.
// `extract` makes them from a bound Node; the store interns systems and references and lays them into one table
// per kind. Query values (query.h) are normalised by the same functions, so equal things compare equal.
// FHIR R4: http://hl7.org/fhir/R4/search.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"

namespace fhir {
struct Node;
}

namespace fhir::search {

enum class IndexKind : std::uint8_t { token, string, date, number, quantity, reference, uri, composite, words };

// A parameter has its plain rows and, where a modifier needs other values, rows of a further facet.
enum class Facet : std::uint8_t {
  value,
  text,        // :text on token: display, CodeableConcept.text, Identifier.type.text (kind string);
               // also the display of a Reference that has nothing else, so that it is not :missing
  identifier,  // :identifier on reference: Reference.identifier (kind token)
  of_type,     // :of-type on Identifier: code = value, system = "type-system|type-code" (kind token)
};

// One component of a composite, or the value of a plain row. Which members count depends on `kind`:
//   token      text = code, system = its system ("" = none)
//   string     text = folded text, exact = text as written
//   date       low, high: milliseconds since 1970 UTC, both inclusive, of the value's whole range (open ends: the
//              limits below); instants and dates with time have low..high as wide as their precision
//   number     number..upper: both the same, but for a Range
//   quantity   number..upper, text = code, system, unit = unit as written; canonical = false. The two differ for a
//   Range,
//              a SampledData and a quantity with comparator ("<5" reaches down without end)
//              a second row with canonical = true holds UCUM base units in `text` and the converted number
//   reference  type + text = id for a reference on this server; else type "" and text = absolute URL or canonical
//              without |version (version in `system`); contained: type "" and text = "#id"
//   uri        text
//   words      text = folded words of the whole resource, joined by blanks (_text, _content): kept in the text index
//              alone, not among the values of the version
// lean: the values of a version hold it, but the index has no row for a token's system alone and none for a text of a
// code. So it is in types that is_lean (most_rows.h), and with the types of identifiers.
struct IndexValue {
  IndexKind kind = IndexKind::token;
  bool canonical = false;
  bool lean = false;
  std::string text;
  std::string system;
  std::string exact;
  std::string unit;
  std::string type;
  std::int64_t low = 0;
  std::int64_t high = 0;
  double number = 0;
  double upper = 0;
  bool operator==(const IndexValue&) const = default;
};

inline constexpr std::int64_t open_low = INT64_MIN / 4;
inline constexpr std::int64_t open_high = INT64_MAX / 4;

struct IndexRow {
  const SearchParameter* parameter = nullptr;
  Facet facet = Facet::value;
  IndexValue value;                          // not for composites
  std::vector<IndexValue> parts;             // composites: one per component, all from one and the same element
  const Type* contained = nullptr;           // set: the row is that of a contained resource of this type (_contained)
  const SearchParameter* through = nullptr;  // set as well: only of one that this parameter refers to (a chain)
};

// Every contained resource has a row of _id, with this as its system.
inline constexpr std::string_view contained_system = "#";

// A resource that gives this many rows has more than we index: it is to be refused rather than stored half found.
// Too many combinations within one element of a composite count as this many rows.
inline constexpr std::size_t most_rows = 50'000;

// All rows of a bound resource, duplicates removed. `base` is this server's own base URL ("http://host/fhir"):
// absolute references below it are local ones. Parameters _id and _lastUpdated give no rows (the store has them), but
// for the _id of contained resources.
std::vector<IndexRow> extract(const Node& resource, std::string_view base);

// Full Unicode case folding, without marks (Straße = strasse, Zoë = zoe), punctuation and runs of white space
// as one blank, trimmed.
std::string fold(std::string_view text);

// The words of a text for full text search, folded, joined by blanks.
std::string words(std::string_view text);

}  // namespace fhir::search
