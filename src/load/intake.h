// Takes many resources in through the same rules as the REST door, fast: pieces of text are parsed, validated and
// planned on several threads and committed in the order they were submitted, with many commits on their way at once.
//
//   submit ─▶ queue ─▶ planners ─▶ committer (in order) ─▶ Store::commit ─▶ done (in order)
//                ▲                                            │
//                └── transient conflict: planned again ◀──────┘
//
// A refusal that an earlier piece could still lift (a condition that finds nothing yet) is planned once more when
// all earlier pieces are durable.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/store.h"

namespace alzette::load {

struct Tally {
  std::uint64_t created = 0;
  std::uint64_t updated = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t removed = 0;
  std::uint64_t refused = 0;
  std::uint64_t taken() const { return created + updated + unchanged + removed; }
  Tally& operator+=(const Tally& other);
};

// Where a refused thing stood, and why it was refused.
struct Refusal {
  std::uint64_t line = 0;   // 0: the document as a whole
  std::int64_t entry = -1;  // of a batch
  fhir::Outcome outcome;
};

struct Settled {
  Tally tally;
  std::vector<Refusal> refusals;
};

// A document (line 0: a resource, a transaction or batch Bundle) or lines of NDJSON, each such a document.
// Resources with an id are put under it (update as create); others get one that `time` and `salt` decide, so that the
// same piece taken in again meets what it made before.
struct Piece {
  std::uint64_t line = 0;
  std::string text;
  std::int64_t time = 0;
  std::uint32_t salt = 0;
  std::function<void(Settled&&)> done;  // when all of it is durable or refused, in order of submission
};

class Intake {
 public:
  struct Options {
    unsigned planners = 0;  // 0: one per core, and as many again where documents are kept
    // What may be done with a batch before its turn to be committed comes: Archive::keep_documents.
    std::function<void(fhir::Batch&)> keep_documents = nullptr;
    std::string base = "http://127.0.0.1:8080/fhir";
    fhir::Access access = fhir::Access::local_developer();  // of who loads
    std::size_t bytes_on_their_way = 32u << 20;
    std::size_t commits_on_their_way = 1024;
  };
  // What a program that does nothing but load may have on its way: a hundredth of the memory, from 32 to 256 MiB. The
  // more the writer finds waiting, the more rows of a group meet in one page of the index, which is written once.
  static std::size_t bytes_of_a_load();

  Intake(fhir::Store& store, Options options);
  ~Intake();  // drains
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // Waits while too much is on its way.
  void submit(Piece piece);
  // Returns when everything submitted is settled.
  void drain();
  // The store answered that it takes no more writes: what was submitted is refused, and more would be.
  bool broken() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace alzette::load
