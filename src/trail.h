// Audit records of messages that only ask: nobody waits for them, so those of some milliseconds are kept by one commit
// instead of one each. What is lost with the machine is at most those milliseconds of questions, never a change.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>

#include "fhir/store.h"

namespace alzette {

class Trail {
 public:
  static constexpr std::chrono::milliseconds gathering{50};
  static constexpr std::size_t enough =
      64;  // writes, to be kept at once: many would hold up whoever writes behind them
  static constexpr std::size_t most = 4096;  // writes that wait

  explicit Trail(fhir::Store& store);
  ~Trail();  // stop()
  Trail(const Trail&) = delete;
  Trail& operator=(const Trail&) = delete;

  // False where the records must be waited for: too many wait already, or the last ones could not be kept.
  bool take(fhir::Batch& batch);
  void kept();  // a record was kept by a commit of its own
  void stop();  // hands what it has to the store

 private:
  void run();
  void commit(const std::shared_ptr<fhir::Batch>& batch);

  fhir::Store& store_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::unique_ptr<fhir::Batch> waiting_;
  bool failed_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace alzette
