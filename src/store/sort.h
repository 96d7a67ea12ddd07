// The order of _sort: stored values, smallest (descending: largest) of each resource, resources without one last,
// ties by age. http://hl7.org/fhir/R4/search.html#sort
#pragma once

#include <string>
#include <vector>

#include "fhir/search/query.h"
#include "src/store/view.h"

namespace alzette::store {

struct SortValue {
  bool present = false;
  Value value;  // less its text, which would not survive a move
  std::string text;
  Value whole() const {
    Value out = value;
    out.text = text;
    return out;
  }
};

struct Sortable {
  Key key = 0;
  std::vector<SortValue> values;  // one per sort parameter
};

class Sorter {
 public:
  // Sorting a type; at system level (nullptr) only by _id and _lastUpdated.
  Sorter(View& view, const std::vector<fhir::search::Sort>& sort, const fhir::Type* type);

  Sortable of(Key key);
  bool before(const Sortable& a, const Sortable& b) const;
  bool same_first(const Sortable& a, const Sortable& b) const;

  // Whether keys can be walked in the order of the first parameter.
  bool walkable() const;
  std::unique_ptr<Keys> walk(Name type, const Sortable* from);

 private:
  enum class By : std::uint8_t { value, id, updated };
  struct Column {
    By by = By::value;
    Name parameter = 0;
    fhir::search::IndexKind kind = fhir::search::IndexKind::token;
    bool descending = false;
  };
  SortValue value_of(const Column& column, const Entry& entry);

  View& view_;
  std::vector<Column> columns_;
};

// Parameters that have an order: all but composites and special ones.
bool sortable(const fhir::SearchParameter& parameter);

}  // namespace alzette::store
