// Binary as raw content: any media type in and out. FHIR R4: http://hl7.org/fhir/R4/binary.html#rest
#pragma once

#include <string_view>

#include "fhir/outcome.h"
#include "src/rest/interaction.h"

namespace alzette::rest {

// A media type that is not one of FHIR's: the body is the content itself. text/xml and application/xml are, since
// documents of other standards come so.
bool is_raw(std::string_view content_type);

// Whether what is sent to an address of Binary by a media type of FHIR's is the content of one: all but the resource
// itself. What cannot be read as JSON or XML at all is none.
bool is_content(const Call& call);

// The body as a Binary, its X-Security-Context as securityContext. The content may lie in a file, where it stays.
fhir::Result<Incoming> receive_binary(const Request& request, std::string_view id);

// The answer to a read of a Binary whose large values stand apart: as FHIR JSON, or (Call::raw) its content in its
// own media type, the part of it that the request's Range asks for, harmless in a browser; 406 where Accept takes
// neither (IHE MHD 3.68.4.2.2).
Response binary_reply(const Call& call, fhir::Version version);

}  // namespace alzette::rest
