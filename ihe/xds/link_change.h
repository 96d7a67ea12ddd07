// What becomes of documents when a local identifier turns out to be of another patient of the affinity domain, or of
// one patient with a second local one: new versions of the entries, and of the folders that hold none but these, under
// a SubmissionSet of our own making, as ITI-57 would have made them. IHE ITI TF-2 3.64.4.1.3.1.
#pragma once

#include <optional>
#include <string>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/transaction.h"
#include "ihe/xds/attribute.h"

namespace ihe::xds {

struct LinkChange {
  Cx now, before;              // patients of the affinity domain, which may be the same
  Cx local;                    // sourcePatientId of the documents
  std::optional<Cx> subsumed;  // a sourcePatientId that becomes the local one
  std::string sender;          // who tells of it: becomes the sourceId where it is an OID
};

// Adds their writes to the batch. Refused where a folder or a relationship would be of two patients, which the
// registry resolves by changing nothing (3.64.4.1.3.2); relationships to deprecated entries end with the old version.
fhir::Result<bool> change_link(const Site& site, const LinkChange& change, fhir::Batch& batch);

}  // namespace ihe::xds
