// FHIR instants: see instant.h. http://hl7.org/fhir/R4/datatypes.html#instant
#include "src/store/instant.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace alzette::store {

std::string instant_text(std::int64_t milliseconds) {
  using namespace std::chrono;
  const sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds(milliseconds)};
  const auto midnight = floor<days>(at);
  const year_month_day date(midnight);
  const hh_mm_ss time(at - midnight);
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()),
                    unsigned(date.month()), unsigned(date.day()), int(time.hours().count()),
                    int(time.minutes().count()), int(time.seconds().count()), int(time.subseconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace alzette::store
