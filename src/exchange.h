// Runs IHE transactions: snapshot -> handler -> rules -> commit -> answer, on the worker lane, whatever door the
// message came through. A message that changes something is answered when its effect and its audit record are durable;
// one that only asks as soon as the writer has its audit record in hand, unless the last one could not be kept.
#pragma once

#include <functional>

#include "fhir/access.h"
#include "fhir/store.h"
#include "ihe/transaction.h"
#include "src/lane.h"
#include "src/recollection.h"
#include "src/trail.h"

namespace alzette {

class Exchange {
 public:
  using Answered = std::function<void(fhir::Result<ihe::Answer>)>;

  // What is handed in must outlive the exchange, and the work that it started.
  Exchange(fhir::Store& store, WorkerLane& workers, fhir::Ids& ids, const fhir::Access& access,
           const ihe::Settings& settings, Trail& trail)
      : store_(store),
        workers_(workers),
        ids_(ids),
        access_(access),
        settings_(settings),
        trail_(trail),
        disk_(disk_threads, disk_threads) {}

  // `answered` is called once, from any thread. `base`: of FHIR, as this server is addressed.
  void run(const ihe::Transaction& transaction, ihe::Message message, std::string base, Answered answered);
  // The same on this thread as far as the plan is made, by who has one of the worker lane.
  void run_here(const ihe::Transaction& transaction, ihe::Message message, std::string base, Answered answered);
  // Records that the message was refused before anything was made of it, and answers so.
  void refuse_here(const ihe::Transaction& transaction, ihe::Message message, std::string base, fhir::Outcome why,
                   Answered answered);
  void stop() { disk_.stop(); }  // when no more messages come, before the store ends

 private:
  static constexpr std::size_t disk_threads = 16;
  struct Job {
    const ihe::Transaction& transaction;
    ihe::Message message;
    std::string base;
    Answered answered;  // null once it was called
    unsigned plans = 0;
    ihe::Plan made = {};  // the last plan
    bool asks = false;    // its batch holds nothing but its audit record
  };

  void work(const std::shared_ptr<Job>& job);
  template <class Work>
  static void guarded(Job& job, const Work& work);
  static void give(Job& job, fhir::Result<ihe::Answer> answer);
  fhir::Result<ihe::Plan> plan(Job& job);
  void refuse(const std::shared_ptr<Job>& job, fhir::Outcome outcome);
  void carry_out(const std::shared_ptr<Job>& job);
  void post(const std::shared_ptr<Job>& job);
  void commit(const std::shared_ptr<Job>& job);

  fhir::Store& store_;
  WorkerLane& workers_;
  fhir::Ids& ids_;
  const fhir::Access& access_;
  const ihe::Settings& settings_;
  Recollection recollection_;
  Trail& trail_;
  WorkerLane disk_;  // waits while documents are written to files: many at once share the disk's syncs
};

}  // namespace alzette
