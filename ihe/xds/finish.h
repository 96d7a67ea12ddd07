// The end of every transaction that writes: a RegistryResponse, and the batch that it speaks of.
#pragma once

#include <vector>

#include "ihe/xds/submission.h"

namespace ihe::xds {

// Success and all that `work` changed, with `documents` written beside it; or Failure with the errors, and nothing.
Plan finish(Work& work, std::vector<fhir::Write> documents = {}, bool repository = false);

}  // namespace ihe::xds
