// Who changed how records of patients belong together: a Provenance beside each merge, unmerge, link and unlink.
// FHIR R4: http://hl7.org/fhir/R4/provenance.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/transaction.h"

namespace ihe::identity {

inline constexpr std::string_view life_cycle = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";

// `activity`: a code of `life_cycle`; `targets`: references to the records, the surviving one first.
fhir::Result<fhir::Write> provenance(const Site& site, std::string_view activity,
                                     const std::vector<std::string>& targets);

}  // namespace ihe::identity
