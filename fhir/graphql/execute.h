// Answers a GraphQL query from resources: http://hl7.org/fhir/R4/graphql.html
// Fields are elements by their JSON names; `resource` follows a Reference; PatientList and PatientConnection search,
// inside a resource by _reference; @flatten, @first, @singleton and @slice shape the lists.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/graphql/document.h"
#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/search/query.h"

namespace fhir::graphql {

struct Page {
  std::vector<const Node*> resources;
  std::optional<std::uint64_t> total;
  std::uint32_t size = 0;  // resources that a page holds at most
  std::string next;        // cursor of the next page, "" at the end
};

// Where resources come from, bound; they live until the answer is made. What the caller may not see is not there.
class Source {
 public:
  virtual ~Source() = default;
  // Of "Patient/1" or an absolute URL below the own base; nullptr when there is none.
  virtual Result<const Node*> read(std::string_view reference) = 0;
  // `cursor`: Page::next of the page before, "" for the first. `count`: Page::total is wanted, whatever it costs.
  virtual Result<Page> search(const Type& type, const search::Parameters& parameters, std::string_view cursor,
                              bool count) = 0;
};

struct Query {
  const Document& document;
  std::string operation;            // "" where the document has one only
  const Node* variables = nullptr;  // an object as JSON gives it
  const Node* resource = nullptr;   // instance level; nullptr: system level
};

// The value of `data` as JSON. Unknown fields, arguments and fragments are faults.
Result<std::string> execute(const Query& query, Source& source);

}  // namespace fhir::graphql
