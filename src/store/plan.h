// From a Query to scans of index tables: names are looked up, each clause gets the ranges that hold its candidates
// and, as a last resort or for what no range can say, is judged on each candidate's postings. Knows no engine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "fhir/access.h"
#include "fhir/search/query.h"
#include "src/store/match.h"
#include "src/store/view.h"

namespace alzette::store {

struct TypePlan;

struct Condition {
  enum class Shape : std::uint8_t { values, words, missing, id, updated, chain, reverse, group };
  Shape shape = Shape::values;
  const fhir::search::Clause* clause = nullptr;
  bool negated = false;
  Name parameter = 0;               // reverse: of the resources that refer to us
  std::vector<Name> facets;         // missing: any of these would be a value
  std::vector<Alternative> any_of;  // values, updated

  // Where candidates are found. `drives`: scans (or rids) hold every match; `exact`: and nothing else.
  bool drives = false;
  bool exact = false;
  std::vector<Scan> scans;

  // id: ours; chain: the resources referred to; reverse: ours. Set when `resolved`.
  bool resolved = false;
  std::unordered_set<Rid> rids;
  // chain, when `resolved`: of the URLs referred to, the versions that canonicals may say.
  std::unordered_map<Rid, std::unordered_set<std::string>> versions;
  std::vector<TypePlan> inner;           // chain, reverse
  std::unordered_map<Rid, bool> judged;  // chain, reverse: what was found for single resources
  std::vector<Condition> parts;          // group: all or any of them, as the clause says
  bool any() const { return clause->join == fhir::search::Clause::Join::any; }
  bool follows() const;  // what other resources say has to be looked up for each candidate
};

// All conditions on one type.
struct TypePlan {
  const fhir::Type* type = nullptr;
  Name name = 0;
  std::vector<Condition> conditions;
  Key from = 0;  // bounds by _lastUpdated
  Key to = INT64_MAX;
  bool empty = false;  // nothing can match
};

// `contained`: what contained resources of that type say; the candidates are what contains them.
// Refuses: a type that `access` may not search, a bare id of several resources, what the store cannot do.
fhir::Result<TypePlan> plan(View& view, const fhir::Access& access, const fhir::Type& type,
                            const std::vector<fhir::search::Clause>& clauses, bool contained = false);

// The ranges that hold the rows of one alternative; false when there is no such range. `exact` is cleared when the
// ranges hold more.
bool add_scans(View& view, Name parameter, const Alternative& alternative, fhir::search::Modifier modifier,
               std::vector<Scan>& scans, bool& exact);

// Whether a group can tell its candidates, from what its parts can.
void settle(Condition& group);

// For _explain.
std::string describe(const Condition& condition);

}  // namespace alzette::store
