// What subscribers are told. On a topic: a history Bundle whose first entry is the status of the subscription, as
// Parameters (Subscriptions R5 Backport 1.1.0, backport-subscription-notification-r4). Of R4 with a payload: the
// resource itself. Of IHE PMIR: a message whose history Bundle carries the patients (ITI-93).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fhir/store.h"
#include "src/subscription/subscription.h"

namespace alzette::subscription {

// What an error begins with that is an answer of the endpoint, "the endpoint answered 404"; others are told of none,
// but for one that is not the endpoint's. Subscription.error has no more than a text.
inline constexpr std::string_view bad_answer = "the endpoint answered ";
inline constexpr std::string_view topic_lost = "its topic is no longer there";

// The status as one tells it: SubscriptionStatus of R5.
struct Standing {
  std::string_view base;
  std::string_view id;
  std::string_view topic;
  Status status = Status::active;
  std::string_view type;        // "handshake", "heartbeat", "event-notification", "query-status", "query-event"
  std::uint64_t events = 0;     // since the subscription started
  std::string_view error = {};  // why it is in error
};

struct Told {
  std::uint64_t number = 0;
  std::int64_t time = 0;                 // milliseconds since 1970 UTC; 0 = not known
  std::optional<fhir::Version> version;  // nothing: the subscriber may not see it, or the content is empty
};

// Parameters of profile backport-subscription-status-r4.
std::string status_parameters(const Standing& standing, std::span<const Told> events, Content content,
                              std::string_view id);

// `id` and `now` are those of the notification.
std::string notification(const Standing& standing, std::span<const Told> events, Content content, std::string_view id,
                         std::int64_t now);

// A searchset of status Parameters, each whole: what $status answers. `self`: the address that was asked.
std::string status_bundle(std::span<const std::string> parameters, std::string_view self);

constexpr std::string_view patient_feed = "urn:ihe:iti:pmir:2019:patient-feed";  // the event of ITI-93

// The id of the MessageHeader of that message.
std::string message_header_of(std::string_view message);

// A message of PMIR with one change.
std::string patient_message(const fhir::Version& version, std::string_view base, std::string_view endpoint,
                            std::string_view id, std::int64_t now);

}  // namespace alzette::subscription
