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

void Unwritten::refer(std::string_view from, std::string_view to) {
  if (replaced_.contains(std::string(to))) references_[std::string(from)].emplace(to);
}

// Who refers to nobody is put aside, then who refers to nobody else, until nobody or a circle is left.
bool Unwritten::circular() const {
  std::unordered_map<std::string_view, std::vector<std::string_view>> referrers;
  std::unordered_map<std::string_view, std::size_t> left;
  std::vector<std::string_view> aside;
  for (const auto& [from, targets] : references_) {
    left[from] = targets.size();
    for (const auto& to : targets) {
      referrers[to].push_back(from);
      if (!references_.contains(to) && left.emplace(to, 0).second) aside.push_back(to);
    }
  }
  std::size_t done = 0;
  for (; done < aside.size(); ++done)
    for (const auto from : referrers[aside[done]])
      if (--left[from] == 0) aside.push_back(from);
  return done < left.size();
}

}  // namespace alzette::rest
