// Runs a planned search over a view: which versions match, in which order, from where on. Pages are keyset ranges:
// the order is a pure function of query and view, so the key of the last match says where to go on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fhir/access.h"
#include "fhir/outcome.h"
#include "fhir/search/query.h"
#include "src/store/view.h"

namespace alzette::store {

struct Want {
  std::uint32_t count = 0;  // matches at most; 0: only the total
  Key after = 0;            // the last match of the page before
  bool total = false;       // count all matches exactly
  std::uint64_t effort = 0;
  // Without _sort, matches may come as they lie in the range of one condition, where that is quicker. 0: the first page
  // chooses; otherwise the condition that it chose, counted from 1.
  bool any_order = false;
  std::size_t range = 0;
  // As many candidates are gathered, and sorted, without looking for a better way.
  std::uint64_t few = 4096;
  std::uint64_t few_sorted = 20'000;
};

struct Found {
  std::vector<Key> keys;
  bool more = false;
  std::size_t range = 0;  // as in Want, for the next page
  std::optional<std::uint64_t> total;
  std::string plan;
  std::uint64_t effort_left = 0;
};

// Kind::too_costly when more index rows than `effort` would have to be looked at.
fhir::Result<Found> search(View& view, const fhir::Access& access, const fhir::search::Query& query, const Want& want);

// Logical ids of the first `at_most` matches, oldest first. What is looked at for them is taken off `effort`.
fhir::Result<std::vector<std::string>> find(View& view, const fhir::Access& access, const fhir::search::Query& query,
                                            std::uint32_t at_most, std::uint64_t& effort);

struct Included {
  std::vector<Key> keys;
  bool capped = false;
};

// What _include and _revinclude add to a page, each resource once and none that is a match. Capped as well when
// canonicals lead to many times as many.
Included include(View& view, const fhir::Access& access, const fhir::search::Query& query,
                 const std::vector<Key>& matches, std::size_t at_most);

}  // namespace alzette::store
