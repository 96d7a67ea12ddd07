// Chains that end inside the resource: a chained condition is also evaluated inside contained resources (FHIR R4
// search.html, "Contained Resources"). What is listed in contained.cpp is indexed for it, as parameters of their own
// (author.family beside author); other chains lead to stored resources alone.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "fhir/search/index.h"

namespace fhir::search {

// The parameter that says what contained resources have at the end of the chain `reference`.`code` of that type; null
// where that is not indexed.
const SearchParameter* contained_chain(const Type& type, std::string_view reference, std::string_view code);

// Rows of one contained resource: rows[first] to rows[last - 1].
struct ContainedRows {
  const Node* resource = nullptr;
  std::size_t first = 0;
  std::size_t last = 0;
};

// Adds the rows of the chains of `resource` to `rows`, which hold those of what it contains. A PractitionerRole stands
// for its Practitioner.
void add_contained_chains(const Node& resource, const std::vector<ContainedRows>& contained,
                          std::vector<IndexRow>& rows);

}  // namespace fhir::search
