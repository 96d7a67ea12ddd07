// A transaction Bundle as one batch for the store: identities, references, conditions, order of processing.
// Usable without HTTP. FHIR R4: http://hl7.org/fhir/R4/http.html#transaction
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/access.h"
#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/store.h"
#include "src/http.h"
#include "src/rest/incoming.h"

namespace alzette::rest {

inline constexpr std::size_t max_bundle_entries = 100'000;

// Runs `work(0) … work(count - 1)`, perhaps on several threads, and returns when all are done.
using Each = std::function<void(std::size_t count, const std::function<void(std::size_t)>& work)>;

// In the calling thread, one after the other.
void one_by_one(std::size_t count, const std::function<void(std::size_t)>& work);

// Where a plan is made: one consistent view, who asks, how this server is addressed.
struct Site {
  fhir::Snapshot& snapshot;
  const fhir::Access& access;
  std::string_view base;  // "http://host:port/fhir"
  std::int64_t now = 0;   // milliseconds since 1970 UTC
  Ids& ids;
  const Each& each;
  const fhir::search::Meanings* meanings = nullptr;  // of codes, for criteria; null where nobody knows them
};

// What becomes of one entry of the bundle.
struct TransactionEntry {
  enum class Act : std::uint8_t { write, found, nothing, read } act = Act::write;
  std::size_t write = 0;  // act write: index into batch.writes
  const fhir::Type* type = nullptr;
  std::string id;
  std::int64_t version = 0;       // act found (a conditional create that had its match): its version ...
  std::int64_t last_updated = 0;  // ... and time
  std::string method;             // act read: GET or HEAD ...
  std::string url;                // ... of this, below the base, to be run after the commit
  std::string place;              // act read: "Bundle.entry[3]"; "" where it reads what the transaction writes
  Headers conditions;             // act read: If-None-Match, If-Modified-Since
};

// An entry whose address is criteria: what it would be as a request of its own.
struct Conditional {
  std::string_view interaction;  // "update", "patch", "delete"
  const fhir::Type* type = nullptr;
  fhir::search::Parameters criteria;
  std::size_t entry = 0;             // of the bundle
  std::optional<std::size_t> write;  // index into batch.writes; nothing met the criteria of a delete: none
};

struct Transaction {
  fhir::Batch batch;
  std::vector<TransactionEntry> entries;  // one per entry of the bundle, in its order
  std::vector<Conditional> conditionals;
};

// `bundle` is bound; reference texts in its resources are changed in place. Every fault names its entry; all faults
// of content are reported at once. Nothing is written: commit `batch`, and plan again when that is a transient
// conflict.
fhir::Result<Transaction> transact(fhir::Node& bundle, fhir::Arena& arena, const Site& site);

}  // namespace alzette::rest
