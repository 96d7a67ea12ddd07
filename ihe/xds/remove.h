// Removal of metadata and of documents. IHE ITI supplement Remove Metadata and Documents (ITI-62, ITI-86).
#pragma once

#include <string>
#include <vector>

#include "ihe/xds/submission.h"

namespace ihe::xds {

// Removes these objects for good, or none of them: no association may be left that points at nothing, no entry or
// folder without its SubmissionSet.
void remove_objects(Work& work, const std::vector<std::string>& ids);

}  // namespace ihe::xds
