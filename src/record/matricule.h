// The Luxembourg national number (matricule): Règlement grand-ducal of 28 November 2013, article 1.
//
//   1893 12 01 057 3 2        year, month, day (00 = unknown), number within the day,
//   └─── first 11 ──┘ │ └ Verhoeff digit over the first 11
//                     └── Luhn digit over the same first 11
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace alzette::record {

inline constexpr std::string_view matricule_system = "urn:oid:1.3.182.4.4";

enum class MatriculeFault : std::uint8_t { none, length, digits, date, check_digits };

// The first fault of a number as written, without blanks. A wrong date is named before wrong check digits.
MatriculeFault matricule_fault(std::string_view number);

// Digits 12 and 13 for the first 11, all of which must be decimal digits.
std::array<char, 2> matricule_check_digits(std::string_view first_eleven);

}  // namespace alzette::record
