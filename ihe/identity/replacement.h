// What a write of Patient does to the link replaced-by: whatever belongs to the patient (documents, visits) follows a
// merge, and comes back when the merge is taken back.
#pragma once

#include <string>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/rule.h"
#include "fhir/store.h"
#include "ihe/identity/identity.h"

namespace ihe::identity {

struct Replacement {
  std::string patient;  // that is written: "Patient/1"
  std::string before;   // where what belongs to it is so far: at the end of the chain of merges; "": at itself
  std::string now;      // by whom it is replaced from now on, "": by nobody
  std::vector<Id> ids;  // its own identifiers
  bool changed = false;
};

fhir::Result<Replacement> replacement(const fhir::RuleSite& site, const fhir::Write& write);

// Whether a write of a Patient takes its merge back, by leaving its link replaced-by out or by its removal.
bool takes_back_merge(const Site& site, const fhir::Write& write);

}  // namespace ihe::identity
