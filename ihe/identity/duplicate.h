// Potential duplicates, the work-list of the identity unit: a pair of Patients that matching holds for one person is a
// FHIR Task, which anyone may make as well. Its id is that of the pair, so that what was judged once is remembered.
//
//   instantiatesUri urn:x-alzette:potential-duplicate      intent proposal
//   code            link | merge (iso-21089-lifecycle): what accepting it does
//   focus           the older record, which survives a merge         for  the newer one
//   input           type: the match-grade, valueDecimal: the score
//   status          requested -> completed: accepted, both are linked or merged in the same commit
//                             -> rejected: they stay two and are not proposed again
//                             -> cancelled: by us, when they became one person in another way
//                   completed, rejected -> requested: undone, the link or the merge is taken back
//
// FHIR R4: http://hl7.org/fhir/R4/task.html. What a status does is a rule of Task (duplicate_rule.cpp).
#pragma once

#include <vector>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/transaction.h"

namespace ihe::identity {

inline constexpr std::string_view potential_duplicate = "urn:x-alzette:potential-duplicate";

// What the work-list needs after this version of a Patient was stored: new pairs that are at least probable, and open
// ones that are settled. With `link_certain` pairs that are certain come as completed. A Patient without an identifier
// of a known domain is no concern of the index. Each write is a commit of its own: two may change one Patient.
fhir::Result<std::vector<fhir::Write>> duplicates_of(const Site& site, const fhir::Version& patient, bool link_certain);

}  // namespace ihe::identity
