// Search parameters that SearchParameter resources add: what the store remembers of them, made known to searches.
#pragma once

#include "fhir/store.h"

namespace alzette::job {

// Publishes the parameters of the store (fhir/search/custom.h), now and after every change. To be said before the
// first commit.
void follow_parameters(fhir::Store& store);

}  // namespace alzette::job
