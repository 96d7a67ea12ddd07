// Definitions that are in force here though nobody stored them: those of R4, ours, and those of packages. Everything
// that the CapabilityStatement names by its canonical can be found by it, and read.
// FHIR R4: http://hl7.org/fhir/R4/references.html#canonical
#pragma once

#include <optional>
#include <string_view>

#include "fhir/search/query.h"
#include "fhir/store.h"
#include "src/rest/interaction.h"

namespace alzette::rest {

// What stands at the address of the call: the resource in the store or, where it never had one, the definition of a
// package, of R4 or of ours with this id. Its version and time are 0 then, and it cannot be written.
fhir::Result<fhir::Version> stored_or_published(const Call& call);

// The definition that a search by `url` (without a modifier) finds where the store has none: the one that is in force
// under this address, if it meets the other criteria as well. Likewise.
std::optional<fhir::Version> published(const Call& call, const fhir::search::Query& query);

}  // namespace alzette::rest
