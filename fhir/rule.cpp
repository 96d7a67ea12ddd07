// Writes of a batch by name: see rule.h.
#include "fhir/rule.h"

namespace fhir {
namespace {

std::string name_of(const Type& type, std::string_view id) {
  return std::string(type.name.view()) + "/" + std::string(id);
}

}  // namespace

const Write* WritesByName::find(const Type& type, std::string_view id) {
  const auto& writes = batch_.writes;
  for (; seen_ < writes.size(); ++seen_) places_.emplace(name_of(*writes[seen_].type, writes[seen_].id), seen_);
  const auto found = places_.find(name_of(type, id));
  return found == places_.end() ? nullptr : &writes[found->second];
}

}  // namespace fhir
