// Requests that pages of other origins make in a browser. FHIR R4: http://hl7.org/fhir/R4/http.html#security (servers
// SHOULD implement it), https://fetch.spec.whatwg.org/#http-cors-protocol
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/http.h"

namespace alzette::net {

// Whether a browser names a page's origin so: scheme://host or scheme://host:port, in small letters.
bool is_origin(std::string_view text);

// Answers preflights from these origins ("https://app.example", "*" for any) and lets their pages read the answers of
// `handler`. What comes from elsewhere, or from no page, is answered all the same: a browser keeps it from the page.
Handler with_cors(std::vector<std::string> origins, Handler handler);

}  // namespace alzette::net
