// Makes a batch obey the rules of the types that it writes, before any door commits it.
#pragma once

#include "fhir/rule.h"

namespace alzette {

// Runs every rule on the writes of its types, those that rules add included, in the order of the batch.
fhir::Result<bool> obey(const fhir::RuleSite& site, fhir::Batch& batch);

}  // namespace alzette
