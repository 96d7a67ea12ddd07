// How XDS and FHIR write the same thing: code systems, times, identifiers. Each pair of functions is its own reverse
// where the other side can hold it. IHE MHD 4.2, Volume 3 (FHIR to XDS mapping); TF-3 4.2.3.1.7.
#pragma once

#include <string>
#include <string_view>

namespace ihe::xds {

// codingScheme, mostly an OID, and Coding.system.
std::string system_of(std::string_view scheme);
std::string scheme_of(std::string_view system);

// HD of an assigning authority, &oid&ISO or &uri&URI ("" where there is none), and Identifier.system.
std::string hd_of(std::string_view scheme);
std::string scheme_of_hd(std::string_view hd);

// DTM and dateTime; "" when it cannot be read. An hour alone gets its minutes, for dateTime has no hours alone.
std::string date_time_of(std::string_view dtm);
std::string dtm_from(std::string_view date_time);  // in UTC

// uniqueId (OID, OID^extension, UUID as URN or anything) and Identifier.
struct Name {
  std::string system;
  std::string value;
};
Name identifier_of(std::string_view unique_id);
std::string unique_id_from(std::string_view system, std::string_view value);

inline constexpr std::string_view rfc3986 = "urn:ietf:rfc:3986";

}  // namespace ihe::xds
