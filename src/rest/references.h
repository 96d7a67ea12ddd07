// References between the entries of a transaction: what the entries were called in the bundle becomes what they are
// called here. FHIR R4: http://hl7.org/fhir/R4/http.html#trules, http://hl7.org/fhir/R4/bundle.html#references
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace alzette::rest {

// fullUrl -> "Patient/123".
using NewNames = std::unordered_map<std::string_view, std::string_view>;

// The target of a conditional reference ("Practitioner?identifier=a|b"), or why there is none.
using ResolveCriteria = std::function<fhir::Result<std::string_view>(std::string_view reference)>;

// Rewrites, in place, wherever the type is Reference, uri, url, canonical, oid or uuid, and links in narratives; never
// Identifier.value. `full_url` is the entry's own: relative references are read from its base. Texts go to `arena`.
fhir::Result<bool> rewrite_references(fhir::Node& resource, std::string_view full_url, const NewNames& names,
                                      const ResolveCriteria& resolve, fhir::Arena& arena);

}  // namespace alzette::rest
