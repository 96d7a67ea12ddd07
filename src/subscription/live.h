// A subscription that runs: requested, active or in error. It belongs to the one thread of Subscriptions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "src/subscription/record.h"
#include "src/subscription/subscription.h"
#include "src/subscription/topic.h"

namespace alzette::subscription {

using Time = std::chrono::steady_clock::time_point;

struct Live {
  Subscription wanted;
  Topic topic;
  Owner owner;
  std::int64_t version = 0;  // of the resource that it was read from
  Counted counted;
  std::uint64_t told = 0;   // the last event that was delivered
  std::uint64_t kept = 1;   // the first event that is still remembered
  std::uint64_t epoch = 0;  // grows when it starts anew: what was sent before then is no longer of interest
  bool under_way = false;   // something is being sent
  bool changing = false;    // its status is being written
  unsigned failures = 0;    // in a row
  Time failing_since;
  Time due;        // not before then is anything sent
  Time last_told;  // for heartbeats
  Time wake = Time::max();
  std::string why;  // the last failure

  const std::string& id() const { return wanted.id; }
  bool on_topic() const { return !wanted.topic.empty(); }
};

}  // namespace alzette::subscription
