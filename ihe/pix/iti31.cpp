// ITI-31 Patient Encounter Management (HL7 v2.5), as far as it says who the patient is and which visits there are: IHE
// ITI TF-2 3.31.
#include "ihe/pix/feed.h"

namespace ihe {

extern constinit const Transaction iti31{
    .id = "ITI-31",
    .name = "Patient Encounter Management",
    .actor = "Patient Encounter Consumer",
    .door = Door::mllp,
    .action =
        "ADT^A02 ADT^A03 ADT^A06 ADT^A07 ADT^A09 ADT^A10 ADT^A11 ADT^A12 ADT^A13 ADT^A14 ADT^A15 ADT^A16 "
        "ADT^A21 ADT^A22 ADT^A25 ADT^A26 ADT^A27 ADT^A32 ADT^A33 ADT^A38 ADT^A44 ADT^A52 ADT^A53 ADT^A54 "
        "ADT^A55 ADT^Z99",
    .body = {},
    .audit = {"110110", 'U'},
    .needs = fhir::Verb::update,
    .needs_on = "Patient",
    .run = pix::feed};

}  // namespace ihe
