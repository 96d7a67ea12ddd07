// The searches of two published comparisons of FHIR servers, with values taken from the store that is asked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

// Its paths with their queries are asked in turn.
struct Search {
  std::string name;
  std::vector<std::string> targets;
};

// Words that are asked for as they are: those of the comparisons, or others that the population holds.
struct Words {
  std::string family = "Smith", part_of_name = "ohn", town = "Boston", finding = "blood", problem = "hypertension",
              beginning_of_problem = "hypertensive";
};

// Thirty queries of a record viewer, short and long ones; asked for by chance, they are its mix.
std::vector<Search> viewer_searches(std::uint16_t port, const Words& words);

// Each kind of parameter with each of its prefixes or modifiers, pages of 20.
std::vector<Search> parameter_searches(std::uint16_t port);

}  // namespace bench
