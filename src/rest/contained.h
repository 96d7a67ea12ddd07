// _contained and _containedType. FHIR R4: http://hl7.org/fhir/R4/search.html#contained
#pragma once

#include "fhir/search/query.h"
#include "fhir/store.h"
#include "src/rest/interaction.h"

namespace alzette::rest {

// The store finds what contains something of the kind; here each contained resource is looked at by itself, for the
// conditions have to hold for one and the same. What is left is the containers, or with _containedType=contained the
// contained resources, with the fullUrl base/Type/id#contained-id.
void keep_contained(const Call& call, const fhir::search::Query& query, fhir::SearchPage& page);

}  // namespace alzette::rest
