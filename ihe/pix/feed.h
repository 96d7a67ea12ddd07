// What the v2 feeds have in common (ITI-8, 30, 31, 64): from a message to the batch of its event, and its answer.
//
//   A40       PID: surviving, MRG: subsumed; pairs may repeat     A24, A37  two PID are, or are not, of one person
//   A47       PID-3 instead of MRG-1                               A43       the local identifier of PID-3 moves,
//                                                                          with its visits and documents
//   A44       the account MRG-3 is of PID-3, not of MRG-1          others    PID: adds or revises the patient
#pragma once

#include "fhir/outcome.h"
#include "ihe/transaction.h"

namespace ihe::pix {

fhir::Result<Plan> feed(const Site& site, const Message& message);

}  // namespace ihe::pix
