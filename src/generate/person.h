// The people of the example nation: who they are, before any FHIR. Person number i of a seed is always the same,
// however many are made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/generate/calendar.h"
#include "src/generate/names.h"
#include "src/generate/places.h"
#include "src/generate/random.h"

namespace alzette::generate {

enum class Sex : std::uint8_t { male, female };

struct Person {
  std::uint64_t index = 0;
  std::string matricule;  // 13 digits
  Sex sex = Sex::male;
  Language language = Language::french;
  std::string family;
  std::string_view given;
  std::string_view second_given;  // "" = none
  Day birth = 0;
  std::optional<Day> death;
  Country country = Country::luxembourg;
  Town town;
  std::string_view street;
  std::uint32_t house = 1;
  std::string phone;
  std::string email;                  // "" = none
  std::uint32_t practitioner = 0;     // the family doctor's number in the directory
  std::uint32_t hospital_number = 0;  // 0 = unknown to the hospital

  int age() const;  // in years today, or at death
};

class Population {
 public:
  explicit Population(std::uint64_t seed);
  Person person(std::uint64_t index) const;
  std::uint64_t largest() const { return slots_; }  // more people have no numbers left

 private:
  struct Year {
    std::uint64_t first;  // of its slots
    Day january_first;
    std::uint32_t per_day;  // numbers given out for each birth date
  };
  void give_birth(Person& person) const;
  std::uint64_t seed_;
  std::vector<Year> years_;
  std::uint64_t slots_ = 0;
  Permutation order_;
};

}  // namespace alzette::generate
