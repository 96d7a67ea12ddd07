// The proleptic Gregorian calendar: dates, and days counted from 1970-01-01 (before it below 0).
// After H. Hinnant, chrono-Compatible Low-Level Date Algorithms: eras of 400 years, and years that begin with March.
#pragma once

#include <cstdint>

namespace fhir {

struct Date {
  int year = 1970, month = 1, day = 1;
};

constexpr int days_in_month(int year, int month) {
  if (month != 2) return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
}

constexpr std::int64_t days_of(const Date& date) {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

constexpr Date date_of(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto day_of_era = static_cast<int>(days - era * 146097);
  const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int from_march = (5 * day_of_year + 2) / 153;
  const int month = from_march < 10 ? from_march + 3 : from_march - 9;
  return {static_cast<int>(year_of_era + era * 400) + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * from_march + 2) / 5 + 1};
}

}  // namespace fhir
