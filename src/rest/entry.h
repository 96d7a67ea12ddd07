// One entry of a batch or transaction, read: what it asks for and of which address.
// FHIR R4: http://hl7.org/fhir/R4/bundle.html#bundle
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"
#include "src/http.h"

namespace alzette::rest {

struct BundleEntry {
  std::string place;  // "Bundle.entry[3]"
  std::string_view full_url;
  fhir::Node* resource = nullptr;  // named by its type, as a root is
  std::string_view method;
  std::string path;        // decoded: "Patient/1", "Patient", ""
  std::string_view query;  // as written, without "?"
  std::string_view if_none_match, if_modified_since, if_match, if_none_exist;

  Headers conditions() const;  // the four as headers
  std::string target() const;  // path and query below the base
};

// Refuses an entry without request, an unknown method, the address of another host, a resource where none belongs
// and the reverse, and a batch or transaction inside.
fhir::Result<BundleEntry> read_entry(fhir::Node& entry, std::size_t index, std::string_view base);

// What refuses an entry, with the entry's place; the place that it has stays where it is one of the Bundle, and beside
// the entry's where it is a parameter.
fhir::Outcome at(std::string_view place, fhir::Outcome outcome);

// The entries of a bundle, faults of binding aside.
std::vector<fhir::Node*> entries_of(fhir::Node& bundle);

}  // namespace alzette::rest
