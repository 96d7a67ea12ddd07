// What the operations on Subscription share: which they are about, and how these stand.
// Subscriptions R5 Backport 1.1.0: http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/operation/operation.h"
#include "src/subscription/notification.h"
#include "src/subscription/record.h"
#include "src/subscription/subscription.h"

namespace alzette::operation {

struct Subscribed {
  subscription::Subscription wanted;
  std::string error;  // Subscription.error
  std::uint64_t events = 0;
  subscription::Standing standing(std::string_view base, std::string_view type) const;
};

// The one of the address, or those that the input names by id, or all that there are; with one of the given statuses,
// when some are given.
fhir::Result<std::vector<Subscribed>> subscriptions_of(const rest::Call& call, const Input& input);

}  // namespace alzette::operation
