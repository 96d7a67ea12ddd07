// ITI-8 Patient Identity Feed (HL7 v2.3.1): IHE ITI TF-2 3.8.
#include "ihe/pix/feed.h"

namespace ihe {

extern constinit const Transaction iti8{.id = "ITI-8",
                                        .name = "Patient Identity Feed",
                                        .actor = "Patient Identifier Cross-reference Manager",
                                        .door = Door::mllp,
                                        .action = "ADT^A01 ADT^A04 ADT^A05 ADT^A08 ADT^A40",
                                        .body = {},
                                        .audit = {"110110", 'U'},
                                        .needs = fhir::Verb::update,
                                        .needs_on = "Patient",
                                        .run = pix::feed};

}  // namespace ihe
