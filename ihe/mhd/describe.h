// A document read for its own metadata: ITI-106 Generate Metadata. The header of a CDA document, or the Composition of
// a FHIR document. IHE MHD 4.2, 3.106; HL7 CDA R2 4.2 (header); IHE PCC TF-2 4.1 (CDA header to XDS).
#pragma once

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace ihe::mhd {

// A DocumentReference with the document in its attachment, ready to be published. Refused: bytes that are neither, and
// documents that name no patient or no id.
fhir::Result<fhir::Node*> describe(const fhir::Node& document, fhir::Arena& arena);

}  // namespace ihe::mhd
