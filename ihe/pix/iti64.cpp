// ITI-64 Notify XAD-PID Link Change (HL7 v2.5): IHE ITI TF-2 3.64. The registry that is told keeps the links as well.
#include "ihe/pix/feed.h"

namespace ihe {

extern constinit const Transaction iti64{.id = "ITI-64",
                                         .name = "Notify XAD-PID Link Change",
                                         .actor = "Document Registry",
                                         .door = Door::mllp,
                                         .action = "ADT^A43",
                                         .body = {},
                                         .audit = {"110110", 'U'},
                                         .needs = fhir::Verb::update,
                                         .needs_on = "Patient",
                                         .run = pix::feed};

}  // namespace ihe
