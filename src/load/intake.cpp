// The pipeline of a load: planners, one committer, order, and second tries.
#include "src/load/intake.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "src/load/plan.h"
#include "src/log.h"

namespace alzette::load {
namespace {

// A conflict comes again only when another write met the same condition in between: this many times is no accident.
constexpr int most_tries = 1000;

struct Job {
  std::uint64_t number = 0;
  Piece piece;
  std::vector<Item> only;  // of the next try; empty: everything
  Planned planned;
  std::size_t outstanding = 0;  // commits not answered yet
  std::vector<Item> again;      // had a transient conflict
  std::vector<Item> later;      // refused, but an earlier piece may lift it
  Settled settled;
  int tries = 0;
};
using JobPointer = std::shared_ptr<Job>;

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  created += other.created;
  updated += other.updated;
  unchanged += other.unchanged;
  removed += other.removed;
  refused += other.refused;
  return *this;
}

struct Intake::State {
  State(fhir::Store& to, Options with) : store(to), options(std::move(with)) {}

  fhir::Store& store;
  Options options;
  const fhir::Access access = options.access;

  mutable std::mutex mutex;
  std::condition_variable room, work, ready, room_to_commit, idle;
  std::deque<JobPointer> queue;                     // to be planned
  std::map<std::uint64_t, JobPointer> first_tries;  // planned, to be committed in order
  std::deque<JobPointer> second_tries;              // planned, to be committed as they come
  std::map<std::uint64_t, JobPointer> waiting;      // for all earlier ones to be settled
  std::map<std::uint64_t, JobPointer> settled;      // out of order
  std::uint64_t submitted = 0, next_commit = 0, watermark = 0;
  std::size_t bytes = 0, commits = 0;
  bool stopping = false, broken = false;
  std::vector<std::thread> threads;

