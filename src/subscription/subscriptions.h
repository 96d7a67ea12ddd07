// Runs the subscriptions. One thread reads the store's own history behind a cursor, so that nothing is lost when the
// server ends: what it finds there is matched, numbered, remembered (record.h) and told in order, to each subscriber at
// its own pace. A subscriber that does not answer is asked again with growing pauses for a day, and holds up nobody.
//
//   store ── changes behind the cursor ──> matching ──> event notes ──> delivery ──> net::Sender, WebSockets
//
// Bad inputs B102–B104.
#pragma once

#include <memory>

#include "fhir/access.h"
#include "fhir/incoming.h"
#include "fhir/store.h"
#include "src/auth/seal.h"
#include "src/net/egress.h"
#include "src/net/websocket.h"
#include "src/recorder.h"

namespace alzette::subscription {

class Subscriptions {
 public:
  // What is handed in must outlive it. `access`: the server's own, with which it reads what changes.
  Subscriptions(fhir::Store& store, const fhir::Access& access, const net::Egress& egress, const auth::Seal& seal,
                Recorder& recorder);
  ~Subscriptions();  // stop()
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  net::WebSocketDoor door();
  void start();
  void stop();  // what is not told yet is told after the next start

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace alzette::subscription
