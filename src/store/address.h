// Which resources canonicals name. A posting of a canonical has its URL as target and its version beside it.
// FHIR R4: http://hl7.org/fhir/R4/references.html#canonical
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/store/effort.h"
#include "src/store/view.h"

namespace alzette::store {

// What a resource is called by canonicals.
struct Address {
  Rid url = unknown;  // under which postings name it; unknown: none does
  std::string version;
  bool newest = false;  // of its type and URL, or as new as others: those mean it that say no version
  // Whether a canonical with that URL which says `wanted` ("" = nothing) means it.
  bool is(std::string_view wanted) const { return wanted.empty() ? newest : wanted == version; }
};

struct Addressed {
  Key key = 0;  // a current version
  Rid rid = 0;
  const fhir::Type* type = nullptr;
  Address address;
};

class Addresses {
 public:
  Addresses(View& view, Effort& effort) : view_(view), effort_(effort) {}

  // Of a version of that type, from its postings.
  Address of(const fhir::Type& type, std::string_view postings);
  // All that have the URL that a posting names; none when the posting names a resource by its type and id. Not all of
  // them when that spends the effort.
  const std::vector<Addressed>& at(Rid target) { return known_at(target).all; }
  // Whether a canonical in `parameter` of what `from` holds means what has this address.
  bool names(Key from, Name parameter, const Address& address);

 private:
  // The parameters of a type that has an address.
  struct Parameters {
    const fhir::Type* type;
    Name url, version;
  };
  struct Written {
    std::string url, version;
  };
  struct Known {
    std::vector<Addressed> all;
    std::unordered_map<const fhir::Type*, std::string> newest;  // version of each type
  };
  const Known& known_at(Rid target);
  const std::vector<Parameters>& parameters();
  static Written written(const Parameters& own, std::string_view postings);

  View& view_;
  Effort& effort_;
  std::optional<std::vector<Parameters>> parameters_;
  std::unordered_map<Rid, Known> at_;
};

}  // namespace alzette::store
