// What is checked on every occurrence of a type, made once per type from the
// definitions.
#pragma once

#include <vector>

#include "fhir/definitions.h"
#include "fhir/path/path.h"

namespace fhir::validate {

struct Rule {
  const Constraint* constraint = nullptr;
  path::Compiled program;
  const Type* only = nullptr;  // of a choice: the type that the rule is for; null for all
};

struct Plan {
  std::vector<const Element*> required;
  std::vector<const Element*> limited;           // at most n, n neither 1 nor *
  std::vector<Rule> rules;                       // invariants of the type
  std::vector<std::vector<Rule>> element_rules;  // and of its elements, by their place in Type::elements
};

// Thread safe; made at the first call for a type.
const Plan& plan_of(const Type& type);

}  // namespace fhir::validate
