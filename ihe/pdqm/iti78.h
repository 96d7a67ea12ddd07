// ITI-78 Mobile Patient Demographics Query: a search of Patient in which `identifier=urn:oid:1.2.3|,urn:oid:4.5|` names
// the domains whose identifiers are wanted. IHE PDQm, https://profiles.ihe.net/ITI/PDQm/ITI-78.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/search/query.h"
#include "ihe/transaction.h"

namespace ihe::pdqm {

struct Domains {
  std::vector<std::string> wanted;   // URIs; none: identifiers of all domains are shown
  std::vector<fhir::Issue> unknown;  // a warning for each domain that is not known here
};

// What the parameters of a search of Patient say of domains.
Domains domains_of(const Site& site, const fhir::search::Parameters& parameters);

// A stored Patient with the identifiers of these domains alone, tagged SUBSETTED when that takes any away.
std::string shown(std::string_view patient, const std::vector<std::string>& wanted);

}  // namespace ihe::pdqm
