// What a transaction is about to write. FHIR R4: http://hl7.org/fhir/R4/http.html#trules
#include "src/rest/unwritten.h"

#include <algorithm>

#include "fhir/search/match.h"

namespace alzette::rest {
namespace {

using fhir::search::Clause;

constexpr std::size_t most_looked_at = 1'000'000;  // entries, by all references of a transaction together

// Rows alone cannot tell what is chained.
bool meets(const Clause& clause, const std::vector<fhir::search::IndexRow>& rows) {
  const auto chained = [](const auto& self, const Clause& part) -> bool {
    return part.has_type || !part.chain.empty() ||
           std::any_of(part.parts.begin(), part.parts.end(), [&](const Clause& inner) { return self(self, inner); });
  };
  return !chained(chained, clause) && fhir::search::matches(clause, rows);
}

std::string name_of(const fhir::Type& type, std::string_view id) {
  return std::string(type.name.view()).append("/").append(id);
}

}  // namespace

void Unwritten::add(const fhir::Type& type, std::string_view id, const fhir::Node* resource, bool removed) {
  if (resource) entries_[&type].push_back({std::string(id), resource, std::nullopt});
  if (resource || removed) replaced_.insert(name_of(type, id));
}

fhir::Result<std::vector<std::string>> Unwritten::find(const fhir::search::Query& query) {
  std::vector<std::string> ids;
  const auto entries = entries_.find(query.type);
  if (entries == entries_.end()) return ids;
  for (auto& entry : entries->second) {
    if (++looked_at_ > most_looked_at)
      return fhir::Outcome(fhir::Kind::too_costly, "too-costly",
                           "Too many conditional references to types of which the transaction has many entries");
    if (!entry.rows) entry.rows = fhir::search::extract(*entry.resource, base_);
    const auto& rows = *entry.rows;
    if (!std::all_of(query.all_of.begin(), query.all_of.end(), [&](const auto& clause) { return meets(clause, rows); }))
      continue;
    ids.push_back(entry.id);
    if (ids.size() == 2) break;
  }
  return ids;
}

bool Unwritten::replaces(const fhir::Type& type, std::string_view id) const {
  return replaced_.contains(name_of(type, id));
}

}  // namespace alzette::rest
