// A bounded pool of workers for what must not run on a core's thread: validation, transactions, exports.
// Its queue has a limit, so that overload is answered at once instead of waited for.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace alzette {

class WorkerLane {
 public:
  WorkerLane(std::size_t threads, std::size_t capacity);
  ~WorkerLane();  // stop()
  WorkerLane(const WorkerLane&) = delete;
  WorkerLane& operator=(const WorkerLane&) = delete;

  // False when the queue is full or the lane has stopped: the door answers 503 with Retry-After.
  bool post(std::function<void()> work);
  std::size_t waiting() const;
  void stop();  // runs what is queued, then ends the threads

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::size_t capacity_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace alzette
