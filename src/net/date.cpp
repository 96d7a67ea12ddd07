#include "src/net/date.h"

#include <array>
#include <ctime>

#include "fhir/calendar.h"
#include "src/clock.h"

// strftime and strptime speak the C locale here, whose names are the English ones of RFC 9110: the program never sets
// another.
namespace alzette::net {

std::string http_date(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 40> text{};
  const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

std::string_view date_now() {
  thread_local std::int64_t second = -1;
  thread_local std::string date;
  if (const auto now = clock::wall_ms() / 1000; now != second) {
    second = now;
    date = http_date(now);
  }
  return date;
}

std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now) {
  constexpr std::array forms{"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
  const std::string whole(text);
  for (const auto* form : forms) {
    std::tm parts{};
    const char* end = strptime(whole.c_str(), form, &parts);
    if (end == nullptr || *end != '\0') continue;
    int year = parts.tm_year + 1900;
    const int month = parts.tm_mon + 1;
    if (form == forms[1]) {  // two digits
      const int this_year = fhir::date_of(now / 86'400).year;
      year = this_year - this_year % 100 + year % 100;
      if (year > this_year + 50) year -= 100;
    }
    if (parts.tm_mday < 1 || parts.tm_mday > fhir::days_in_month(year, month)) return std::nullopt;
    return fhir::days_of({year, month, parts.tm_mday}) * 86'400 + parts.tm_hour * 3600 + parts.tm_min * 60 +
           parts.tm_sec;
  }
  return std::nullopt;
}

}  // namespace alzette::net
