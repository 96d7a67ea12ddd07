// On-demand entries: their content is made when it is retrieved. Ours is the patient's summary as a FHIR document, for
// entries of this repository whose mimeType is application/fhir+json; each is kept as a stable snapshot, registered by
// the same commit. As long as the record does not change the snapshot stays the same.
// IHE ITI TF-2b 3.43.4.1.3, 3.61; TF-3 4.1.3, 4.2.2.2.6 (IsSnapshotOf).
#pragma once

#include <optional>
#include <vector>

#include "ihe/xds/documents.h"
#include "ihe/xds/submission.h"

namespace ihe::xds {

// The content of `entry`, an approved on-demand one, as it is now; what is to be registered stands in `work`, what is
// to be written in `writes`. Kind::unsupported: nobody makes content of that kind here.
fhir::Result<Document> make_content(Work& work, const Stored& entry, std::vector<fhir::Write>& writes);

}  // namespace ihe::xds
