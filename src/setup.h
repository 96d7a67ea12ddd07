// From configuration to how the handlers of IHE find this deployment: reads the files that an operator names.
#pragma once

#include "fhir/outcome.h"
#include "ihe/pix/iti10.h"
#include "ihe/settings.h"
#include "src/config.h"

namespace alzette {

// Refused: a file that cannot be read, or does not say what it should.
fhir::Result<ihe::Settings> set_up(const Config& config);

fhir::Result<std::vector<ihe::pix::Consumer>> pix_consumers(const Config& config, const ihe::Settings& settings);

}  // namespace alzette
