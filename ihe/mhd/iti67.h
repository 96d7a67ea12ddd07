// ITI-67 Find Document References: what a search of DocumentReference tells of registered entries.
// IHE MHD 4.2, 3.67.4.2.2.1.1.
#pragma once

#include <string>
#include <string_view>

#include "fhir/store.h"

namespace ihe::mhd {

// An entry whose attachment.url, kept as "Binary/id", is a full URL: answers are read where there is no base.
// Any other resource as it is stored.
std::string shown(const fhir::Version& version, std::string_view base);

}  // namespace ihe::mhd
