// What a Document Source of MHD sends: a submission as the transaction Bundle of ITI-65, each resource by the one
// mapping (ihe/xds/to_fhir). IHE MHD 4.2, 3.65.4.1.2.
#pragma once

#include <functional>
#include <string>

#include "fhir/outcome.h"
#include "ihe/settings.h"
#include "ihe/xds/compose.h"

namespace ihe::mhd {

// JSON of the Bundle: SubmissionSet, Folder and DocumentReferences under the UUIDs of their entryUUIDs, Binaries under
// fresh ones. `settings`: how identifier domains are written as systems. `random`: 32 random hexadecimal digits.
fhir::Result<std::string> bundle_of(const xds::Composition& composition, const Settings& settings,
                                    const std::function<std::string()>& random);

}  // namespace ihe::mhd
