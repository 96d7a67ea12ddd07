// The inside of Subscriptions: everything but `wake` and `post` belongs to its one thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "src/net/sender.h"
#include "src/subscription/delivery.h"
#include "src/subscription/index.h"
#include "src/subscription/live.h"
#include "src/subscription/matching.h"
#include "src/subscription/sockets.h"
#include "src/subscription/subscriptions.h"

namespace alzette::subscription {

class Subscriptions::Engine {
 public:
  Engine(fhir::Store& store, const fhir::Access& access, const net::Egress& egress, const auth::Seal& seal,
         Recorder& recorder);
  ~Engine();

  void start();
  void stop();
  Sockets& sockets() { return sockets_; }

 private:
  enum class Sent : std::uint8_t { handshake, heartbeat, events };

  void wake();  // any thread: something was committed
  void post(std::function<void()> task);
  void run();
  bool rest();  // until there is something to do; false: the end
  void run_tasks();

  // lifecycle.cpp: which subscriptions run
  void load();
  void begin(const fhir::Version& version);
  void prepare(Live& live, const fhir::Version& version, fhir::Snapshot& snapshot);
  void end(const std::string& id, bool gone);
  void later(Live& live);
  std::optional<fhir::Write> with_status(const Live& live, Status status, const std::string& why);
  void set_status(Live& live, Status status, const std::string& why = {});
  void topics_changed(fhir::Snapshot& snapshot);
  void forget_events();

  // feed.cpp: from changes to events
  bool look();  // true: there is more
  std::vector<const fhir::Type*> types_of_interest() const;
  void find_events(fhir::Snapshot& snapshot, const fhir::Version& version, std::vector<fhir::Note>& notes);
  void keep_up();
  bool store_events(std::vector<fhir::Note> notes);
  bool commit(fhir::Batch batch);

  // telling.cpp: from events to subscribers
  void tell_due();
  void tell(Live& live, Time now);
  void tell_events(Live& live);
  void tell_sockets(Live& live, const Delivery& delivery);
  void send(Live& live, Sent what);
  void sent(const std::string& id, std::uint64_t epoch, Sent what, const std::optional<Delivery>& delivery,
            const fhir::Result<int>& answer);
  void failed(Live& live, Sent what, std::string why);
  void told(Live& live, std::uint64_t last);
  void schedule(Live& live);
  bool deaf(const Live& live) const;  // nobody listens by WebSocket
  void bind(const std::shared_ptr<net::WebSocket>& socket, const std::vector<std::string>& ids, bool plain);

  fhir::Store& store_;
  const fhir::Access& access_;
  Recorder& recorder_;
  net::Sender sender_;
  Sockets sockets_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool woken_ = true;
  bool stopping_ = false;
  std::thread thread_;

  std::unordered_map<std::string, std::unique_ptr<Live>> lives_;
  Index index_;
  std::set<std::string> bases_;                    // of owners, a few: below these, absolute references are our own
  std::set<std::pair<Time, std::string>> agenda_;  // when there is something to do for a subscription
  fhir::Key cursor_ = 0;                           // versions up to here were looked at
  fhir::Key stored_cursor_ = 0;
  bool behind_ = false;             // what was found could not be stored
  fhir::Key loaded_ = 0;            // subscriptions were loaded as of this version
  std::set<std::string> counted_;   // who got events that are not stored yet
  std::set<std::string> to_store_;  // whose notes are to be written
  std::set<std::string> gone_;      // whose notes are to be removed
  std::uint64_t epochs_ = 0;
};

}  // namespace alzette::subscription
