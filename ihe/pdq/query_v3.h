// The parameters of an ITI-47 query as criteria of patient identity. IHE ITI TF-2 3.47.4.1.2.
#pragma once

#include <string>
#include <vector>

#include "ihe/identity/identity.h"
#include "ihe/transaction.h"
#include "ihe/wire/hl7v3.h"

namespace ihe::pdq {

struct QueryV3 {
  std::vector<std::vector<identity::Criterion>> any_of{{}};  // of one of these all must hold
  std::vector<std::string> domains;                          // URIs of otherIDsScopingOrganization
  std::vector<std::string> roots;                            // and their OIDs, as they were written
  std::vector<hl7v3::Detail> unknown;  // domains that are not known, parameters that cannot be understood
};

QueryV3 read_query(const Site& site, const xml::Element& query);

}  // namespace ihe::pdq
