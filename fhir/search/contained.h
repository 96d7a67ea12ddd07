// Chains that end inside the resource: a chained condition is also evaluated inside contained resources (FHIR R4
// search.html, "Contained Resources"). Rows of contained resources stand a second time, by the reference that leads
// there. Of DocumentReference and List there are millions, each with copies of its authors and its patient: what IHE
// MHD asks for is all that is indexed of theirs, as parameters of their own (author.family beside author).
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

// Adds the rows of the chains of `resource` to `rows`, which hold its own and behind them those of what it contains. To
// MHD a PractitionerRole stands for its Practitioner.
void add_contained_chains(const Node& resource, const std::vector<ContainedRows>& contained,
                          std::vector<IndexRow>& rows);

}  // namespace fhir::search
