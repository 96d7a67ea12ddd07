// Requests that pages of other origins make in a browser. FHIR R4: http://hl7.org/fhir/R4/http.html#security (servers
// SHOULD implement it), https://fetch.spec.whatwg.org/#http-cors-protocol
#pragma once

#include <string>
#include <vector>

#include "src/http.h"

namespace alzette::net {

// Answers preflights from these origins ("https://app.example", "*" for any) and lets their pages read the answers of
// `handler`. Whatever comes from elsewhere, or from no page, goes straight through: a browser keeps it from the page.
Handler with_cors(std::vector<std::string> origins, Handler handler);

}  // namespace alzette::net
