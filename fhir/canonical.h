// Conformance resources by their canonical address: StructureDefinition, ValueSet, CodeSystem, ConceptMap, ... of R4,
// of packages, and of the store. FHIR R4: http://hl7.org/fhir/R4/references.html#canonical
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"

namespace fhir {

struct Canonical {
  const Node* resource = nullptr;  // bound; elements that R4 does not have are left out
  std::string type;                // "ValueSet"
  std::string url;
  std::string version;
  std::shared_ptr<const void> keeps;  // what the tree lives in
};

class Canonicals {
 public:
  virtual ~Canonicals() = default;
  // The resource of `type` with this address; null when there is none. `canonical` may end in |version: then exactly
  // that one; otherwise the newest. The store comes before packages, these before R4. A #fragment is not looked at.
  // Never fetches. Thread safe.
  virtual std::shared_ptr<const Canonical> find(std::string_view type, std::string_view canonical) const = 0;
  // All of a type, each address and version once, in the order of their addresses. Opens them all: R4 has 1,316 value
  // sets and 655 structure definitions.
  virtual std::vector<std::shared_ptr<const Canonical>> all(std::string_view type) const = 0;
  // Another number after each change of what the two above may answer: for what is made from them and kept.
  virtual std::uint64_t state() const = 0;
};

// "http://e.org/x|1.0" -> "http://e.org/x", "1.0"
struct CanonicalParts {
  std::string_view url, version;
};
CanonicalParts canonical_parts(std::string_view canonical);

// 1.10.0 after 1.9.1; numbers by value, other parts by their letters, a shorter one before a longer one.
bool version_before(std::string_view a, std::string_view b);

// From the JSON of a resource; null when it cannot be read or has no type. Faults of its elements are left out.
std::shared_ptr<const Canonical> make_canonical(std::string json);

}  // namespace fhir
