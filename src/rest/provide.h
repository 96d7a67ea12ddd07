// ITI-65 Provide Document Bundle and ITI-105 Simplified Publish at the REST door: transaction and create hand over what
// is a document submission. IHE MHD 4.2, 3.65 and 3.105.
#pragma once

#include "fhir/node.h"
#include "src/rest/interaction.h"

namespace alzette::rest {

// A transaction with a SubmissionSet: 200 with one entry for each of the bundle's, all or none.
fhir::Result<Plan> provide_documents(const Call& call, const fhir::Node& bundle);

// A DocumentReference that carries its document: 201.
fhir::Result<Plan> publish_document(const Call& call, const fhir::Node& reference);

}  // namespace alzette::rest
