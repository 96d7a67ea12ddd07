// The Luxembourg national number (matricule): Règlement grand-ducal of 28 November 2013, article 1.
//
//   1893 12 01 057 3 2        year, month, day (00 = unknown), number within the day,
//   └─── first 11 ──┘ │ └ Verhoeff digit over the first 11
//                     └── Luhn digit over the same first 11
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ihe::identity {

inline constexpr std::string_view matricule_system = "urn:oid:1.3.182.4.4";

enum class MatriculeFault : std::uint8_t { none, length, digits, date, check_digits };

// The first fault of a number as written, without blanks. A wrong date is named before wrong check digits.
MatriculeFault matricule_fault(std::string_view number);

// The same for a number that may also be written in its form of before 2014: the first eleven digits alone, the last
// of which is their check digit modulo 11 (of the first, second or third series).
MatriculeFault any_matricule_fault(std::string_view number);

// Digits 12 and 13 for the first 11, all of which must be decimal digits.
std::array<char, 2> matricule_check_digits(std::string_view first_eleven);

// All ways in which the same number may be written, `number` first: people registered before 2014 kept their eleven
// digits and got two more.
std::vector<std::string> matricule_forms(std::string_view number);

std::string_view text_of(MatriculeFault fault);  // "has a wrong check digit"

}  // namespace ihe::identity
