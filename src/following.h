// What becomes of a resource type, followed by threads at their own pace: the queue is the store's own history, and
// the mark of each in a file says up to where it has followed, so that nothing is lost when the server ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fhir/access.h"
#include "fhir/store.h"

namespace alzette {

class Following {
 public:
  struct Work {
    std::string mark;         // its file
    bool from_start = false;  // without that file: from the first version on, else from now on
    std::string_view failed;  // how the log calls it when it fails (no memory, no disk): it is tried again
    int kindness = 0;         // of 19: how gladly it leaves the processor to others
    std::function<bool(const fhir::Version&)>
        take;  // a change, the oldest first; false: the end came before it was done
  };

  // What is handed in must outlive this.
  Following(fhir::Store& store, const fhir::Access& access, std::string_view type);
  ~Following();  // stop()
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  void start(Work work);  // in a thread of its own
  void stop();            // ends the threads; what was not followed yet is after the next start
  // Of the store: something was committed.
  void committed(const fhir::Batch& batch);

  // For work that has to wait; false when the end has come.
  bool rest(std::chrono::milliseconds time);

 private:
  class Mark;
  void run(const Work& work, Mark& mark);
  bool catch_up(const Work& work, Mark& mark);
  std::uint64_t changed() const;
  // At most so long, until the type has changed more than `seen` times. False when it is the end.
  bool wait(std::chrono::milliseconds at_most, std::uint64_t seen);

  fhir::Store& store_;
  const fhir::Access& access_;
  const fhir::Type& type_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::uint64_t changed_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace alzette
