// What the text of a FHIR primitive means: dates with their precision, decimals as written, references, quantities.
// Everything works on text and allocates nothing but what it returns. FHIR R4: http://hl7.org/fhir/R4/datatypes.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/definitions.h"

namespace fhir {

// Position of the first byte that is not well-formed UTF-8 (overlong forms and surrogates are not), or npos.
std::size_t bad_utf8(std::string_view text);

// ── dates ───────────────────────────────────────────────────────────────────────────────────────────────────────
enum class Precision : std::uint8_t { year, month, day, minute, second, fraction };

// A date, dateTime or instant. A value without a zone is read as UTC: it then has one fixed place on the time line on
// every machine, and a date-only search value means the UTC day.
struct DateTime {
  int year = 1, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0;
  int offset_minutes = 0;  // of the zone
  bool has_zone = false;
  Precision precision = Precision::year;
  std::int64_t low = 0;   // first millisecond since 1970 UTC of the range that the precision leaves open
  std::int64_t high = 0;  // the last one, inclusive
};

// Reads YYYY, YYYY-MM, YYYY-MM-DD and these with Thh:mm[:ss[.fraction]] and Z or ±hh:mm. The day must exist, years are
// 0001 to 9999, the zone lies within ±14:00, 24:00 is refused, :60 (a leap second) counts as the second after :59.
// Minutes without seconds and times without zone are read too: search values and FHIRPath have them (the primitive
// types do not: see valid()). More than nine fraction digits are refused; those beyond milliseconds do not count.
std::optional<DateTime> parse_date_time(std::string_view text);

// hh:mm:ss[.fraction] as milliseconds of the day.
std::optional<std::int64_t> parse_time(std::string_view text);

// Milliseconds since 1970 UTC as an instant: "2026-01-31T08:05:00.123Z".
std::string instant_text(std::int64_t milliseconds);

// ── decimals ────────────────────────────────────────────────────────────────────────────────────────────────────
// A number in JSON's grammar that we can hold: at most 512 characters and a magnitude within 1e±308.
bool valid_decimal(std::string_view text);

// -1, 0, 1 by value, exact at any length: 1.50 equals 1.5. Both must be valid.
int compare_decimals(std::string_view a, std::string_view b);

// The range that the digits imply: 5.4 is [5.35, 5.45), 100 is [99.5, 100.5), 1e2 is [95, 105) as in the standard.
struct DecimalRange {
  double value = 0, low = 0, high = 0;
};
std::optional<DecimalRange> decimal_range(std::string_view text);

// ── identities ──────────────────────────────────────────────────────────────────────────────────────────────────
bool valid_id(std::string_view text);    // [A-Za-z0-9\-\.]{1,64}
bool valid_code(std::string_view text);  // no blanks at the ends, single blanks between
bool valid_uri(std::string_view text);   // not empty, no white space
bool valid_oid(std::string_view text);   // urn:oid:1.2.3
bool valid_uuid(std::string_view text);  // urn:uuid:…
bool valid_base64(std::string_view text, std::size_t* decoded_size = nullptr);  // white space is allowed
std::optional<std::string> decode_base64(std::string_view text);

// Whether `text` has the form of the primitive type. Booleans and numbers are judged as written.
bool valid(Primitive primitive, std::string_view text);

// ── references ──────────────────────────────────────────────────────────────────────────────────────────────────
struct ReferenceLiteral {
  enum class Form : std::uint8_t { relative, absolute, uuid, oid, fragment, uri };
  Form form = Form::uri;
  std::string_view base;     // absolute: what stands before Type/id, without the slash; relative: ""
  std::string_view type;     // relative, and absolute URLs that end in Type/id; otherwise ""
  std::string_view id;       // likewise; of a fragment what follows '#' ("" = the container), of urn:… the value
  std::string_view version;  // …/_history/version
};

// Reads Reference.reference. Nothing where the text is none of the forms. `type` is a known resource type where set.
std::optional<ReferenceLiteral> parse_reference(std::string_view text);

// ── quantities ──────────────────────────────────────────────────────────────────────────────────────────────────
// A unit in terms of UCUM's base units: canonical value = value * factor + offset (offset only for Cel, [degF]).
struct CanonicalUnit {
  std::string unit;  // base units sorted by name: "g.m-1.s-2", "1" for none
  double factor = 1;
  double offset = 0;
};

// Nothing where the expression is not UCUM, or is on a scale that no factor converts (pH, decibels).
std::optional<CanonicalUnit> canonical_unit(std::string_view ucum);

// Whether the text is UCUM: its grammar, with units that exist.
bool valid_unit(std::string_view ucum);

// Whether the text has UCUM's grammar; the names of units are not looked at.
bool ucum_syntax(std::string_view text);

}  // namespace fhir
