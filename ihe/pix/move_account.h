// ITI-31 A44: an account is of another patient than was thought, and its visits are as well. HL7 v2.5 3.3.44.
#pragma once

#include <string_view>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/identity/identity.h"

namespace ihe::pix {

struct AccountMove {
  identity::Named to, from;  // patients: PID-3, MRG-1
  identity::Named account;   // MRG-3
  identity::Id named;        // what it is called from now on: PID-18
};

// Refused: an unknown patient, an account that is none of `from`.
fhir::Result<fhir::Batch> move_account(const Site& site, const AccountMove& move, std::string_view feeder);

}  // namespace ihe::pix
