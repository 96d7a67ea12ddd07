// Stored resources as bound trees, read once each and kept while an operation runs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "src/rest/interaction.h"

namespace alzette::operation {

class Resources {
 public:
  explicit Resources(const rest::Call& call) : call_(call) {}

  // Of "Patient/1", "Patient/1/_history/2", or either below our own base. nullptr when there is none, which is also
  // said of what the caller may not see.
  const fhir::Node* read(std::string_view reference);
  // The version that read() gave, for a bundle.
  const fhir::Version* version_of(const fhir::Node& resource) const;

  // A version that a search found.
  const fhir::Node* take(std::shared_ptr<const fhir::Version> version);

 private:
  struct Kept {
    std::shared_ptr<const fhir::Version> version;
    std::unique_ptr<fhir::Arena> arena;
    const fhir::Node* resource = nullptr;
  };

  const rest::Call& call_;
  std::map<std::string, Kept, std::less<>> kept_;  // by "Patient/1/_history/2"
  std::map<std::string, const fhir::Node*, std::less<>> read_;
};

// All references in it, as written; none to what it contains.
std::vector<std::string_view> references_of(const fhir::Node& resource);

}  // namespace alzette::operation
