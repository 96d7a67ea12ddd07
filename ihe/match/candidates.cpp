// From keys to candidates: a group of keys is one search of the store.
#include "ihe/match/candidates.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "fhir/incoming.h"
#include "fhir/search/query.h"

namespace ihe::match {
namespace {

using fhir::Result;

constexpr std::uint32_t most_of_a_group = 1000;
constexpr std::uint64_t effort = 500'000;  // index rows

const fhir::Type& patient_type() {
  static const fhir::Type& type = *fhir::definitions().resource("Patient");
  return type;
}

const fhir::SearchParameter* key_parameter() {
  static const auto* parameter = patient_type().parameter("match-key");
  return parameter;
}

fhir::search::Query query_of(std::string_view parameter) {
  fhir::search::Query query;
  query.type = &patient_type();
  query.all_of.emplace_back();
  query.all_of.front().parameter = patient_type().parameter(parameter);
  return query;
}

void add_term(fhir::search::Query& query, std::string_view system, std::string_view code) {
  fhir::search::Term term;
  term.value.system = system;
  term.value.text = code;
  query.all_of.front().any_of.push_back(std::move(term));
}

// What to ask the store, the most telling first.
std::vector<fhir::search::Query> queries_of(const Person& person, std::string_view national_system) {
  std::vector<fhir::search::Query> queries;
  auto by_identifier = query_of("identifier");
  if (!person.national.empty()) add_term(by_identifier, national_system, person.national);
  for (const auto& identifier : person.identifiers) add_term(by_identifier, identifier.system, identifier.value);
  if (!by_identifier.all_of.front().any_of.empty()) queries.push_back(std::move(by_identifier));
  for (const auto& group : probes_of(person)) {
    if (group.empty()) continue;
    auto query = query_of("match-key");
    for (const auto& key : group) add_term(query, {}, key);
    queries.push_back(std::move(query));
  }
  return queries;
}

bool merged(const fhir::Node& patient) {
  for (const auto& link : patient)
    if (link.name == "link" && link.value_of("type") == "replaced-by") return true;
  return false;
}

}  // namespace

const Weights& weights_of(const Settings& settings) {
  return settings.weights ? *settings.weights : Weights::standard();
}

std::vector<fhir::search::IndexRow> rows_of(const Person& person) {
  const auto* parameter = key_parameter();
  std::vector<fhir::search::IndexRow> rows;
  for (auto& key : keys_of(person)) {
    fhir::search::IndexRow row;
    row.parameter = parameter;
    row.value.text = std::move(key);
    rows.push_back(std::move(row));
  }
  return rows;
}

void add_keys(const fhir::Node& resource, fhir::Write& write) {
  if (write.type != &patient_type()) return;
  auto rows = rows_of(person_of(resource, {}));
  std::move(rows.begin(), rows.end(), std::back_inserter(write.rows));
}

bool has_keys(const fhir::Write& write) {
  const auto* parameter = key_parameter();
  return std::any_of(write.rows.begin(), write.rows.end(), [&](const auto& row) { return row.parameter == parameter; });
}

Result<std::vector<Candidate>> candidates(fhir::Snapshot& snapshot, const fhir::Access& access, const Person& person,
                                          std::string_view national_system, const Weights& weights,
                                          std::string_view itself) {
  std::vector<Candidate> found;
  std::unordered_set<fhir::Key> seen;
  for (const auto& query : queries_of(person, national_system)) {
    auto page = snapshot.search(access, query, most_of_a_group, effort);
    if (!page) return std::move(page.outcome());
    for (auto& entry : page->entries) {
      if (!seen.insert(entry.version->key).second || entry.version->id == itself) continue;
      const auto incoming = fhir::receive(entry.version->body);
      if (!incoming || merged(*incoming->resource)) continue;
      const auto verdict = judge(person, person_of(*incoming->resource, national_system), weights);
      if (verdict.grade != Grade::certainly_not) found.push_back({*entry.version, verdict});
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.verdict.score > b.verdict.score; });
  return found;
}

}  // namespace ihe::match
