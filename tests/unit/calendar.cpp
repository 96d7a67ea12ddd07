#include "fhir/calendar.h"

#include <doctest/doctest.h>

TEST_CASE("calendar: days and dates lead to each other, one after the other") {
  CHECK(fhir::days_of({1970, 1, 1}) == 0);
  CHECK(fhir::days_of({2000, 2, 29}) == 11'016);
  CHECK(fhir::days_in_month(1900, 2) == 28);
  CHECK(fhir::days_in_month(2000, 2) == 29);
  fhir::Date expected{1, 1, 1};
  bool all = true;
  for (auto days = fhir::days_of(expected); expected.year < 2500; ++days) {
    const auto date = fhir::date_of(days);
    all = all && date.year == expected.year && date.month == expected.month && date.day == expected.day &&
          fhir::days_of(date) == days;
    if (++expected.day <= fhir::days_in_month(expected.year, expected.month)) continue;
    expected.day = 1;
    if (++expected.month <= 12) continue;
    expected.month = 1;
    ++expected.year;
  }
  CHECK(all);
}
