// Whether the repository holds what its registry says: each document entry of ours against its document, by hash and
// size. IHE ITI TF-3 4.2.3.2.10, 4.2.3.2.24.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "fhir/outcome.h"
#include "ihe/settings.h"

namespace fhir {
class Snapshot;
}

namespace ihe::xds {

// Calls `fault` for each entry whose document is missing or another one; the number of entries that have one. Documents
// that were removed (ITI-86) are no fault. Kind::internal when the store cannot be read.
fhir::Result<std::uint64_t> check_documents(fhir::Snapshot& snapshot, const Settings& settings,
                                            const std::function<void(const std::string&)>& fault);

}  // namespace ihe::xds
