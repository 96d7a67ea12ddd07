#include "src/job/runner.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <future>

#include "src/clock.h"
#include "src/log.h"

namespace alzette::job {

namespace fs = std::filesystem;

Runner::Runner(fhir::Store& store, fhir::Ids& ids, std::string folder, const net::Egress& egress,
               const fhir::search::Meanings& meanings, std::function<Response(Request)> request)
    : store_(store),
      ids_(ids),
      folder_(std::move(folder)),
      egress_(egress),
      meanings_(meanings),
      request_(std::move(request)) {
  store_.observe([this](const fhir::Batch& batch, const fhir::Receipt&) { heard(batch); });
}

Runner::~Runner() { stop(); }

void Runner::start() {
  thread_ = std::thread([this] { run(); });
}

void Runner::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// On the writer's thread.
void Runner::heard(const fhir::Batch& batch) {
  if (batch.notes.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const auto& note : batch.notes) {
    if (note.room != room || note.present) continue;  // the runner's own words about a job are no news to it
    if (note.text)
      waiting_.push_back(note.name);
    else
      gone_.insert(note.name);
  }
  wake_.notify_all();
}

void Runner::recover() {
  std::error_code ignored;
  fs::create_directories(folder_, ignored);
  std::set<std::string> known;
  const auto notes = store_.snapshot()->notes(room);
  for (const auto& note : notes) known.insert(note.name);
  for (const auto& entry : fs::directory_iterator(folder_, ignored))
    if (!known.contains(entry.path().filename().string())) fs::remove_all(entry.path(), ignored);
  const std::lock_guard lock(mutex_);
  for (const auto& note : notes) {
    const auto job = from_text(note.name, note.text);
    if (job && !job->finished() && std::find(waiting_.begin(), waiting_.end(), note.name) == waiting_.end())
      waiting_.push_back(note.name);
  }
}

// A fault of ours, or exhaustion, may not end what all others rely on: what was being done is done again.
void Runner::run() {
  std::string id;
  for (bool recovered = false;;) {
    try {
      if (!recovered) recover();
      recovered = true;
      if (!wait_for(id)) return;
      if (id.empty())
        forget_old();
      else if (make_step(id))
        again(id);
    } catch (const std::exception& error) {
      log::write(log::Level::error, "jobs_failed", {{"reason", error.what()}});
      again(id);
      rest();
    }
  }
}

void Runner::again(const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (!id.empty()) waiting_.push_back(id);
}

void Runner::rest() {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_.load(); });
}

// The next job in turn, or "" now and then; false: it is time to end.
bool Runner::wait_for(std::string& id) {
  constexpr std::chrono::minutes now_and_then(10);
  std::unique_lock lock(mutex_);
  for (const auto& gone : std::exchange(gone_, {})) {
    std::erase(waiting_, gone);
    remove_files(gone);
  }
  wake_.wait_for(lock, now_and_then, [&] { return stopping_ || !waiting_.empty() || !gone_.empty(); });
  id.clear();
  if (stopping_) return false;
  if (waiting_.empty()) return true;
  id = std::move(waiting_.front());
  waiting_.pop_front();
  return true;
}

bool Runner::unwanted(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return stopping_ || gone_.contains(id);
}

void Runner::remove_files(const std::string& id) const {
  std::error_code ignored;
  fs::remove_all(folder_ + "/" + id, ignored);
}

// True: there is more to do.
bool Runner::make_step(const std::string& id) {
  auto snapshot = store_.snapshot();
  auto job = from_text(id, snapshot->note(room, id));
  if (!job || job->finished()) return false;
  const auto all = kinds();
  const auto kind = std::find_if(all.begin(), all.end(), [&](const auto* row) { return row->name == job->kind; });
  const std::string folder = folder_ + "/" + id;
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  const std::function<bool()> stopped = [&] { return unwanted(id); };
  const Work work{store_, *snapshot, ids_, folder, clock::wall_ms(), egress_, request_, meanings_, stopped};
  job->state = Job::State::running;
  auto step = [&]() -> fhir::Result<Step> {
    if (kind == all.end()) return fhir::Outcome(fhir::Kind::internal, "exception", "this server knows no such job");
    try {
      return (*kind)->step(work, *job);
    } catch (const std::exception& why) {
      log::write(log::Level::error, "job_step_failed", {{"job", id}, {"reason", why.what()}});
      return fhir::Outcome(fhir::Kind::internal, "exception", "the job failed; the log tells more under its id");
    }
  }();
  snapshot.reset();  // the log cannot begin anew while one is held
  if (unwanted(id)) return false;
  if (!step) {
    job->state = Job::State::failed;
    job->failure = std::move(step.outcome());
    step = Step{{}, true};
  } else if (step->done) {
    job->state = Job::State::done;
  }
  if (step->done) job->ended = clock::wall_ms();
  step->batch.notes.push_back({std::string(room), id, to_text(*job), true});
  if (step->batch.writes.empty()) step->batch.access = job->access;
  return commit(std::move(step->batch)) ? !step->done : true;
}

bool Runner::commit(fhir::Batch batch) {
  std::promise<bool> promise;
  auto stored = promise.get_future();
  store_.commit(std::move(batch),
                [&](const fhir::Result<fhir::Receipt>& receipt) { promise.set_value(bool{receipt}); });
  if (stored.get()) return true;
  rest();  // the store is full or busy: the step is made again, a little later
  return false;
}

// Results are for the taking for a day.
void Runner::forget_old() {
  fhir::Batch batch;
  const auto now = clock::wall_ms();
  for (const auto& note : store_.snapshot()->notes(room)) {
    const auto job = from_text(note.name, note.text);
    if (!job || (job->finished() && job->ended + kept_for < now)) batch.notes.push_back({note.room, note.name, {}});
  }
  if (!batch.notes.empty()) commit(std::move(batch));
}

}  // namespace alzette::job