  void planner();
  Planned planned(const Job& job);
  void committer();
  void issue(const JobPointer& job);
  void answered(const JobPointer& job, std::size_t batch, const fhir::Result<fhir::Receipt>& result);
  void refuse(Job& job, const Item& item, const fhir::Outcome& outcome);
  void close_try(const JobPointer& job);
  void settle(const JobPointer& job);
};

void Intake::State::planner() {
  constexpr int kindness = 10;               // of 19: the store's writer, whom all wait for, goes first
  ::setpriority(PRIO_PROCESS, 0, kindness);  // on Linux: of this thread
  std::unique_lock lock(mutex);
  while (true) {
    work.wait(lock, [&] { return stopping || !queue.empty(); });
    if (queue.empty()) return;
    JobPointer job = std::move(queue.front());
    queue.pop_front();
    bool alone = watermark == job->number;  // nothing earlier can still change the answer
    lock.unlock();
    job->planned = planned(*job);
    lock.lock();
    Planned& made = job->planned;
    job->settled.tally.unchanged += made.found;
    for (std::size_t at = 0; at < made.refused.size(); ++at) {
      if (made.may_be_lifted[at] && !alone) {
        job->later.push_back(made.refused[at]);
      } else {
        ++job->settled.tally.refused;
        job->settled.refusals.push_back(std::move(made.refusals[at]));
      }
    }
    if (job->tries++ == 0)
      first_tries.emplace(job->number, std::move(job));
    else
      second_tries.push_back(std::move(job));
    ready.notify_one();
  }
}

// A store that cannot be looked at (no descriptors, no memory) is looked at again a moment later.
Planned Intake::State::planned(const Job& job) {
  for (;;) {
    try {
      const auto snapshot = store.snapshot();
      auto made = plan(job.piece, job.only, *snapshot, access, options.base);
      if (options.keep_documents)
        for (auto& one : made.batches) options.keep_documents(one.batch);
      return made;
    } catch (const std::exception& error) {
      log::write(log::Level::error, "load_waits", {{"reason", error.what()}});
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

void Intake::State::committer() {
  std::unique_lock lock(mutex);
  while (true) {
    ready.wait(lock, [&] { return stopping || !second_tries.empty() || first_tries.count(next_commit); });
    JobPointer job;
    if (!second_tries.empty()) {
      job = std::move(second_tries.front());
      second_tries.pop_front();
    } else if (auto found = first_tries.find(next_commit); found != first_tries.end()) {
      job = std::move(found->second);
      first_tries.erase(found);
      ++next_commit;
    } else {
      return;
    }
    lock.unlock();
    issue(job);
    lock.lock();
  }
}

void Intake::State::issue(const JobPointer& job) {
  auto& batches = job->planned.batches;
  {
    std::unique_lock lock(mutex);
    job->outstanding = batches.size() + 1;
  }
  for (std::size_t at = 0; at < batches.size(); ++at) {
    {
      std::unique_lock lock(mutex);
      room_to_commit.wait(lock, [&] { return commits < options.commits_on_their_way; });
      ++commits;
    }
    store.commit(std::move(batches[at].batch),
                 [this, job, at](const fhir::Result<fhir::Receipt>& result) { answered(job, at, result); });
  }
  std::unique_lock lock(mutex);
  if (--job->outstanding == 0) close_try(job);
}

void Intake::State::refuse(Job& job, const Item& item, const fhir::Outcome& outcome) {
  ++job.settled.tally.refused;
  job.settled.refusals.push_back({job.piece.line ? job.piece.line + item.line : 0, item.entry, outcome});
}

void Intake::State::answered(const JobPointer& job, std::size_t batch, const fhir::Result<fhir::Receipt>& result) {
  std::unique_lock lock(mutex);
  --commits;
  room_to_commit.notify_one();
  const PlannedBatch& planned = job->planned.batches[batch];
  if (result) {
    Tally& tally = job->settled.tally;
    tally.unchanged += planned.found;
    for (const auto& written : *result) {
      using Effect = fhir::Written::Effect;
      tally.created += written.effect == Effect::created;
      tally.updated += written.effect == Effect::updated;
      tally.unchanged += written.effect == Effect::unchanged || written.effect == Effect::absent;
      tally.removed += written.effect == Effect::removed;
    }
  } else {
    const auto& outcome = result.outcome();
    bool transient =
        outcome.kind == fhir::Kind::busy ||
        (outcome.kind == fhir::Kind::conflict && !outcome.issues.empty() && outcome.issues.front().code == "transient");
    broken = broken || outcome.kind == fhir::Kind::internal;
    for (const Item& item : planned.items) {
      if (transient && job->tries < most_tries)
        job->again.push_back(item);
      else
        refuse(*job, item, outcome);
    }
  }
  if (--job->outstanding == 0) close_try(job);
}

// With the lock held: all commits of a try are answered.
void Intake::State::close_try(const JobPointer& job) {
  job->planned = {};
  if (job->again.empty() && job->later.empty()) return settle(job);
  job->only = std::exchange(job->again, {});
  if (job->only.empty()) {
    job->only = std::exchange(job->later, {});
    if (watermark != job->number) {
      waiting.emplace(job->number, job);
      return;
    }
  }
  queue.push_front(job);
  work.notify_one();
}

void Intake::State::settle(const JobPointer& job) {
  settled.emplace(job->number, job);
  while (!settled.empty() && settled.begin()->first == watermark) {
    JobPointer first = std::move(settled.begin()->second);
    settled.erase(settled.begin());
    ++watermark;
    bytes -= first->piece.text.size();
    if (first->piece.done) first->piece.done(std::move(first->settled));
  }
  if (auto found = waiting.find(watermark); found != waiting.end()) {
    queue.push_front(std::move(found->second));
    waiting.erase(found);
    work.notify_one();
  }
  room.notify_all();
  idle.notify_all();
}

std::size_t Intake::bytes_of_a_load() {
  const auto memory =
      static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return std::clamp<std::size_t>(memory / 100, 32u << 20, 256u << 20);
}

Intake::Intake(fhir::Store& store, Options options) : state_(std::make_unique<State>(store, std::move(options))) {
  const unsigned cores = std::thread::hardware_concurrency();
  const auto& with = state_->options;
  const unsigned planners = with.planners ? with.planners : with.keep_documents ? 2 * cores : cores;
  for (unsigned at = 0; at < std::max(planners, 1u); ++at)
    state_->threads.emplace_back([state = state_.get()] { state->planner(); });
  state_->threads.emplace_back([state = state_.get()] { state->committer(); });
}

Intake::~Intake() {
  drain();
  {
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work.notify_all();
  state_->ready.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

void Intake::submit(Piece piece) {
  State& state = *state_;
  auto job = std::make_shared<Job>();
  job->piece = std::move(piece);
  std::size_t size = job->piece.text.size();
  std::unique_lock lock(state.mutex);
  state.room.wait(lock, [&] {
    return state.bytes == 0 || (state.bytes + size <= state.options.bytes_on_their_way &&
                                state.submitted - state.watermark < state.options.commits_on_their_way);
  });
  job->number = state.submitted++;
  state.bytes += size;
  state.queue.push_back(std::move(job));
  state.work.notify_one();
}

void Intake::drain() {
  std::unique_lock lock(state_->mutex);
  state_->idle.wait(lock, [&] { return state_->watermark == state_->submitted; });
}

bool Intake::broken() const {
  std::unique_lock lock(state_->mutex);
  return state_->broken;
}

}  // namespace alzette::load
