// Visits that become those of another patient because they were told of the wrong one: with an account (ITI-31 A44) or
// with an identifier of the patient (ITI-64). HL7 v2.5 3.3.43, 3.3.44: what is filed under it moves along.
#pragma once

#include <functional>
#include <string>

#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/identity/identity.h"

namespace ihe::pix {

struct VisitMove {
  std::string from, to;                                                      // logical ids of the patients
  identity::Id under;                                                        // what they are filed under from now on
  std::function<bool(const fhir::Node& encounter)> takes;                    // whether a visit of `from` moves
  std::function<void(fhir::Arena& arena, fhir::Node& encounter)> also = {};  // what else changes
};

// Adds their writes to the batch. Refuses a patient with too many visits.
fhir::Result<bool> move_visits(const Site& site, const VisitMove& move, fhir::Batch& batch);

// The visits that go with a local identifier which leaves the record of one patient for that of another.
fhir::Result<bool> move_visits(const Site& site, const identity::LinkChange& change, fhir::Batch& batch);

}  // namespace ihe::pix
