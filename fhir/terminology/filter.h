// Filters of a value set over the concepts of one code system.
// FHIR R4: http://hl7.org/fhir/R4/valueset.html#compose.include.filter, codesystem-filter-operator
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/terminology/sources.h"

namespace re2 {
class RE2;
}

namespace fhir::terminology {

struct Filter {
  std::string_view property, op, value;
  std::string place;  // "ValueSet.compose.include[0].filter[1]"
};

// A filter made ready for one system.
class Condition {
 public:
  // Refuses what is not understood: an operator, a property that the system does not have, a bad expression.
  static Result<Condition> prepare(const Filter& filter, System& system);

  // Adds to `steps` how much was looked at for it.
  bool holds(const System& system, At at, std::uint64_t& steps) const;
  // The concepts among which all matches are, when these are few to begin with.
  std::optional<std::vector<At>> among(const System& system) const;

 private:
  enum class Test : std::uint8_t {
    is_a,
    descendent,
    child,
    leaf,
    not_is_a,
    generalizes,
    equals,
    in,
    not_in,
    regex,
    exists
  };
  enum class Subject : std::uint8_t { code, display, definition, inactive, property, unit };
  static Result<Condition> by_rule(const Filter& filter, const System& system);
  bool accepts(std::string_view text) const;
  bool on_line(const CodeSystem& rows, At at, std::uint64_t& steps) const;

  Test test_ = Test::equals;
  Subject subject_ = Subject::code;
  std::string property_;
  At anchor_ = nowhere;
  std::string value_;
  std::vector<std::string> values_;  // sorted
  mutable std::vector<bool> line_;   // the concepts on a line with the anchor, once that is cheaper: see on_line
  mutable int walked_ = 0;
  std::shared_ptr<const re2::RE2> pattern_;
};

}  // namespace fhir::terminology
