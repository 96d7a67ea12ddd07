// Which subscriptions a change may concern, without looking at each: they lie under their type and, where a filter
// demands a code, a reference or a URI, under that; what such a demand cannot tell apart is compared condition by
// condition, on the index rows of the resource.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "fhir/search/index.h"
#include "fhir/search/query.h"
#include "src/subscription/subscription.h"

namespace alzette::subscription {

class Index {
 public:
  // All filters of `who` on a type count as one: a change is a candidate when it may meet each of them.
  void add(const std::string& who, const std::vector<Filter>& filters);
  void add(const std::string& who, const fhir::Type* type);  // whatever happens to the type; null: to any
  void remove(const std::string& who);

  // Those whose filters a resource of these rows may meet, each once. `rows`: with those of _id.
  std::vector<std::string> candidates(const fhir::Type& type, std::span<const fhir::search::IndexRow> rows) const;
  bool concerns(const fhir::Type& type) const;

 private:
  using List = std::vector<std::string>;
  struct OfType {
    std::unordered_map<std::string, List> keyed;  // "code=value"
    List others;
    std::size_t size = 0;
  };
  std::unordered_map<const fhir::Type*, OfType> types_;
  std::unordered_map<std::string, std::vector<std::pair<const fhir::Type*, std::string>>> places_;  // "" = others
  void put(const std::string& who, const fhir::Type* type, std::string key);
};

// Whether rows alone can tell: no chain, no reverse chain in it.
bool is_plain(const fhir::search::Clause& clause);

// The rows of a version, with those of _id and _lastUpdated, which the store does not keep as rows.
std::vector<fhir::search::IndexRow> rows_of(const fhir::Node& resource, std::string_view base, std::int64_t updated);

}  // namespace alzette::subscription
