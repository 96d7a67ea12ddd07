// Makes the steps of all unfinished jobs, in turn, on one thread of its own: whatever was begun before a restart as
// well. Jobs are begun and ended by notes alone; the runner hears of them when they are committed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "fhir/store.h"
#include "src/job/job.h"

namespace alzette::job {

class Runner {
 public:
  // `folder`: where jobs keep their files, one folder for each. What is handed in must outlive the runner.
  Runner(fhir::Store& store, fhir::Ids& ids, std::string folder, const net::Egress& egress,
         const fhir::search::Meanings& meanings, std::function<Response(Request)> request);
  ~Runner();  // stop()
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void start();
  void stop();  // after the step that is being made
  const std::string& folder() const { return folder_; }

 private:
  void run();
  void recover();
  void heard(const fhir::Batch& batch);
  bool wait_for(std::string& id);
  bool make_step(const std::string& id);
  bool commit(fhir::Batch batch);
  void again(const std::string& id);
  void rest();  // a second, or until the end
  void forget_old();
  bool unwanted(const std::string& id);
  void remove_files(const std::string& id) const;

  fhir::Store& store_;
  fhir::Ids& ids_;
  const std::string folder_;
  const net::Egress& egress_;
  const fhir::search::Meanings& meanings_;
  const std::function<Response(Request)> request_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> waiting_;
  std::set<std::string> gone_;  // whose notes were removed
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace alzette::job
