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

// Addresses as texts, but urn:uuid:… in any case of its letters (RFC 4122 §3, RFC 8141 §3.1).
struct AddressHash {
  std::size_t operator()(std::string_view address) const;
};
struct SameAddress {
  bool operator()(std::string_view a, std::string_view b) const;
};

// fullUrl -> "Patient/123".
using NewNames = std::unordered_map<std::string_view, std::string_view, AddressHash, SameAddress>;

// The target of a conditional reference ("Practitioner?identifier=a|b"), or why there is none.
using ResolveCriteria = std::function<fhir::Result<std::string_view>(std::string_view reference)>;

// Rewrites, in place, wherever the type is Reference, uri, url, canonical, oid or uuid, and links in narratives; never
// Identifier.value. A reference to a version of what gets another name becomes one to whatever version it has here.
// `full_url` is the entry's own: relative references are read from its base. Texts go to `arena`.
fhir::Result<bool> rewrite_references(fhir::Node& resource, std::string_view full_url, const NewNames& names,
                                      const ResolveCriteria& resolve, fhir::Arena& arena);

}  // namespace alzette::rest
