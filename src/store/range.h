// A range of an index table walked in the order of its values: a page costs what it shows, however wide the range is.
// The rows of one resource may lie anywhere in it; it is met once, at the first of them.
#pragma once

#include <memory>
#include <optional>
#include <unordered_set>

#include "src/store/plan.h"
#include "src/store/view.h"

namespace alzette::store {

// Whether a row by itself says that its resource meets the condition. Where it does not, another value may.
bool proves(const Row& row, const Scan& scan, const Condition& condition);

class RangeWalk {
 public:
  // Whether all matches of a condition lie in ranges that have an order.
  static bool possible(const Condition& condition);

  // Behind the resource `after`; 0: from the start.
  RangeWalk(View& view, const Condition& condition, Key after);
  // `proven`: the row says by itself that its resource matches.
  bool next(Key& key, bool& proven);

 private:
  struct Start {
    std::size_t scan = 0;
    Place place;
  };
  std::optional<Start> start_of(Key key);
  bool before(const Start& a, const Start& b) const;
  bool met_before(const Row& row);

  View& view_;
  const Condition& condition_;
  std::optional<Start> after_;
  std::size_t scan_ = 0;
  std::unique_ptr<Rows> rows_;
  std::unordered_set<Key> met_;
};

}  // namespace alzette::store
