// From configuration to how this deployment is found by its handlers: reads the files that an operator names.
#pragma once

#include "fhir/outcome.h"
#include "ihe/settings.h"
#include "src/config.h"
#include "src/judge.h"
#include "src/pix_updates.h"

namespace alzette {

// Refused: a file that cannot be read, or does not say what it should.
fhir::Result<ihe::Settings> set_up(const Config& config);

// Refused: a rule that is not TYPE=URL with a type of R4, or any while profiles are not judged.
fhir::Result<ProfilePolicy> profile_policy(const Config& config);

fhir::Result<std::vector<PixConsumer>> pix_consumers(const Config& config, const ihe::Settings& settings);

}  // namespace alzette
