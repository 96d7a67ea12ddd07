// What the operations on Meta share. FHIR R4: http://hl7.org/fhir/R4/resource.html#Meta
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"
#include "src/http.h"

namespace alzette::operation {

// A stored resource, bound, and its meta, which every stored resource has.
struct StoredMeta {
  explicit StoredMeta(std::string_view body);
  StoredMeta(const StoredMeta&) = delete;
  StoredMeta& operator=(const StoredMeta&) = delete;

  fhir::Arena arena;
  fhir::Node* resource = nullptr;
  fhir::Node* meta = nullptr;
};

// By what two entries of Meta are one: a profile by its URL, a tag or label by system and code.
using MetaIdentity = std::pair<std::string, std::string>;
MetaIdentity identity_of(const fhir::Node& entry);

// Parameters with `return`, a Meta; `meta` is its JSON, "" or "{}" when there is nothing in it: then the
// Meta that is answered says that there is no proper value.
Response meta_reply(std::string_view meta);

}  // namespace alzette::operation
