// The one writer: queue, group commit, checkpoints. What a batch does to the tables is in apply.cpp.
#include "src/store/sqlite/writer.h"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "src/clock.h"
#include "src/store/sqlite/log_vfs.h"

namespace alzette::store::sqlite {

namespace {

constexpr std::size_t most_batches = 2048;  // in one group
constexpr std::size_t few_batches = 16;
constexpr std::size_t group_bytes = 64u << 20;
constexpr std::size_t bulk_group_bytes = 256u << 20;
constexpr std::size_t queue_bytes = 128u << 20;       // a load bounds what it has on its way itself
constexpr std::uint64_t pages_to_move = 16'000;       // the log is moved into the database from this length on
constexpr std::uint64_t bulk_pages_to_move = 60'000;  // written together more often, and read by few
constexpr std::uint64_t few_pages = 500;  // of it may be left for the writer to move, while nobody can commit
constexpr int most_rounds = 4;            // of moving what came meanwhile
constexpr std::uint64_t bulk_log_pages = 200'000;
// A store learns what its resources have in common when it has some thousands, and again when it has grown fourfold.
constexpr std::int64_t first_lesson = 4'000;
constexpr std::int64_t growth_between = 4;
constexpr std::chrono::milliseconds short_wait{20};  // for readers, while commits wait
constexpr std::chrono::milliseconds long_wait{250};  // the same, where the log has become too long

fhir::Outcome unknown_end() {
  return {fhir::Kind::internal, "exception", "the store failed while committing; whether this was stored is unknown"};
}

// A load meets the pages of the indexes all over: as many are kept as an eighth of the memory holds, up to a gigabyte.
Connection::Tuning tuning(const Options& options) {
  if (!options.bulk) return {.cache_kib = 64 << 10, .mmap_bytes = 0};
  const std::int64_t memory_kib = ::sysconf(_SC_PHYS_PAGES) * (::sysconf(_SC_PAGESIZE) / 1024);
  return {.cache_kib = std::clamp<std::int64_t>(memory_kib / 8, 256 << 10, 1 << 20), .mmap_bytes = 0};
}

}  // namespace

Writer::Writer(std::string file, Names& names, Packing& packing, const Options& options, Pool& readers)
    : file_(std::move(file)),
      names_(names),
      packing_(packing),
      options_(options),
      readers_(readers),
      connection_(file_, Connection::Mode::write, tuning(options)),
      rows_(connection_),
      most_pages_(options.bulk ? std::max(options.log_pages, bulk_log_pages) : options.log_pages),
      pages_to_move_(options.bulk ? bulk_pages_to_move : pages_to_move),
      move_at_(pages_to_move_),
      restart_at_(most_pages_) {
  connection_.on_commit([this](int pages) { log_pages_ = static_cast<std::uint64_t>(pages); });
  load();
  last_.store(newest_key(), std::memory_order_release);
}

void Writer::start() {
  thread_ = std::thread([this] { run(); });
  answering_ = std::thread([this] { run_behind(); });
  helper_ = std::thread([this] { run_beside(); });
}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  beside_.notify_all();
  room_.notify_all();
  if (thread_.joinable()) thread_.join();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  behind_.notify_all();
  if (answering_.joinable()) answering_.join();
  if (helper_.joinable()) helper_.join();
  try {
    connection_.checkpoint(Connection::Checkpoint::truncate);
  } catch (const Failure&) {  // the log is replayed at the next start
  }
}

