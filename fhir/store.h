// The store in FHIR words: what handlers may ask of it. The SQL lives behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/access.h"
#include "fhir/content.h"
#include "fhir/definitions.h"
#include "fhir/outcome.h"
#include "fhir/search/index.h"
#include "fhir/search/query.h"

namespace fhir {

// Of one resource *version*. Grows with each commit; the low 10 bits are the partition (patient shard), so the
// partition is part of every primary key that holds a Key.
using Key = std::int64_t;
inline constexpr int shard_bits = 10;

enum class Method : std::uint8_t { create, update, remove };  // Bundle.entry.request.method: POST, PUT, DELETE

// A large value (base64Binary) that is not in the text of its body: there it is "", its base64 belongs between the
// quotes, at `at`.
struct Document {
  std::size_t at = 0;
  std::shared_ptr<const Content> bytes;
};

struct Version {
  const Type* type = nullptr;
  std::string id;
  std::int64_t version = 0;       // meta.versionId
  std::int64_t last_updated = 0;  // milliseconds since 1970 UTC
  Method method = Method::create;
  Key key = 0;
  std::string body;                      // stored JSON with id and meta; empty when deleted
  std::string record = {};               // see Write::record
  std::vector<Document> documents = {};  // of fetch(), in the order of their places
  bool deleted() const { return method == Method::remove; }
};

// A resource as it will be stored, all but version and time: these the writer inserts at `meta_at`, which lies
// just behind `"meta":{`; where more of meta follows, it puts a comma behind them.
struct Body {
  std::string bytes;  // {"resourceType":"Patient","id":"p1","meta":{"profile":[...]},...
  std::size_t meta_at = 0;
};

struct SearchMatch {
  std::shared_ptr<const Version> version;  // of all who found it
  bool match = true;                       // false: included
};

struct SearchPage {
  std::vector<SearchMatch> entries;  // matches in order, then includes
  std::optional<std::uint64_t> total;
  std::string next;  // opaque page token without authentication, "" at the end
  bool includes_capped = false;
  std::string plan;  // _explain: one line per step
};

struct HistoryQuery {
  const Type* type = nullptr;                                              // nullptr: system
  std::string id;                                                          // "": type level
  std::optional<std::int64_t> since;                                       // versions at or after
  std::optional<std::int64_t> current_from;                                // versions current then or later,
  std::optional<std::int64_t> current_until;                               // and then or before
  std::optional<std::vector<std::pair<const Type*, std::string>>> listed;  // versions of these alone
  std::uint32_t count = 100;
  std::string page;  // token of the page before, "" for the first
};

struct HistoryPage {
  std::vector<Version> versions;  // newest first
  std::uint64_t total = 0;
  std::string next;
};

// A small text that the machine has to remember beside the resources, by room and name: jobs, what is indexed.
struct Note {
  std::string room;
  std::string name;
  std::optional<std::string> text;  // when written: nothing = it is removed
  bool present = false;             // when written: only where there is one already
};

// One consistent view. Not thread safe; cheap to open, held for one request.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // absent: never existed; gone: deleted (outcome names the version that deleted it).
  virtual Result<Version> read(const Access&, const Type&, std::string_view id) = 0;
  virtual Result<Version> vread(const Access&, const Type&, std::string_view id, std::int64_t version) = 0;
  // The current version, or that one, with its large values in Version::documents; the others give them in the body,
  // up to a limit: Kind::too_costly.
  virtual Result<Version> fetch(const Access&, const Type&, std::string_view id,
                                std::optional<std::int64_t> version) = 0;
  virtual Result<HistoryPage> history(const Access&, const HistoryQuery&) = 0;
  // A page: `count` matches at most; query.page continues. `limit` 0 = only the total.
  // `effort` bounds the index rows looked at; beyond it Kind::too_costly.
  virtual Result<SearchPage> search(const Access&, const search::Query&, std::uint32_t count, std::uint64_t effort) = 0;
  // Ids of the first matches, `at_most` of them, for conditional interactions.
  virtual Result<std::vector<std::string>> find(const Access&, const search::Query&, std::uint32_t at_most) = 0;
  virtual std::uint64_t count(const Type&) = 0;                // live resources, O(1)
  virtual std::vector<Note> notes(std::string_view room) = 0;  // by name
  virtual std::optional<std::string> note(std::string_view room, std::string_view name) = 0;
  // The page token that begins a search as of this moment, however much later it is used.
  virtual std::string first_page() const = 0;
};

// What must still hold when the batch is committed; otherwise nothing of it is, and the outcome is
// Kind::conflict with code "transient": take a new snapshot and plan again.
struct Expectation {
  search::Query query;           // conditional interaction: still finds ...
  std::vector<std::string> ids;  // ... exactly these (none, or one)
};

struct Write {
  Method method = Method::create;  // create and update put `body`; remove ends the resource
  const Type* type = nullptr;
  std::string id;
  Body body;
  std::vector<search::IndexRow> rows;  // parameters that no FHIR search knows may stand among them
  // Of a resource that is the view of something else (a registry object of XDS): that thing itself, complete. Kept
  // with the version, opaque to the store, never part of a FHIR answer.
  std::string record = {};
  // Large values, kept without passing through memory. Without any, those in the body's text are taken out of it.
  std::vector<Document> documents = {};
  std::string patient;  // logical id of the patient whose compartment it is in, "" = none (partition)
  std::optional<std::int64_t>
      if_version;                   // If-Match: the current version must be this (0 = must not exist or be deleted)
  bool if_version_planned = false;  // it is what the plan was made from, not what a client demands: transient conflict
};

// Index rows that a version gets after it was stored: of parameters that it has none of yet, and no words.
struct Addition {
  Key key = 0;
  std::vector<search::IndexRow> rows;
};

struct Batch {
  Access access;
  std::vector<Expectation> expect;
  std::vector<Write> writes;
  std::vector<Addition> additions = {};
  std::vector<Note> notes = {};
};

struct Written {
  enum class Effect : std::uint8_t { created, updated, unchanged, removed, absent } effect = Effect::created;
  std::int64_t version = 0;
  std::int64_t last_updated = 0;
};

using Receipt = std::vector<Written>;  // one per write, in order

class Store {
 public:
  virtual ~Store() = default;
  virtual std::unique_ptr<Snapshot> snapshot() = 0;
  // Told of every batch that was committed, on the writer's thread, before its `done`: caches and subscriptions. Must
  // be quick, and be said before the first commit.
  using Observer = std::function<void(const Batch&, const Receipt&)>;
  virtual void observe(Observer observer) = 0;
  // All or nothing. `done` is called once, on the writer's thread, after the commit is durable.
  // A full queue answers Kind::busy at once.
  virtual void commit(Batch batch, std::function<void(Result<Receipt>)> done) = 0;
};

}  // namespace fhir
