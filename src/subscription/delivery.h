// The next thing that a subscription tells: what is sent, and up to which event it tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fhir/store.h"
#include "ihe/atna/event.h"
#include "src/net/sender.h"
#include "src/subscription/live.h"
#include "src/subscription/notification.h"

namespace alzette::subscription {

struct Delivery {
  net::Outgoing outgoing;                        // of what is sent; its body alone goes to WebSockets
  std::uint64_t last = 0;                        // the last event it tells of
  bool silent = false;                           // there is nothing to send: what happened may not be seen any more
  std::optional<ihe::atna::Record> record = {};  // of a message of PMIR
};

// A notification on a topic without events: "handshake", "heartbeat".
Delivery greeting(const Live& live, std::string_view type, std::int64_t now);

// The events behind the last one told: one of R4, several on a topic. Nothing when they cannot be read.
std::optional<Delivery> next_delivery(fhir::Snapshot& snapshot, const Live& live, std::int64_t now);

// What is told of events in a given content; the versions as the subscription's owner may see them.
std::vector<Told> told_of(fhir::Snapshot& snapshot, const fhir::Access& access, const std::vector<Event>& events,
                          std::size_t most_bytes);

// A random UUID: RFC 4122 §4.4.
std::string make_uuid();

}  // namespace alzette::subscription
