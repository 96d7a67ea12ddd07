// Metadata update: new versions of entries and folders, changes of status, associations between what is registered.
// IHE ITI supplement XDS Metadata Update (ITI-57) and Restricted Metadata Update (ITI-92).
#pragma once

#include "ihe/xds/submission.h"

namespace ihe::xds {

// All operations of one request, or none. `restricted`: by ITI-92, which changes some attributes of entries only.
void update(Work& work, Submission submission, bool restricted);

}  // namespace ihe::xds
