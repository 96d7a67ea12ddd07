// Contained resources and what refers to them, without a product of their numbers.
#include "fhir/validate/fragments.h"

#include <algorithm>

#include "fhir/definitions.h"
#include "fhir/utf8.h"

namespace fhir::validate {

namespace {}  // namespace

Fragments::Fragments(const Node& container) : container_(&container) {
  for (const Node& child : container)
    if (child.name == "contained" && child.child("id")) ids_.push_back(child.value_of("id"));
  std::sort(ids_.begin(), ids_.end());
}

std::optional<std::string> Fragments::fault() const {
  const auto twice = std::adjacent_find(ids_.begin(), ids_.end());
  if (twice == ids_.end()) return std::nullopt;
  return "two contained resources have the id " + quoted(*twice);
}

void Fragments::note(std::string_view reference, const Node& from) {
  if (!reference.starts_with('#')) return;
  if (reference.size() > 1)
    used_.push_back(reference.substr(1));
  else if (&from != container_ && (refer_to_outer_.empty() || refer_to_outer_.back() != &from))
    refer_to_outer_.push_back(&from);
}

void Fragments::note_links(std::string_view div) {
  for (std::size_t at = div.find("=\"#"); at != div.npos; at = div.find("=\"#", at + 1)) {
    const auto id = div.substr(at + 3, div.find('"', at + 3) - at - 3);
    if (std::binary_search(ids_.begin(), ids_.end(), id)) used_.push_back(id);
  }
}

bool Fragments::has(std::string_view id, const Node& from) const {
  return id.empty() ? &from != container_ : std::binary_search(ids_.begin(), ids_.end(), id);
}

std::vector<std::string> Fragments::unused(const Node& container) {
  std::vector<std::string> faults;
  std::sort(used_.begin(), used_.end());
  for (const Node& child : container) {
    if (child.name != "contained" || !child.child("id")) continue;
    if (std::binary_search(used_.begin(), used_.end(), child.value_of("id")) ||
        std::find(refer_to_outer_.begin(), refer_to_outer_.end(), &child) != refer_to_outer_.end())
      continue;
    faults.push_back("dom-3: nothing in the resource refers to the contained " + std::string(child.type->name) + " " +
                     quoted(child.value_of("id")) + ", nor does it refer to its container");
  }
  return faults;
}

}  // namespace fhir::validate
