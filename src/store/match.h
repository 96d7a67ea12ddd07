// Does a version satisfy a clause? Judged from its postings, without its resource.
// FHIR R4: http://hl7.org/fhir/R4/search.html (prefixes, modifiers)
#pragma once

#include <string>
#include <vector>

#include "fhir/search/query.h"
#include "src/store/posting.h"
#include "src/store/view.h"

namespace alzette::store {

// One alternative of a clause with its names looked up.
struct Alternative {
  const fhir::search::Term* term = nullptr;
  Name system = 0;           // of the term's system; `unknown` when it was never stored
  std::vector<Rid> targets;  // reference: any of these
  std::vector<Alternative> parts;
};

bool matches(const Value& value, const Alternative& alternative, fhir::search::Modifier modifier);
bool matches(const Posting& posting, const Alternative& alternative, fhir::search::Modifier modifier);

// The name under which the rows of a parameter and facet are stored: "Patient.identifier:of-type".
std::string parameter_name(std::string_view type, std::string_view code, fhir::search::Facet facet);

// The same for contained resources of the type: "#Patient.name".
std::string contained_name(std::string_view type, std::string_view code, fhir::search::Facet facet);

// The same for contained resources of the type `to` that `reference` leads to: "Observation.subject#Patient.name".
std::string chained_name(std::string_view type, std::string_view reference, std::string_view to, std::string_view code,
                         fhir::search::Facet facet);

// The facet that a modifier looks at.
fhir::search::Facet facet_of(const fhir::search::Clause& clause);

}  // namespace alzette::store