void Writer::load() {
  auto last = connection_.take("SELECT key, instant FROM version ORDER BY key DESC LIMIT 1");
  const bool any = last.step();
  const fhir::Key key = any ? last.integer(0) : 0;
  sequence_ = key >> fhir::shard_bits;
  instant_ = any ? last.integer(1) : 0;
  last.reset();
  auto rid = connection_.take("SELECT max(rid) FROM identity");
  rid.step();
  next_rid_ = rid.integer(0) + 1;
  counts_.clear();
  auto of_type = connection_.take("SELECT ordinal, live FROM version WHERE type = ? ORDER BY key DESC LIMIT 1");
  for (const auto* type : names_.types()) {
    const Name name = names_.find(type->name, connection_);
    if (of_type.with(name).step()) counts_[name] = {of_type.integer(0), of_type.integer(1)};
  }
  states_.clear();
  auto lesson = connection_.take("SELECT max(seen) FROM dictionary");
  const auto seen = lesson.step() ? lesson.integer(0) >> fhir::shard_bits : 0;
  learn_at_ = std::max(first_lesson, growth_between * seen);
}

fhir::Key Writer::newest_key() const { return sequence_ << fhir::shard_bits | ((1 << fhir::shard_bits) - 1); }

bool Writer::offer(Job job) {
  bool enough = false;
  {
    std::unique_lock lock(mutex_);
    if (options_.bulk)
      room_.wait(lock, [&] { return stopping_ || queue_.size() < options_.queue; });
    else if (queue_.size() >= options_.queue || queued_bytes_ >= queue_bytes)
      return false;
    queued_bytes_ += job.bytes;
    queue_.push_back(std::move(job));
    enough = queue_.size() >= wanted_;
  }
  if (enough) arrived_.notify_one();
  return true;
}

// A group that is smaller than the last one waits for more: as long as the disk is busy, and then for a moment.
void Writer::gather(std::unique_lock<std::mutex>& lock) {
  constexpr std::chrono::milliseconds moment{2};
  const auto as_before = std::max<std::size_t>(answered_, 1);
  while (!stopping_ && queue_.size() < as_before) {
    const bool busy = syncing_ || unsynced_;
    wanted_ = busy || !queue_.empty() ? as_before : 1;
    if (busy || queue_.empty())
      arrived_.wait(lock);
    else if (arrived_.wait_for(lock, moment) == std::cv_status::timeout)
      return;
  }
}

