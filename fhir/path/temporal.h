// Date, DateTime and Time with their precision. FHIRPath N1, sections 4.1.4 to 4.1.6, 6.2 (comparison), 6.8
// (arithmetic).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/path/decimal.h"

namespace fhir::path {

struct Temporal {
  enum class Shape : std::uint8_t { date, date_time, time };
  enum class Precision : std::uint8_t { year, month, day, hour, minute, second, millisecond };
  Shape shape = Shape::date;
  Precision precision = Precision::year;
  int year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0;
  std::optional<int> zone;  // minutes east of UTC

  // "2015-02-04T14:34:28.123+10:00", "2015-02T", "14:34"; refuses impossible dates. A leading "T" makes a time.
  static std::optional<Temporal> parse(std::string_view text, Shape shape);
  static Temporal at(std::int64_t milliseconds, Shape shape);  // in UTC

  std::string text() const;  // without @; a DateTime of date precision ends with "T", a Time starts without it
  Temporal in_utc() const;
  int digits() const;  // N1 precision(): 4, 6, 8, 10, 12, 14, 17; a Time: 2, 4, 6, 9
};

enum class Order : std::uint8_t { less, equal, greater, uncertain };
Order compare(const Temporal& a, const Temporal& b);

// Calendar words ("days") and the UCUM units of definite length; nullopt for a unit that does not move this value.
std::optional<Temporal> add(const Temporal& start, Decimal amount, std::string_view unit);

// The first or last instant that the value may stand for, with the precision that has `digits`.
std::optional<Temporal> boundary(const Temporal& value, bool high, int digits);

// "day" for "day", "days"; "" for others. UCUM codes are not calendar words.
std::string_view calendar_word(std::string_view unit);

}  // namespace fhir::path
