// QPD-3 of the demographics queries, read: `@PID.5.1.1^SMITH~@PID.8^F`. IHE ITI TF-2 3.21.4.1.2.2.
#pragma once

#include <string>
#include <vector>

#include "ihe/identity/identity.h"
#include "ihe/transaction.h"
#include "ihe/wire/hl7v2.h"

namespace ihe::pdq {

struct Query {
  identity::DemographicsQuery demographics;
  std::vector<hl7v2::Fault> faults;
};

// QPD-3, QPD-8, RCP-2 and DSC-1 of a message.
Query read_query(const Site& site, const hl7v2::Message& message, const hl7v2::Segment& qpd);

}  // namespace ihe::pdq
