// Dates of headers. RFC 9110 §5.6.7
#include "src/net/date.h"

#include <doctest/doctest.h>

using alzette::net::http_date;
using alzette::net::parse_http_date;

TEST_CASE("dates of headers go both ways, and damaged ones are none") {
  constexpr std::int64_t now = 1'795'900'000;  // in November 2026
  CHECK(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(http_date(1'769'846'700) == "Sat, 31 Jan 2026 08:05:00 GMT");
  CHECK(parse_http_date("Sat, 31 Jan 2026 08:05:00 GMT", now) == 1'769'846'700);
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now) == 784'111'777);
  CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now) == 784'111'777);
  CHECK(parse_http_date("Sun Nov  6 08:49:37 1994", now) == 784'111'777);
  CHECK(parse_http_date("Saturday, 31-Jan-26 08:05:00 GMT", now) == 1'769'846'700);
  CHECK(parse_http_date("Tuesday, 31-Jan-76 08:05:00 GMT", now) == 3'347'683'500);  // 2076
  CHECK(parse_http_date("Monday, 31-Jan-77 08:05:00 GMT", now) == 223'545'900);     // 1977
  for (const auto* none : {"Sat, 31 Foo 2026 08:05:00 GMT", "Sat, 31 Feb 2026 08:05:00 GMT", "2026-01-31", "",
                           "Sat, 31 Jan 2026 08:05:00 CET", "Sat, 31 Jan 2026 08:05:00 GMT, and more",
                           "Sat, 00 Jan 2026 08:05:00 GMT", "Sat, 31 Jan 2026 25:05:00 GMT"}) {
    CAPTURE(none);
    CHECK_FALSE(parse_http_date(none, now));
  }
}
