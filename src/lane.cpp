#include "src/lane.h"

#include <exception>
#include <utility>

#include "src/log.h"

namespace alzette {

WorkerLane::WorkerLane(std::size_t threads, std::size_t capacity) : capacity_(capacity) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

WorkerLane::~WorkerLane() { stop(); }

bool WorkerLane::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= capacity_) return false;
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

std::size_t WorkerLane::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void WorkerLane::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void WorkerLane::run() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    try {
      work();
    } catch (const std::exception& error) {  // our fault, or exhaustion: of this work alone
      log::write(log::Level::error, "work_failed", {{"reason", error.what()}});
    }
  }
}

}  // namespace alzette
