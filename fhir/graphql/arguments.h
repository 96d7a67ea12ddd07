// Arguments with their variables put in, and what they choose from a list.
// http://hl7.org/fhir/R4/graphql.html#list, GraphQL specification (October 2021), section 6.4.1
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/graphql/document.h"
#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/path/path.h"
#include "fhir/search/query.h"

namespace fhir::graphql {

class Arguments {
 public:
  // Refuses variables that are required and not given.
  static Result<Arguments> of(const Operation& operation, const Node* given);

  // The value as text: a number, boolean or word as written; nullopt for null and for what is not given.
  Result<std::optional<std::string>> text(const Value& value) const;
  Result<std::optional<std::string>> text(const Selection& field, std::string_view name) const;

  // @skip and @include.
  Result<bool> is_wanted(const Selection& selection) const;

  // Of a list of elements those that the arguments ask for: fhirpath, _offset, _count, and values of sub-elements.
  Result<std::vector<const Node*>> chosen(const Selection& field, const Type& type, std::vector<const Node*> nodes,
                                          const Node& resource) const;

  // Arguments as search parameters: birthdate: "ge1970", _sort; a list is an "or". Those in `apart` are left out.
  Result<search::Parameters> parameters(const Selection& field, const std::vector<std::string_view>& apart) const;

 private:
  Result<const Value*> value_of(const Value& value) const;
  Result<bool> matches(const Node& node, const Selection& field, const path::Program* filter,
                       const Node& resource) const;

  std::map<std::string, Value, std::less<>> variables_;
};

// "GraphQL: … (field name)", malformed.
Outcome fault(std::string text);

}  // namespace fhir::graphql
