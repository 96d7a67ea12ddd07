#include "src/subscription/index.h"

#include <algorithm>

#include "fhir/node.h"

namespace alzette::subscription {

using fhir::search::Clause;
using fhir::search::IndexKind;
using fhir::search::IndexRow;
using fhir::search::Modifier;

namespace {

bool is_keyed(IndexKind kind) {
  return kind == IndexKind::token || kind == IndexKind::reference || kind == IndexKind::uri;
}

std::string key_of(std::string_view code, std::string_view value) {
  return std::string(code).append("=").append(value);
}

// The values one of which a resource must have to meet the clause; none: it cannot be told so simply.
std::vector<std::string> keys_of(const Clause& clause) {
  std::vector<std::string> keys;
  if (!is_plain(clause) || clause.join != Clause::Join::none || clause.modifier != Modifier::none) return keys;
  for (const auto& term : clause.any_of) {
    if (!is_keyed(term.value.kind) || !term.parts.empty() || term.value.text.empty()) return {};
    keys.push_back(key_of(clause.parameter->code.view(), term.value.text));
  }
  return keys;
}

}  // namespace

bool is_plain(const Clause& clause) {
  return !clause.has_type && clause.chain.empty() && std::all_of(clause.parts.begin(), clause.parts.end(), is_plain);
}

void Index::put(const std::string& who, const fhir::Type* type, std::string key) {
  auto& of_type = types_[type];
  (key.empty() ? of_type.others : of_type.keyed[key]).push_back(who);
  ++of_type.size;
  places_[who].emplace_back(type, std::move(key));
}

void Index::add(const std::string& who, const std::vector<Filter>& filters) {
  std::unordered_map<const fhir::Type*, std::vector<std::string>> best;
  for (const auto& filter : filters) {
    auto& keys = best[filter.type];
    for (const auto& clause : filter.query.all_of)
      if (keys.empty()) keys = keys_of(clause);
  }
  for (auto& [type, keys] : best) {
    if (keys.empty()) put(who, type, {});
    for (auto& key : keys) put(who, type, std::move(key));
  }
}

void Index::add(const std::string& who, const fhir::Type* type) { put(who, type, {}); }

void Index::remove(const std::string& who) {
  const auto found = places_.find(who);
  if (found == places_.end()) return;
  for (const auto& [type, key] : found->second) {
    auto& of_type = types_[type];
    auto& list = key.empty() ? of_type.others : of_type.keyed[key];
    const auto at = std::find(list.begin(), list.end(), who);
    *at = std::move(list.back());
    list.pop_back();
    if (list.empty() && !key.empty()) of_type.keyed.erase(key);
    if (--of_type.size == 0) types_.erase(type);
  }
  places_.erase(found);
}

std::vector<std::string> Index::candidates(const fhir::Type& type, std::span<const IndexRow> rows) const {
  List all;
  for (const fhir::Type* wanted : {&type, static_cast<const fhir::Type*>(nullptr)}) {
    const auto found = types_.find(wanted);
    if (found == types_.end()) continue;
    const auto& of_type = found->second;
    all.insert(all.end(), of_type.others.begin(), of_type.others.end());
    if (of_type.keyed.empty()) continue;
    for (const auto& row : rows) {
      if (row.contained || row.facet != fhir::search::Facet::value || !is_keyed(row.value.kind)) continue;
      const auto list = of_type.keyed.find(key_of(row.parameter->code.view(), row.value.text));
      if (list != of_type.keyed.end()) all.insert(all.end(), list->second.begin(), list->second.end());
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

bool Index::concerns(const fhir::Type& type) const { return types_.contains(&type) || types_.contains(nullptr); }

std::vector<IndexRow> rows_of(const fhir::Node& resource, std::string_view base, std::int64_t updated) {
  auto rows = fhir::search::extract(resource, base);
  IndexRow id;
  id.parameter = resource.type->parameter("_id");
  id.value.kind = IndexKind::token;
  id.value.text = resource.value_of("id");
  IndexRow time;
  time.parameter = resource.type->parameter("_lastUpdated");
  time.value.kind = IndexKind::date;
  time.value.low = time.value.high = updated;
  if (id.parameter) rows.push_back(std::move(id));
  if (time.parameter) rows.push_back(std::move(time));
  return rows;
}

}  // namespace alzette::subscription
