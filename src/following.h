// What becomes of a resource type, followed by a thread at its own pace: the queue is the store's own history, and a
// mark in a file says up to where it was followed, so that nothing is lost when the server ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/access.h"
#include "fhir/store.h"

namespace alzette {

// Rung when something was committed; threads that follow wait for it.
class Bell {
 public:
  void ring();
  void stop();  // for good: nobody waits any more
  std::uint64_t rung() const;
  // Waits, at most so long, until it has rung more than `seen` times. False when it was stopped.
  bool wait(std::chrono::milliseconds at_most, std::uint64_t seen);
  // Waits whether it rings or not.
  bool rest(std::chrono::milliseconds time) { return wait(time, UINT64_MAX); }

 private:
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t rung_ = 0;
  bool stopped_ = false;
};

// The life of a thread that follows: `catch_up` at once and whenever the bell rings, and now and then if it does not,
// until it returns false or the bell is stopped. What fails (no memory, no disk) is logged as `event` and tried again.
void follow(Bell& bell, std::string_view event, const std::function<bool()>& catch_up);

// Used by one thread.
class Following {
 public:
  struct Change {
    std::string id;
    std::int64_t version = 0;
    std::int64_t instant = 0;
    fhir::Key key = 0;
  };

  // Without its file it begins now.
  Following(fhir::Store& store, const fhir::Access& access, std::string_view type, std::string mark_file);

  std::vector<Change> ahead();  // all that was not followed yet, the oldest first
  // It was, and everything before it. On return that is in the file, though not synced: what is followed again after
  // a power cut must do no harm.
  void followed(const Change& change);

 private:
  fhir::Store& store_;
  const fhir::Access& access_;
  const fhir::Type& type_;
  std::string mark_file_;
  std::int64_t mark_ = 0;  // all before this millisecond was followed, and of it those in `at_mark_`
  std::set<fhir::Key> at_mark_;
};

}  // namespace alzette
