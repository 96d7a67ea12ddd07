// Binary as raw content: any media type in and out. FHIR R4: http://hl7.org/fhir/R4/binary.html#rest
#pragma once

#include <string_view>

#include "fhir/outcome.h"
#include "src/http.h"
#include "src/rest/incoming.h"

namespace alzette::rest {

// A media type that is not one of FHIR's: the body is the content itself. text/xml and application/xml are, since
// documents of other standards come so.
bool is_raw(std::string_view content_type);

// `security_context`: the X-Security-Context header, a reference.
fhir::Result<Incoming> receive_binary(std::string_view content, std::string_view content_type, std::string_view id,
                                      std::string_view security_context = {});

// The content of a stored Binary in its own media type, in place of the resource; the part of it that the request's
// Range asks for. Harmless in a browser.
Response raw_content(Response resource, const Headers& request);

}  // namespace alzette::rest
