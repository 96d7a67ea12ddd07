// What the planner asks of an engine: one consistent view of the index, in keys and interned names. An engine
// (sqlite/) implements it; plan, match, search and include know nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/store.h"
#include "src/store/posting.h"

namespace alzette::store {

using fhir::Key;

// A range of one index table. The first seven shapes come in key order; the others in the order of their values.
struct Scan {
  enum class Shape : std::uint8_t {
    type,        // all versions of the type `parameter`
    token,       // code `from`, `system`
    system,      // any code of `system`
    reference,   // `target`
    uri,         // `from`
    text,        // string `from`
    words,       // full text: the words `from` one behind the other; `open_end`: the last one may go on
    strings,     // [from, to)
    uris,        // [from, to)
    dates,       // `bucket`, least_time..most_time inclusive
    numbers,     // least..most inclusive
    quantities,  // `canonical`, least..most inclusive
    composites,  // token part `from`, second part least..most inclusive
  };
  Shape shape = Shape::type;
  Name parameter = 0;
  std::string from = {};
  std::string to = {};
  Name system = 0;
  Rid target = 0;
  // 0: no longer than a day, by low; 1: longer, by low; 2: longer, by high.
  std::int64_t bucket = 0;
  std::int64_t least_time = INT64_MIN;
  std::int64_t most_time = INT64_MAX;
  bool canonical = false;
  bool open_end = false;
  double least = 0;
  double most = 0;
  bool in_key_order() const { return shape <= Shape::words; }
};

inline constexpr std::int64_t day = 86'400'000;

// Keys in ascending order, or descending.
class Keys {
 public:
  virtual ~Keys() = default;
  virtual bool next(Key& key) = 0;
  // The next key is `key` or the nearest one behind it.
  virtual void seek(Key key) = 0;
  // Whether the last key surely meets the condition whose range this is.
  virtual bool proven() const { return false; }
};

// Where a row stands in a table of values that have an order; what the kind does not have is 0.
struct Place {
  std::int64_t at = 0;  // date: the end that the bucket is ordered by, and the other one
  std::int64_t other = 0;
  double number = 0;
  std::string text = {};
  Name system = 0;
  Key key = 0;
};

// One of them, with what it holds of the value.
struct Row {
  Key key = 0;
  bool only = false;  // the resource has no other value in the range that sorts before or after this one
  std::int64_t at = 0;
  std::int64_t other = 0;
  double number = 0;
};

// Rows of a range in the order of its table.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual bool next(Row& row) = 0;
};

struct Entry {
  Key key = 0;
  Rid rid = 0;
  Name type = 0;
  std::int64_t version = 0;
  std::int64_t instant = 0;
  fhir::Method method = fhir::Method::create;
  bool current = false;       // in this view
  std::string_view postings;  // until the next call of entry(), and of next() of the keys that brought it
};

struct Identity {
  Name type = 0;
  std::string id;
};

class View {
 public:
  virtual ~View() = default;
  virtual Key last() const = 0;  // the newest key that this view may see

  // Scans in key order only. `entries`: the entry of each key will be asked for, before the next one.
  virtual std::unique_ptr<Keys> keys(const Scan& scan, bool descending, bool entries) = 0;
  // Every key of the scan, older than or equal to last(), until `take` answers false. Keys may repeat.
  virtual void each(const Scan& scan, const std::function<bool(const Row&)>& take) = 0;
  // Of a range of strings, dates, numbers or quantities, behind a row of it (nullptr: from its start).
  virtual std::unique_ptr<Rows> in_order(const Scan& scan, const Place* after) = 0;
  virtual std::uint64_t estimate(const Scan& scan, std::uint64_t at_most) = 0;
  // Current resources that a scan in key order finds, at most `at_most`.
  virtual std::uint64_t count(const Scan& scan, std::uint64_t at_most) = 0;
  // The systems under which a code is indexed.
  virtual std::vector<Name> systems(Name parameter, const std::string& code, std::size_t at_most) = 0;
  // The different texts that a string parameter has or had, in any order; nothing when there are more than a few
  // thousand.
  virtual std::shared_ptr<const std::vector<std::string>> texts(Name parameter) = 0;
  virtual bool has_words(const Scan& words, Key key) = 0;  // whether that scan would find this key
  // Keys in the order of the parameter's smallest (descending: largest) values, each resource once; from the
  // value of `from` and `from_key` on (nullptr: from the start). Not for references and composites.
  virtual std::unique_ptr<Keys> sorted(Name parameter, fhir::search::IndexKind kind, bool descending, const Value* from,
                                       Key from_key) = 0;
  // Logical ids of a type in order, as keys of their current versions.
  virtual std::unique_ptr<Keys> by_id(Name type, bool descending, const std::string* from) = 0;

  virtual bool current(Key key) = 0;    // neither deleted nor replaced in this view
  virtual Key current_of(Rid rid) = 0;  // 0: none
  virtual bool entry(Key key, Entry& out) = 0;
  virtual Identity identity(Rid rid) = 0;
  virtual Key first_at(std::int64_t instant) = 0;  // the first key stored at or after that time

  virtual Name name(std::string_view text) = 0;         // or `unknown`
  virtual Rid rid(Name type, std::string_view id) = 0;  // or `unknown`
  virtual const fhir::Type* type(Name name) = 0;        // nullptr: not a resource type
  virtual std::vector<const fhir::Type*> types() = 0;   // with anything stored
  virtual std::uint64_t live(Name type) = 0;
};

}  // namespace alzette::store