// Of those who wait for their commits, half are taken at once: while these are written the others, answered before,
// plan what comes next. If all were taken, nobody would plan while they are written, and nothing be written meanwhile.
bool Writer::take(std::vector<Job>& group) {
  std::unique_lock lock(mutex_);
  gather(lock);
  const auto half = (queue_.size() + answered_ + 1) / 2;
  const auto most = options_.bulk ? most_batches : std::clamp(half, few_batches, most_batches);
  const auto most_bytes = options_.bulk ? bulk_group_bytes : group_bytes;
  std::size_t bytes = 0;
  while (!queue_.empty() && group.size() < most && bytes < most_bytes) {
    bytes += queue_.front().bytes;
    queued_bytes_ -= queue_.front().bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  answered_ = group.size();
  room_.notify_all();
  return !group.empty();
}

void Writer::run() {
  std::vector<Job> group;
  while (take(group)) {
    commit(group);
    group.clear();
  }
}

void Writer::commit(std::vector<Job>& group) {
  if (refusing_) {
    for (auto& job : group)
      job.done(fhir::Outcome(fhir::Kind::busy, "no-store",
                             "the store takes no writes since a commit failed; restart the server"));
    return;
  }
  Group written;
  auto& results = written.results;
  results.reserve(group.size());
  const auto sequence = sequence_;
  std::string lesson;
  try {
    constexpr std::size_t most_states = 100'000;
    if (states_.size() > most_states) states_.clear();
    instant_ = std::max(instant_, options_.clock ? options_.clock() : clock::wall_ms());
    {
      const std::lock_guard lock(mutex_);
      lesson.swap(lesson_);
    }
    connection_.run("BEGIN IMMEDIATE");
    if (!lesson.empty())  // two may have seen the same, after a full disk
      connection_.take("INSERT INTO dictionary(seen, bytes) SELECT max(?, ifnull(max(seen) + 1, 0)), ? FROM dictionary")
          .run(newest_key(), Bytes{lesson});
    for (const auto& job : group) results.push_back(apply(job));
    rows_.flush();
    const auto start = clock::Monotonic::now();
    connection_.commit_unsynced();
    commit_us_ += clock::microseconds_since(start);
    if (!lesson.empty()) packing_.use(lesson);
  } catch (const Failure& why) {
    give_up(group, why);
    return;
  } catch (const std::exception& why) {
    give_up(group, Failure(0, why.what()));
    return;
  }
  names_.keep_new();
  written.jobs = std::move(group);
  written.last = newest_key();
  written.versions = static_cast<std::uint64_t>(sequence_ - sequence);
  hand_on(std::move(written));
  move_log();
  if (sequence_ >= learn_at_) {
    learn_at_ = growth_between * sequence_;
    {
      const std::lock_guard lock(mutex_);
      lesson_wanted_ = true;
    }
    beside_.notify_one();
  }
}

// While one group is synced and answered the next one is written; a third waits, so that on a slow disk groups grow.
void Writer::hand_on(Group group) {
  {
    std::unique_lock lock(mutex_);
    behind_.wait(lock, [&] { return !unsynced_; });
    unsynced_ = std::move(group);
  }
  behind_.notify_all();
}

// What was answered is freed here as well: it takes its time.
void Writer::run_behind() {
  for (;;) {
    std::optional<Group> group;
    {
      std::unique_lock lock(mutex_);
      behind_.wait(lock, [&] { return ended_ || unsynced_; });
      if (!unsynced_) return;
      group.swap(unsynced_);
      syncing_ = true;
    }
    behind_.notify_all();
    const bool synced = sync();
    {
      const std::lock_guard lock(mutex_);
      syncing_ = false;
    }
    arrived_.notify_one();
    if (synced)
      answer(*group);
    else
      for (auto& job : group->jobs) job.done(unknown_end());
  }
}

// After a failed one nobody knows what the disk holds, and a second one would not say so.
bool Writer::sync() {
  if (refusing_) return false;
  const auto start = clock::Monotonic::now();
  try {
    connection_.sync_log();
  } catch (const Failure& why) {
    fail(why.what());
    return false;
  }
  commit_us_ += clock::microseconds_since(start);
  return true;
}

void Writer::answer(Group& group) {
  last_.store(group.last, std::memory_order_release);
  readers_.advance(group.last);
  ++commits_;
  batches_ += group.jobs.size();
  versions_ += group.versions;
  auto& [jobs, results, last, versions] = group;
  for (std::size_t i = 0; i < jobs.size(); ++i)
    if (results[i])
      for (const auto& observer : observers_) observer(jobs[i].batch, *results[i]);
  for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].done(std::move(results[i]));
}

// Moving the log into the database takes two steps, so that commits hardly wait: the helper moves it while writes go
// on, and again what came meanwhile, until little is left; then the writer moves the rest and waits a moment for those
// who read what stands in the log, so that its next commit starts it anew. Where somebody reads for longer, the log
// grows until the writer waits for longer.
void Writer::move_log() {
  const auto pages = log_pages_.load();
  if (pages < move_at_ / 2) move_at_ = pages_to_move_;
  if (pages < restart_at_ / 2) restart_at_ = most_pages_;
  const bool too_long = pages >= restart_at_;
  if (mostly_moved_.exchange(false) || too_long) {
    // Where it fails, somebody reads for long: it is not tried again soon.
    if (too_long) restart_at_ = pages + most_pages_;
    restart_log(too_long ? long_wait : short_wait);
  } else if (pages >= move_at_) {
    move_at_ = pages + pages_to_move_;
    {
      const std::lock_guard lock(mutex_);
      checkpoint_wanted_ = true;
    }
    beside_.notify_one();
  }
}

