// The questions of patient identity, each through its door: who else is this, who answers to that.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/parts/requests.h"

namespace bench {

struct Question {
  const char* name;
  bool mllp = false;  // a frame, not an HTTP request
  std::function<std::string()> request;
};

// ITI-9, 45, 83 and ITI-21, 47, 78 by an identifier, by name and birth date, and $match of a person as one of its
// records has it. `pools` must outlive them.
std::vector<Question> questions(const Pools& pools);

}  // namespace bench
