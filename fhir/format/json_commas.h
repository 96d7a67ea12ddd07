// For those who write JSON piece by piece.
#pragma once

#include <string>

namespace fhir::json {

// Appends `,` between the members of one list or object.
class Commas {
 public:
  explicit Commas(std::string& out) : out_(out) {}
  std::string& next() {
    if (any_) out_ += ',';
    any_ = true;
    return out_;
  }
  bool any() const { return any_; }

 private:
  std::string& out_;
  bool any_ = false;
};

}  // namespace fhir::json
