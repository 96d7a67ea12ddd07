// Snapshots of StructureDefinitions: the base's elements with what the differential says laid over them.
// FHIR R4: http://hl7.org/fhir/R4/profiling.html#snapshot, elementdefinition.html
#pragma once

#include <memory>

#include "fhir/canonical.h"
#include "fhir/outcome.h"

namespace fhir::snapshot {

// `structure` with a snapshot made from its differential, whether it came with one or not. Refuses what cannot be
// merged, naming the differential's element: an unknown base, path or type, a slice without its name.
Result<std::shared_ptr<const Canonical>> generate(const Canonical& structure, const Canonicals& canonicals);

// `structure` itself when it came with a snapshot, otherwise as generate() makes it.
Result<std::shared_ptr<const Canonical>> complete(const std::shared_ptr<const Canonical>& structure,
                                                  const Canonicals& canonicals);

}  // namespace fhir::snapshot
