// A batch of which one entry cannot be read: that entry fails, the others run.
// FHIR R4: http://hl7.org/fhir/R4/http.html#transaction
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "src/rest/incoming.h"

namespace alzette::rest {

struct Salvaged {
  Incoming bundle;                                    // what cannot be read stands there as an entry without request
  std::vector<std::optional<fhir::Outcome>> refused;  // by entry
};

// Nothing when the text is no batch, or when its entries cannot be told apart.
std::optional<Salvaged> salvage(std::string_view text);

}  // namespace alzette::rest
