#include "src/recollection.h"

#include <doctest/doctest.h>

using alzette::Recollection;

TEST_CASE("recollection: remembers, replaces, forgets, and stays small") {
  Recollection kept;
  CHECK(kept.recall("a").empty());
  kept.remember("a", "1");
  kept.remember("a", "2");
  CHECK(kept.recall("a") == "2");
  kept.remember("a", "");
  CHECK(kept.recall("a").empty());
  kept.remember("large", std::string(Recollection::most_bytes + 1, 'x'));
  CHECK(kept.recall("large").empty());
  for (std::size_t i = 0; i <= Recollection::most; ++i) kept.remember(std::to_string(i), "x");
  CHECK(kept.recall("0").empty());
  CHECK(kept.recall(std::to_string(Recollection::most)) == "x");
}
