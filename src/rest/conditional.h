// The entries of a transaction whose address is criteria, as requests of their own (Conditional, transact.h).
// FHIR R4: http://hl7.org/fhir/R4/http.html#cond-update
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "src/rest/entry.h"
#include "src/rest/transact.h"

namespace alzette::rest {

// Nothing for an entry of another kind. `index`: of the entry in its bundle.
std::optional<Conditional> conditional_of(const BundleEntry& entry, std::size_t index);

// Those of a bundle that is not carried out, as far as they can be read.
std::vector<Conditional> conditionals_of(fhir::Node& bundle, std::string_view base);

}  // namespace alzette::rest
