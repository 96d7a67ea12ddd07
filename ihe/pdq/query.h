// QPD-3 of the demographics queries, read: `@PID.5.1.1^SMITH~@PID.8^F~@PV1.3.1^WARD`. IHE ITI TF-2 3.21.4.1.2.2 and
// 3.22.4.1.2.2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ihe/identity/identity.h"
#include "ihe/transaction.h"
#include "ihe/wire/hl7v2.h"

namespace ihe::pdq {

// What a field of PV1 must be; `*` stands for any text.
struct VisitCriterion {
  std::size_t field = 0, component = 1;
  std::string pattern;
};

struct Query {
  identity::DemographicsQuery demographics;
  std::vector<VisitCriterion> visits;  // of ITI-22
  std::vector<hl7v2::Fault> faults;
  // For the plan: that a query of this name is not cancelled any more, as it is asked anew.
  std::optional<std::pair<std::string, std::string>> remember = {};
};

// QPD-3, QPD-8, RCP-2 and DSC-1 of a message. `of_visits`: ITI-22, which knows fields of PV1.
Query read_query(const Site& site, const Message& asked, const hl7v2::Segment& qpd, bool of_visits = false);

// DSC-1: the pointer to what stands behind the patient or visit of that logical id in the answer to this query, and to
// nothing in the answer to another one.
std::string pointer_behind(const hl7v2::Segment& qpd, std::string_view id);

// QCN^J01: the pages of a query are not kept here, so that all there is to remember is that no more are wanted.
fhir::Result<Plan> cancel(const Site& site, const Message& asked);

}  // namespace ihe::pdq
