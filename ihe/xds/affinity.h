// The affinity domain: which codes and media types its members agreed on, as data.
//
//   {"codes": {"classCode": [{"code": "…", "codingScheme": "…", "display": "…"}, …], …}, "mimeTypes": ["text/xml", …]}
//
// An attribute without a list is free. IHE ITI TF-3 4.2.3.1 (vocabulary); profiles/lu/affinity.json is the default.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "fhir/outcome.h"
#include "ihe/xds/errors.h"
#include "ihe/xds/registry_object.h"

namespace ihe::xds {

class Affinity {
 public:
  static fhir::Result<Affinity> read(std::string_view json);

  // Adds what the domain does not have: as errors under `error_code` when `enforce`, otherwise as warnings.
  void check(const RegistryObject& object, std::string_view error_code, bool enforce, Errors& errors) const;
  // The display name of a code, "" for one that is not listed.
  std::string_view display(std::string_view attribute, std::string_view code, std::string_view scheme) const;

 private:
  using Codes = std::map<std::pair<std::string, std::string>, std::string>;  // (code, scheme) -> display
  std::map<std::string, Codes, std::less<>> codes_;                          // by attribute
  std::set<std::string, std::less<>> media_;
};

// The text of profiles/lu/affinity.json, linked into this program.
std::string_view national_affinity();

}  // namespace ihe::xds
