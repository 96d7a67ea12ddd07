// Topics: which changes of which resources are events. Ours is `resource_change`, every change of every resource, which
// filters narrow down; others are stored as the Basic resource that R4 writes a SubscriptionTopic with.
// Subscriptions R5 Backport 1.1.0; http://hl7.org/fhir/R5/subscriptiontopic.html
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/access.h"
#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/path/path.h"
#include "fhir/search/query.h"
#include "fhir/store.h"

namespace alzette::subscription {

inline constexpr std::string_view resource_change = "https://alzette.lu/fhir/SubscriptionTopic/resource-change";
// All that are known without being stored, as the CapabilityStatement tells them.
inline constexpr std::array<std::string_view, 1> own_topics{resource_change};

// SubscriptionTopic.resourceTrigger.
struct Trigger {
  const fhir::Type* type = nullptr;          // null: any
  std::array<bool, 3> on{true, true, true};  // by fhir::Method
  std::optional<fhir::search::Query> previous, current;
  bool passes_on_create = false;  // resultForCreate: what stands for `previous` then
  bool passes_on_remove = false;  // resultForDelete: what stands for `current` then
  bool both = false;              // requireBoth
  fhir::path::Compiled path;      // fhirPathCriteria, on %previous and %current; where there is no query
};

struct Topic {
  std::string url, version;
  std::vector<Trigger> triggers;
};

// A SubscriptionTopic as Basic: nothing when it is none; refused when it triggers by what cannot be evaluated, or by
// nothing that is a change of a resource.
fhir::Result<std::optional<Topic>> read_topic(const fhir::Node& basic);

// The topic of this URL and, where one is asked for, version: ours, which has none, or an active stored one; refused
// (422) when there is none.
fhir::Result<Topic> find_topic(fhir::Snapshot& snapshot, const fhir::Access& access, std::string_view url,
                               std::string_view version);

}  // namespace alzette::subscription
