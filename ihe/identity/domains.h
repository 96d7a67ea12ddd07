// Identifier domains (patient identifier assigning authorities) as data: each has a name (HL7 v2 namespace), an OID
// and a URI (FHIR Identifier.system), and rules about who feeds it. The file that configures them:
//
//   [{"name":"TEST","oid":"2.16.840.1…","uri":"urn:oid:2.16…","feeders":["APP|FACILITY"],"national":true,
//     "check":"strict"|"warn"}]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"

namespace ihe::identity {

struct Domain {
  enum class Check : std::uint8_t { none, warn, strict };  // of the national number
  std::string name;                                        // "" when it has none
  std::string oid;                                         // "" when it has none
  std::string uri;                                         // never empty
  std::vector<std::string> feeders;                        // "APPLICATION|FACILITY"; empty: anyone
  bool national = false;                                   // its identifiers are given to persons by the state
  Check check = Check::none;
  bool fed_by(std::string_view feeder) const;
};

class Domains {
 public:
  Domains();  // the national domain alone

  // The file's text; its domains beside the national one, which it may describe anew.
  static fhir::Result<Domains> read(std::string_view text);

  const Domain* by_uri(std::string_view uri) const;
  bool is_national(std::string_view uri) const;
  const Domain* by_name(std::string_view name) const;
  const Domain* by_oid(std::string_view oid) const;  // with or without "urn:oid:"

  // HL7 v2 HD: namespace ID, universal ID and its type. If both are given, they must mean the same domain.
  const Domain* by_authority(std::string_view name, std::string_view universal_id, std::string_view type) const;

  const std::vector<Domain>& all() const { return all_; }

  // Where domains need not be configured (test labs): what an unknown authority is called.
  // "" when it says nothing. An OID becomes urn:oid:…, a name urn:x-namespace:….
  static std::string uri_of(std::string_view name, std::string_view universal_id, std::string_view type);
  // The reverse, for domains that are not configured.
  static Domain described_by(std::string_view uri);

 private:
  std::vector<Domain> all_;
};

}  // namespace ihe::identity
