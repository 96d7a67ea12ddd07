// Which assigning authorities a feed by FHIR may name (ITI-93, 104), as those of HL7 v2 and v3 may (feed()). An update
// by an identifier is also what a client of FHIR does that has never heard of domains: as long as none is configured
// beside the national one, it may name any.
#pragma once

#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/transaction.h"

namespace ihe::identity {

// Refuses an identifier of an unknown domain (code-invalid) at `place`; "" names no domain.
fhir::Result<bool> check_authority(const Site& site, std::string_view system, std::string place);

// The same of all identifiers of a Patient that is written, accounts aside; at "Patient.identifier[n].system".
fhir::Result<bool> check_authorities(const Site& site, const fhir::Write& patient);

}  // namespace ihe::identity
