// Check digits and date of the Luxembourg national number: Règlement grand-ducal of 28 November 2013, article 1.
// Both digits stand over the same first eleven; the Verhoeff digit does not cover the Luhn digit.
#include "ihe/identity/matricule.h"

#include <algorithm>

#include "fhir/calendar.h"

namespace ihe::identity {
namespace {

// J. Verhoeff, Error Detecting Decimal Codes (1969): multiplication in the dihedral group D5, the permutation that
// depends on the position, and the inverses.
constexpr char product[10][11] = {"0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
                                  "5987604321", "6598710432", "7659821043", "8765932104", "9876543210"};
constexpr char permutation[8][11] = {"0123456789", "1576283094", "5803796142", "8916043527",
                                     "9453126870", "4286573901", "2793806415", "7046913258"};
constexpr char inverse[11] = "0432156789";

char luhn(std::string_view eleven) {
  int sum = 0;
  bool doubled = true;
  for (auto at = eleven.rbegin(); at != eleven.rend(); ++at, doubled = !doubled) {
    int digit = (*at - '0') * (doubled ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

char verhoeff(std::string_view eleven) {
  int check = 0;
  int position = 1;
  for (auto at = eleven.rbegin(); at != eleven.rend(); ++at, ++position)
    check = product[check][permutation[position % 8][*at - '0'] - '0'] - '0';
  return inverse[check];
}

bool all_digits(std::string_view number) {
  return std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int number_of(std::string_view digits) {
  int value = 0;
  for (char digit : digits) value = value * 10 + (digit - '0');
  return value;
}

// 00 stands for an unknown month or day, so only what is known can be wrong.
bool possible_date(std::string_view number) {
  const int year = number_of(number.substr(0, 4));
  const int month = number_of(number.substr(4, 2));
  const int day = number_of(number.substr(6, 2));
  if (year == 0 || month > 12) return false;
  return day <= (month == 0 ? 31 : fhir::days_in_month(year, month));
}

// The eleventh digit completes the weighted sum of the ten before it to a multiple of 11; where a day ran out of
// numbers, a second series completes it to one more, a third to two more.
bool has_old_check_digit(std::string_view eleven) {
  constexpr int weights[10] = {5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
  int sum = 0;
  for (std::size_t at = 0; at < 10; ++at) sum += weights[at] * (eleven[at] - '0');
  const int rest = sum % 11;
  const int digit = eleven[10] - '0';
  if (rest == 0) return digit == 0;
  for (const int total : {11, 12, 13})
    if (total - rest == digit) return true;
  return false;
}

}  // namespace

std::array<char, 2> matricule_check_digits(std::string_view first_eleven) {
  return {luhn(first_eleven), verhoeff(first_eleven)};
}

MatriculeFault matricule_fault(std::string_view number) {
  if (!all_digits(number)) return MatriculeFault::digits;
  if (number.size() != 13) return MatriculeFault::length;
  if (!possible_date(number)) return MatriculeFault::date;
  const auto right = matricule_check_digits(number.substr(0, 11));
  return number[11] == right[0] && number[12] == right[1] ? MatriculeFault::none : MatriculeFault::check_digits;
}

MatriculeFault any_matricule_fault(std::string_view number) {
  if (number.size() != 11 || !all_digits(number)) return matricule_fault(number);
  if (!possible_date(number)) return MatriculeFault::date;
  return has_old_check_digit(number) ? MatriculeFault::none : MatriculeFault::check_digits;
}

std::vector<std::string> matricule_forms(std::string_view number) {
  std::vector<std::string> forms{std::string(number)};
  if (any_matricule_fault(number) != MatriculeFault::none) return forms;
  const auto eleven = number.substr(0, 11);
  if (number.size() == 11) {
    const auto digits = matricule_check_digits(eleven);
    forms.push_back(std::string(number) + digits[0] + digits[1]);
  } else if (has_old_check_digit(eleven)) {
    forms.emplace_back(eleven);
  }
  return forms;
}

std::string_view text_of(MatriculeFault fault) {
  switch (fault) {
    case MatriculeFault::none:
      return "is right";
    case MatriculeFault::length:
      return "must have 13 digits (or 11, as before 2014)";
    case MatriculeFault::digits:
      return "may hold decimal digits alone";
    case MatriculeFault::date:
      return "begins with a date that does not exist";
    case MatriculeFault::check_digits:
      return "has wrong check digits";
  }
  return "";
}

}  // namespace ihe::identity
