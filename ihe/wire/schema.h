// Validation of a message's body against an XML Schema that the operator has at hand: for test labs, as it reads the
// schema each time. XML Schema 1.0; libxml2, without network.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fhir/outcome.h"

namespace ihe::xml {

// `envelope` was parsed before (xml.h); its Body's element is judged. Nothing when it is valid. Kind::internal when the
// schema itself cannot be read.
std::optional<fhir::Outcome> schema_fault(std::string_view envelope, const std::string& schema_file);

}  // namespace ihe::xml
