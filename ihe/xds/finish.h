// The end of every transaction that writes: a RegistryResponse, and the batch that it speaks of.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ihe/xds/submission.h"

namespace ihe::xml {
struct Element;
}

namespace ihe::xds {

// The objects of a SubmitObjectsRequest; nothing when they cannot be read, which is an error then.
std::optional<Submission> open(Work& work, const xml::Element& request, std::string_view metadata_code);

// Success and all that `work` changed, with `documents` written beside it; or Failure with the errors, and nothing.
Plan finish(Work& work, std::vector<fhir::Write> documents = {}, bool repository = false);

}  // namespace ihe::xds
