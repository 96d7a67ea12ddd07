// From writes to the rules of their types.
#include "src/obey.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace alzette {
namespace {

using ByType = std::unordered_map<const fhir::Type*, std::vector<const fhir::Rule*>>;

ByType by_type() {
  ByType table;
  for (const auto* rule : fhir::rules::rules())
    for (std::size_t at = 0; at < rule->types.size();) {
      const auto end = std::min(rule->types.find(' ', at), rule->types.size());
      if (const auto* type = fhir::definitions().resource(rule->types.substr(at, end - at)))
        table[type].push_back(rule);
      at = end + 1;
    }
  return table;
}

}  // namespace

fhir::Result<bool> obey(const fhir::RuleSite& site, fhir::Batch& batch) {
  static const ByType table = by_type();
  fhir::WritesByName writes(batch);
  auto here = site;
  here.writes = &writes;
  for (std::size_t at = 0; at < batch.writes.size(); ++at) {
    const auto found = table.find(batch.writes[at].type);
    if (found == table.end()) continue;
    for (const auto* rule : found->second)
      if (auto done = rule->run(here, batch, at); !done) return done;
  }
  return true;
}

}  // namespace alzette
