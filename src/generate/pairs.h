// Labelled pairs of Patients to measure matching by: hard ones, of one person whom two sources write differently, and
// of two people who are easily taken for one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/generate/person.h"

namespace alzette::generate {

struct Pair {
  std::string_view kind;   // "married name", "twins", …
  bool same = false;       // one person
  std::string one, other;  // Patient as JSON
};

// Pair number `index` of a population; the kinds take turns.
Pair pair_of(const Population& population, std::uint64_t seed, std::uint64_t index);

}  // namespace alzette::generate
