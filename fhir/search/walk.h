// The expressions of search parameters that are plain paths, walked straight through the tree: nearly all of R4's.
//   Patient.name.family · (Observation.value as Quantity) · Condition.onset.as(Age) ·
//   Patient.telecom.where(system='phone') Observation.subject.where(resolve() is Patient) · Bundle.entry[0].resource ·
//   %resource.referenceSeq.chromosome
// What has another form is left to FHIRPath.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/node.h"

namespace fhir::search {

struct Step {
  enum class Kind : std::uint8_t {
    child,        // .name
    first_child,  // .name[0]
    type,         // as(name), ofType(name)
    where_equal,  // where(name = 'literal')
    resolves_to,  // where(resolve() is name)
  };
  Kind kind = Kind::child;
  std::string name;
  std::string literal;
};

struct Branch {
  bool from_resource = false;  // starts at %resource
  std::string of_type;         // starts at a resource or type of this name; "" = any
  std::vector<Step> steps;
};

// A union of branches.
struct Walk {
  std::vector<Branch> branches;

  static std::optional<Walk> parse(std::string_view expression);
  void run(const Node& focus, const Node& resource, std::vector<const Node*>& found) const;
};

// What a branch that starts at `base` leads to; false where it is not told by the definitions alone.
struct End {
  const Type* type;
  const Element* element;  // the last one of the path
};
bool ends_of(const Branch& branch, const Type& base, std::vector<End>& ends);

// The concrete type of a bound node; nullptr when it is not known.
const Type* type_of(const Node& node);

}  // namespace fhir::search
