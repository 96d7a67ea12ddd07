// What a transaction is about to write, searched as if it were stored: its conditional references are resolved when
// everything else is done. FHIR R4: http://hl7.org/fhir/R4/http.html#trules
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/search/index.h"
#include "fhir/search/query.h"

namespace alzette::rest {

class Unwritten {
 public:
  // `base`: below which references are our own.
  explicit Unwritten(std::string_view base) : base_(base) {}

  // The resource that will be stored under `id`; null: its content is not known (a patch), or there will be none.
  void add(const fhir::Type& type, std::string_view id, const fhir::Node* resource, bool removed = false);

  // Ids of the first two resources that meet the criteria, those with chains aside. too_costly: many references by
  // criteria to one of many entries.
  fhir::Result<std::vector<std::string>> find(const fhir::search::Query& query);
  // Whether what the store has of this resource counts no longer.
  bool replaces(const fhir::Type& type, std::string_view id) const;
  // By criteria, one resource refers to another: "Patient/1".
  void refer(std::string_view from, std::string_view to);
  // Whether those that are about to be written do so in a circle, in which each would have to be there before (B30).
  bool circular() const;

 private:
  struct Entry {
    std::string id;
    const fhir::Node* resource = nullptr;
    std::optional<std::vector<fhir::search::IndexRow>> rows;  // once they were asked for
  };
  std::string_view base_;
  std::unordered_map<const fhir::Type*, std::vector<Entry>> entries_;
  std::unordered_set<std::string> replaced_;  // "Patient/1"
  std::unordered_map<std::string, std::unordered_set<std::string>> references_;
  std::size_t looked_at_ = 0;
};

}  // namespace alzette::rest
