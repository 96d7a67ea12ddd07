// The door of the store: opens a folder as a fhir::Store, and what an operator does with it.
//
//   DIR/alzette.sqlite   resources, versions, index     DIR/blobs/   large documents     DIR/lock   held by the writer
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fhir/outcome.h"
#include "fhir/store.h"

namespace alzette::store {

struct Options {
  bool bulk = false;         // load: large groups and cache; a full queue makes commit() wait instead of refusing
  std::size_t queue = 4096;  // batches that may wait for the writer
  std::uint64_t log_pages =
      40'000;  // from this length of the log on, a commit waits for readers, so that it begins anew
  std::function<std::int64_t()> clock;  // milliseconds since 1970 UTC; the wall clock when not given
  // Called once, on any thread, when a write or sync failed so that no more writes are taken: end the process, and
  // what is durable is read again at the next start.
  std::function<void(const std::string& why)> failed = nullptr;
};

struct Stats {
  std::uint64_t queued = 0;     // batches waiting now
  std::uint64_t commits = 0;    // transactions made durable
  std::uint64_t batches = 0;    // batches in them
  std::uint64_t versions = 0;   // versions stored since the start
  std::uint64_t commit_us = 0;  // time spent in COMMIT, microseconds
  std::uint64_t checkpoints = 0;
  std::uint64_t log_pages = 0;  // pages of the log after the last commit
  std::uint64_t log_syncs = 0;  // how often the log was synced, by this process
  std::uint64_t readers = 0;    // snapshots that hold a read transaction now: while one does, the log cannot begin anew
  bool refusing = false;        // no writes are taken until the store is opened again
};

using Progress = std::function<void(std::uint64_t done, std::uint64_t all)>;

class Archive : public fhir::Store {
 public:
  virtual Stats stats() const = 0;
  // Writes the large values of a batch that is to be committed into their files. commit() does so itself: this is for
  // who has many batches at hand, of which each waits for the disk. Any thread; what fails is left to commit().
  virtual void keep_documents(fhir::Batch& batch) const = 0;
  // Copies the store as it is now into `file`, and its documents into `file`.blobs; reading and writing go on.
  virtual std::optional<fhir::Outcome> backup(const std::string& file, const Progress& progress) = 0;
};

// Opens or makes the store in `folder`; destroying it waits for the batches in the queue.
// Refused: another process has it open, it was written by a newer program, it is damaged.
fhir::Result<std::unique_ptr<Archive>> open(const std::string& folder, const Options& options = {});

// The same for the store in `folder`, whoever has it open: an operator's backup beside the running server.
std::optional<fhir::Outcome> backup(const std::string& folder, const std::string& file, const Progress& progress);

struct Report {
  std::uint64_t versions = 0;
  std::uint64_t postings = 0;
  std::uint64_t blobs = 0;
  std::vector<std::string> faults;  // the first hundred
  std::uint64_t fault_count = 0;
  std::vector<std::string> repaired;  // what `repair` put right
  bool whole() const { return fault_count == 0; }
};

// Reads everything in a stopped store: the file's structure, index rows against each version's own list and back,
// counts, documents against their hashes. `repair` rebuilds index rows and removes documents that nothing names.
fhir::Result<Report> check(const std::string& folder, bool repair, const Progress& progress);

}  // namespace alzette::store