void Writer::restart_log(std::chrono::milliseconds for_readers) {
  readers_.keep(false);
  try {
    connection_.checkpoint(Connection::Checkpoint::restart, for_readers);
    ++checkpoints_;
  } catch (const Failure& why) {  // when the disk is full the log keeps what is committed, and we try again later
    if (!why.disk_full()) fail(why.what());
  }
  readers_.keep(true);
}

void Writer::give_up(std::vector<Job>& group, const Failure& why) {
  // After any failure but a full disk nobody knows what the file holds: it is read again at the next start.
  bool again = why.disk_full();
  rows_.clear();
  parameters_.clear();
  names_.forget_new();
  try {
    if (connection_.in_transaction()) connection_.run("ROLLBACK");
    load();
  } catch (const Failure&) {
    again = false;
  }
  if (!again) fail(why.what());
  const auto outcome =
      again ? fhir::Outcome(fhir::Kind::busy, "no-store", "the disk is full; nothing was stored") : unknown_end();
  for (auto& job : group) job.done(outcome);
}

void Writer::fail(const std::string& why) {
  if (!refusing_.exchange(true) && options_.failed) options_.failed(why);
}

void Writer::run_beside() {
  std::optional<Connection> own;
  for (;;) {
    bool move = false, lesson = false;
    {
      std::unique_lock lock(mutex_);
      beside_.wait(lock, [&] { return stopping_ || checkpoint_wanted_ || lesson_wanted_; });
      if (stopping_) return;
      move = std::exchange(checkpoint_wanted_, false);
      lesson = std::exchange(lesson_wanted_, false);
    }
    try {
      if (!own) own.emplace(file_, Connection::Mode::write, Connection::Tuning{.cache_kib = 1024, .mmap_bytes = 0});
      if (move) move_most(*own);
      if (lesson) learn(*own);
    } catch (const Failure& why) {  // a full disk passes: the next commits ask again
      if (!why.disk_full()) fail(why.what());
    } catch (const std::bad_alloc&) {  // a lesson less
    }
  }
}

void Writer::move_most(Connection& own) {
  std::uint64_t moved = 0;
  for (int round = 0; round < most_rounds && log_pages_ - moved > few_pages; ++round) {
    const auto before = std::exchange(moved, own.checkpoint(Connection::Checkpoint::passive));
    if (moved <= before) break;  // somebody reads what stands there
    own.sync_database();
  }
  ++checkpoints_;
  mostly_moved_ = true;
}

// From versions of all times, as many of each type as there are.
void Writer::learn(Connection& own) {
  constexpr std::int64_t most_samples = 2'000;
  constexpr std::size_t most_of_one = 2'000;
  const auto newest = last() >> fhir::shard_bits;
  std::vector<std::string> samples;
  try {  // while it reads, the log cannot begin anew
    auto row = own.take("SELECT bytes, record FROM body WHERE key >= ? ORDER BY key LIMIT 1");
    for (std::int64_t i = 0; i < most_samples; ++i) {
      if (!row.with((newest * i / most_samples) << fhir::shard_bits).step()) break;
      for (const int column : {0, 1})
        if (const auto text = packing_.unpack(row.text(column)); text && !text->empty())
          samples.push_back(text->substr(0, most_of_one));
    }
  } catch (const Failure&) {  // an old body that is damaged is told to those who read it, and stops no writes
  }
  auto lesson = common_in(samples);
  const std::lock_guard lock(mutex_);
  lesson_ = std::move(lesson);
}

Stats Writer::stats() const {
  Stats out;
  {
    const std::lock_guard lock(mutex_);
    out.queued = queue_.size();
  }
  out.commits = commits_;
  out.batches = batches_;
  out.versions = versions_;
  out.commit_us = commit_us_;
  out.checkpoints = checkpoints_;
  out.log_pages = log_pages_;
  out.log_syncs = log_syncs();
  out.readers = readers_.lent();
  out.refusing = refusing_;
  return out;
}

}  // namespace alzette::store::sqlite
