// What a search may cost.
#pragma once

#include <algorithm>
#include <cstdint>

namespace alzette::store {

// Index rows that may still be looked at.
class Effort {
 public:
  explicit Effort(std::uint64_t rows) : left_(rows) {}
  bool spend(std::uint64_t rows) {
    if (rows > left_) spent_ = true;
    left_ -= std::min(rows, left_);
    return !spent_;
  }
  bool spent() const { return spent_; }
  std::uint64_t left() const { return left_; }

 private:
  std::uint64_t left_;
  bool spent_ = false;
};

}  // namespace alzette::store
