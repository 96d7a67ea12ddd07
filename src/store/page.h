// Where a page ends, as opaque text for the next one. It is authenticated by those who hand it out (auth/seal.h), and
// never trusted here: whatever it says is checked against the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/store.h"

namespace alzette::store {

struct Position {
  fhir::Key view = 0;       // the newest key that page 1 could see
  fhir::Key last = 0;       // the last match given out
  std::int64_t total = -1;  // as counted for page 1; -1: not counted
  std::int64_t range = 0;   // the condition along whose range the pages go, from 1; 0: they go by age or _sort
};

std::string to_text(const Position& position);
std::optional<Position> from_text(std::string_view text);

}  // namespace alzette::store
