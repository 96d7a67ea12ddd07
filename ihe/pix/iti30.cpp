// ITI-30 Patient Identity Management (HL7 v2.5): IHE ITI TF-2 3.30. Its A40 is that of ITI-8.
#include "ihe/pix/feed.h"

namespace ihe {

extern constinit const Transaction iti30{.id = "ITI-30",
                                         .name = "Patient Identity Management",
                                         .actor = "Patient Demographics Consumer",
                                         .door = Door::mllp,
                                         .action = "ADT^A28 ADT^A31 ADT^A47 ADT^A24 ADT^A37",
                                         .body = {},
                                         .audit = {"110110", 'U'},
                                         .needs = fhir::Verb::update,
                                         .needs_on = "Patient",
                                         .run = pix::feed};

}  // namespace ihe
