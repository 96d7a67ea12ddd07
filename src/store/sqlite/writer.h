// The one writer. Takes batches from a bounded queue and commits as many as are waiting in one transaction (group
// commit): one fsync acknowledges them all, and while the disk makes one group last the next is written. Nobody reads
// what is not on the disk yet. Each batch is checked in full against what stands before anything of it is
// written, so a refused batch leaves nothing to undo.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fhir/store.h"
#include "src/store/blob.h"
#include "src/store/sqlite/connection.h"
#include "src/store/sqlite/index.h"
#include "src/store/sqlite/names.h"
#include "src/store/sqlite/packing.h"
#include "src/store/sqlite/pool.h"
#include "src/store/store.h"

namespace alzette::store::sqlite {

// A batch on its way, large values already in their files.
struct Job {
  fhir::Batch batch;
  std::vector<std::string> files;  // per write: its list of files (blob.h)
  std::function<void(fhir::Result<fhir::Receipt>)> done;
  std::size_t bytes = 0;
};

class Writer {
 public:
  // `readers` is told of each commit, and when the log is to begin anew.
  Writer(std::string file, Names& names, Packing& packing, const Options& options, Pool& readers);
  ~Writer();  // commits what is in the queue

  void observe(fhir::Store::Observer observer) { observers_.push_back(std::move(observer)); }
  void start();
  // false: the queue is full (never when loading in bulk: then it waits).
  bool offer(Job job);

  fhir::Key last() const { return last_.load(std::memory_order_acquire); }
  // Nothing is written any more: after a failed sync nobody knows what the disk holds, and trying again would lie.
  void fail(const std::string& why);
  bool failed() const { return refusing_; }
  Stats stats() const;

 private:
  struct State {
    Rid rid = 0;
    fhir::Key current = 0;
    std::int64_t version = 0;
    bool live = false;
    std::uint64_t batch = 0;  // the last one that writes it
  };
  struct Count {
    std::int64_t ordinal = 0;
    std::int64_t live = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  struct ParameterKey {
    const fhir::Type* type;
    const fhir::SearchParameter* parameter;
    fhir::search::Facet facet;
    const fhir::Type* contained;
    const fhir::SearchParameter* through;
    bool operator==(const ParameterKey&) const = default;
  };
  struct ParameterHash {
    std::size_t operator()(const ParameterKey& key) const {
      return std::hash<const void*>{}(key.type) * 31 + std::hash<const void*>{}(key.parameter) +
             std::hash<const void*>{}(key.contained) * 17 + std::hash<const void*>{}(key.through) * 7 +
             static_cast<std::size_t>(key.facet);
    }
  };

  // Committed, and not answered before it is on the disk.
  struct Group {
    std::vector<Job> jobs;
    std::vector<fhir::Result<fhir::Receipt>> results;
    fhir::Key last = 0;
    std::uint64_t versions = 0;
  };

  void run();
  bool take(std::vector<Job>& group);
  void gather(std::unique_lock<std::mutex>& lock);
  void commit(std::vector<Job>& group);
  void hand_on(Group group);
  void run_behind();
  bool sync();
  void answer(Group& group);
  void give_up(std::vector<Job>& group, const Failure& why);
  void move_log();  // into the database, when it has grown long
  void restart_log(std::chrono::milliseconds for_readers);
  void load();  // counters, from the tables
  fhir::Key newest_key() const;

  fhir::Result<fhir::Receipt> apply(const Job& job);
  std::optional<fhir::Outcome> refuse(const fhir::Batch& batch, std::vector<State*>& states);
  std::optional<fhir::Outcome> unexpected(const fhir::Batch& batch);
  struct Prospect {
    bool stored = false;
    bool waiting = false;
  };
  Prospect prospect(const fhir::search::Query& query);
  void add_rows(const fhir::Addition& addition);
  void keep(const fhir::Note& note);
  fhir::Written put(const fhir::Write& write, std::string_view files, State& state);
  fhir::Written remove(const fhir::Write& write, State& state);
  bool unchanged(const fhir::Write& write, std::string_view files, const State& state, std::int64_t& instant);
  void add_version(const fhir::Write& write, State& state, bool live);
  std::string postings(const fhir::Type& type, std::span<const fhir::search::IndexRow> rows, fhir::Key key);
  Value intern(const fhir::search::IndexValue& value);
  Name parameter(const fhir::Type& type, const fhir::search::IndexRow& row);
  State& state_of(Name type, std::string_view id);
  Rid rid_of(Name type, std::string_view id);
  void run_beside();
  void move_most(Connection& own);
  void learn(Connection& own);

  const std::string file_;
  Names& names_;
  Packing& packing_;
  const Options options_;
  Pool& readers_;
  std::vector<fhir::Store::Observer> observers_;
  Connection connection_;
  IndexRows rows_;

  std::unordered_map<std::string, State, Hash, std::equal_to<>> states_;
  std::unordered_map<Name, Count> counts_;
  std::unordered_map<ParameterKey, Name, ParameterHash> parameters_;
  std::uint64_t batch_ = 0;
  std::string scratch_;
  std::vector<Posting> scratch_postings_;
  std::vector<std::pair<Name, const fhir::search::IndexRow*>> scratch_order_;
  std::string scratch_words_;
  std::int64_t sequence_ = 0;  // of the newest version; one more for each
  std::int64_t instant_ = 0;
  Rid next_rid_ = 1;

  std::atomic<fhir::Key> last_{0};
  std::atomic<bool> refusing_{false};
  std::atomic<std::uint64_t> commits_{0}, batches_{0}, versions_{0}, commit_us_{0}, checkpoints_{0}, log_pages_{0};

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable room_;
  std::deque<Job> queue_;
  std::size_t queued_bytes_ = 0;
  std::size_t answered_ = 0;  // batches of the last group
  std::size_t wanted_ = 1;    // batches in the queue from which on the writer is woken
  bool stopping_ = false;
  std::thread thread_;

  std::condition_variable behind_;  // unsynced_ has come or gone
  std::optional<Group> unsynced_;   // waits for the disk, behind the one that is being synced
  bool syncing_ = false;
  bool ended_ = false;  // none will come
  std::thread answering_;

  std::condition_variable beside_;  // the helper has something to do
  bool checkpoint_wanted_ = false;
  bool lesson_wanted_ = false;
  std::string lesson_;                     // a dictionary that the next commit writes
  std::int64_t learn_at_ = 0;              // versions at which one is wanted next
  std::atomic<bool> mostly_moved_{false};  // by the helper: the writer ends what it began
  const std::uint64_t most_pages_;         // of the log, before the writer waits for readers
  const std::uint64_t pages_to_move_;      // of the log, before the helper moves them
  std::uint64_t move_at_;                  // pages of the log at which it is asked next
  std::uint64_t restart_at_;               // and at which the writer waits next
  std::thread helper_;
};

// The stored bytes of a version: version and time put into its meta.
std::string with_meta(const fhir::Body& body, std::int64_t version, std::int64_t instant);

}  // namespace alzette::store::sqlite
