// Days as numbers (1970-01-01 = 0) and as FHIR text. Civil-date arithmetic after H. Hinnant's published algorithms.
#pragma once

#include <chrono>
#include <string>

namespace alzette::generate {

using Day = int;

inline constexpr Day day_of(int year, unsigned month, unsigned day) {
  return static_cast<Day>(std::chrono::sys_days(std::chrono::year(year) / month / day).time_since_epoch().count());
}

inline std::chrono::year_month_day civil(Day day) { return std::chrono::sys_days(std::chrono::days(day)); }

// The generator's own present: a population does not change with the day it is made on.
inline constexpr Day today = day_of(2025, 9, 1);

inline void append_digits(std::string& out, unsigned value, int width) {
  char digits[10];
  for (int at = width; at-- > 0; value /= 10) digits[at] = static_cast<char>('0' + value % 10);
  out.append(digits, static_cast<std::size_t>(width));
}

inline std::string date_text(Day day) {
  auto date = civil(day);
  std::string out;
  append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  return out;
}

// Central European time, summer time from April to October: near enough for made-up records.
inline std::string instant_text(Day day, unsigned minute_of_day) {
  auto month = static_cast<unsigned>(civil(day).month());
  std::string out = date_text(day);
  out += 'T';
  append_digits(out, minute_of_day / 60, 2);
  out += ':';
  append_digits(out, minute_of_day % 60, 2);
  out += month >= 4 && month <= 10 ? ":00+02:00" : ":00+01:00";
  return out;
}

}  // namespace alzette::generate
