// Parts of a stored resource. FHIR R4: http://hl7.org/fhir/R4/search.html#summary, #elements
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/search/query.h"

namespace fhir {

// The stored JSON reduced to what is asked for, tagged SUBSETTED in meta. resourceType, id, meta and the mandatory
// elements of the top level always stay.
//   true      elements of the summary, at every level
//   text      the narrative
//   data      all but the narrative
//   false     the elements named ("name", "Patient.name", "value", "valueQuantity"); all, untagged, when none are
//   count     as true
std::string project(std::string_view stored, search::Summary summary, const std::vector<std::string>& elements);

// The same of any answer: of a Bundle the resources of its entries are reduced, and its links ask for that again by
// `parameters` ("_summary=true"). A Bundle with a total has no entries when only the count is asked for.
std::string project_answer(std::string_view answer, search::Summary summary, const std::vector<std::string>& elements,
                           std::string_view parameters);

}  // namespace fhir
