// What a patch makes of a stored resource, by the media type of the patch.
// FHIR R4: http://hl7.org/fhir/R4/http.html#patch
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "src/rest/incoming.h"

namespace alzette::rest {

inline constexpr std::string_view patch_forms =
    "application/json-patch+json, application/xml-patch+xml, application/fhir+json, application/fhir+xml";

// Whether a patch of this media type can be read.
bool is_patch(std::string_view content_type);

// The resource as it would be stored, bound, with the identity it had. A patch that does not fit the resource, touches
// id, version or time, or leaves what FHIR does not allow is unprocessable. `now`: milliseconds since 1970 UTC.
fhir::Result<Incoming> patched(const fhir::Version& version, std::string_view content_type, std::string_view patch,
                               std::int64_t now);

// The same by an entry of a batch or transaction: a Binary with the patch, or Parameters.
fhir::Result<Incoming> patched(const fhir::Version& version, const fhir::Node& entry, std::int64_t now);

// A resource that a patch made and that is refused: unprocessable where a body of that form would be malformed.
fhir::Outcome of_result(fhir::Outcome outcome);

}  // namespace alzette::rest
