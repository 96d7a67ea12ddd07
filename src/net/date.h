// Dates of HTTP headers. RFC 9110 §5.6.7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alzette::net {

// "Sat, 21 Nov 2026 10:40:20 GMT" for seconds since 1970 UTC.
std::string http_date(std::int64_t seconds);
std::string_view date_now();  // until the thread's next call

// Seconds since 1970 UTC of that form, or of the two obsolete ones: "Saturday, 21-Nov-26 10:40:20 GMT", whose year is
// at most 50 years after that of `now`, and "Sat Nov 21 10:40:20 2026". Nothing when it is none of them.
std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now);

}  // namespace alzette::net
