// What ties a resource to those that it contains: "#id" somewhere in it. FHIR R4: dom-2, dom-3, ref-1,
// http://hl7.org/fhir/R4/references.html#contained
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"

namespace fhir::validate {

class Fragments {
 public:
  Fragments() = default;
  explicit Fragments(const Node& container);

  // Two contained resources with one id.
  std::optional<std::string> fault() const;
  // A reference that was met in `from`, the container or what it contains; others than to fragments are passed over.
  void note(std::string_view reference, const Node& from);
  // A narrative shows what is contained by src="#id" and href="#id".
  void note_links(std::string_view div);
  // Whether "#id", said in `from`, leads to something; "#" alone is the container, seen from a contained resource.
  bool has(std::string_view id, const Node& from) const;
  // dom-3, once the whole resource was walked over: a text for each that nothing refers to.
  std::vector<std::string> unused(const Node& container);

 private:
  const Node* container_ = nullptr;
  std::vector<std::string_view> ids_;        // of the contained resources, sorted
  std::vector<std::string_view> used_;       // "#id" somewhere in the resource, without the mark
  std::vector<const Node*> refer_to_outer_;  // contained resources that say "#"
};

}  // namespace fhir::validate
