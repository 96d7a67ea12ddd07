// Percent-encoding, paths and queries: RFC 3986 §2.1, §3.3; application/x-www-form-urlencoded for queries and forms.
// Whatever is decoded must be UTF-8 without NUL (B19, B20).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alzette::net {

// nullopt: a damaged escape, bytes that are not UTF-8, or NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
std::string percent_encode(std::string_view text);  // all but unreserved characters

// The parts of "path?query"; the query is without its "?".
std::pair<std::string_view, std::string_view> split_target(std::string_view target);

// Decoded segments: "/fhir/Patient/1" -> fhir, Patient, 1. One trailing slash is dropped, "/" has none.
std::optional<std::vector<std::string>> path_segments(std::string_view path);

// Decoded names and values in order; empty pieces ("a&&b") are skipped, a missing "=" gives an empty value.
std::optional<std::vector<std::pair<std::string, std::string>>> query_parameters(std::string_view query);

// Whether a request target may go on: no "." or ".." segment in any spelling, no "//" in front, no encoded "/" or
// "\" and no double encoding in the path, all of it UTF-8. The text says what is wrong; "" when it may.
std::string_view target_fault(std::string_view target);

}  // namespace alzette::net
