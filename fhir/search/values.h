// Index values of FHIR data types: each (search parameter type, data type) pair of the tables in search.html.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/node.h"
#include "fhir/search/index.h"

namespace fhir::search {

inline constexpr std::string_view ucum_system = "http://unitsofmeasure.org";

// Appends the rows that one node gives for a parameter of this type; none where it holds nothing that can be found.
struct RowSink {
  std::vector<IndexRow>& rows;
  const SearchParameter* parameter;
  std::string_view base;  // this server's own base URL, without a slash at the end
  bool lean = false;      // of a type that is_lean

  // A new row, to be filled in place.
  IndexValue& add(IndexKind kind, Facet facet = Facet::value) {
    auto& row = rows.emplace_back();
    row.parameter = parameter;
    row.facet = facet;
    row.value.kind = kind;
    return row.value;
  }
};
void add_values(const Node& node, ParameterType type, RowSink& sink);

// A literal that an expression made (boolean, string ...), not read from a node.
void add_literal(std::string_view text, ParameterType type, RowSink& sink);

// True where add_values knows what to do with this data type.
bool can_index(ParameterType parameter, const Type& data);

// Whether the case of a token does not count: where all that the parameter looks at is of the type string, other than
// ids. Such tokens stand in the index as fold_case makes them. FHIR R4: http://hl7.org/fhir/R4/search.html#token
bool ignores_case(const SearchParameter& parameter);
std::string fold_case(std::string_view text);  // Unicode case folding; all else stays as it is

// Type/id (also with /_history/version) and absolute URLs below `base` are local; other URLs and URNs stay as they are,
// a canonical's version is set apart. Nothing for text that is no reference.
std::optional<IndexValue> reference_value(std::string_view text, std::string_view base);

// The same quantity in UCUM base units; nothing for units that are not UCUM or not known.
std::optional<IndexValue> canonical_quantity(double number, std::string_view ucum_code);

}  // namespace fhir::search
