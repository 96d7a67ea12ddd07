// A stored query as it is asked: its id and its parameters, decoded and checked against the query's own table.
// IHE ITI TF-2a 3.18.4.1.2 (coding in 3.18.4.1.2.3.5, the queries in 3.18.4.1.2.3.7), TF-2b 3.51.
//
//   'string' with '' for a quote · 123 · ('a','b') · ('a','b') ('c') in two Values: one list · a Slot repeated: and
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ihe/wire/xml.h"
#include "ihe/xds/errors.h"
#include "ihe/xds/registry_object.h"

namespace ihe::xds {

enum class QueryKind : std::uint8_t {
  find_documents,
  find_submission_sets,
  find_folders,
  get_all,
  get_documents,
  get_folders,
  get_associations,
  get_documents_and_associations,
  get_submission_sets,
  get_submission_set_and_contents,
  get_folder_and_contents,
  get_folders_for_document,
  get_related_documents,
  find_documents_by_reference_id,
  find_documents_of_patients,  // ITI-51
  find_folders_of_patients,
  find_documents_of_patients_by_reference_id,
};

// One parameter of a query. Names of tables are without the leading "$".
struct QueryParameter {
  enum class Form : std::uint8_t { text, code, time, number, id };
  std::string_view name;
  Form form = Form::text;
  bool required = false;
  bool several = false;     // a list of alternatives
  bool repeatable = false;  // Slots of this name are combined by AND
};

struct QueryDefinition {
  QueryKind kind;
  std::string_view id;
  std::string_view name;
  std::span<const QueryParameter> parameters;
  std::span<const std::string_view> one_of;  // exactly one of these must be given
  bool one_patient = false;                  // with LeafClass all results are of one patient
  bool multi_patient = false;                // ITI-51
};
std::span<const QueryDefinition> query_definitions();

using Values = std::vector<std::string>;

struct StoredQuery {
  const QueryDefinition* definition = nullptr;
  bool leaf_class = true;
  std::string home;

  // The values of a parameter, "" or none where it is not given. Alternatives of the first Slot.
  const Values& values(std::string_view name) const;
  std::string_view value(std::string_view name) const;
  // All Slots of a parameter: each must be met.
  std::vector<const Values*> all(std::string_view name) const;

  std::vector<std::pair<std::string_view, Values>> given;  // names of the table, in the order of the request
};

// `request`: an AdhocQueryRequest. Nothing, and errors, when it cannot be run. `multi_patient`: by ITI-51.
std::optional<StoredQuery> read_query(const xml::Element& request, bool multi_patient, Errors& errors);

// The values of one Value element, appended. False: it is no string, number or list of them.
bool read_values(std::string_view text, Values& values);

inline constexpr std::size_t most_values = 1'000;  // of one parameter

}  // namespace ihe::xds
