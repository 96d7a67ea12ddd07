// `alzette check`: everything that the tables say twice must agree, and documents must have the bytes of their names.
#include <filesystem>
#include <unordered_set>

#include "fhir/incoming.h"
#include "fhir/search/custom.h"
#include "src/store/match.h"
#include "src/store/sqlite/folder.h"
#include "src/store/sqlite/index.h"
#include "src/store/sqlite/names.h"
#include "src/store/sqlite/packing.h"
#include "src/store/store.h"

namespace alzette::store {

namespace sqlite {

namespace {

using fhir::Key;

constexpr const char* count_index_rows =
    "SELECT (SELECT count(*) FROM token) + (SELECT count(*) FROM string) + (SELECT count(*) FROM uri) + "
    "(SELECT count(*) FROM date) + (SELECT count(*) FROM number) + (SELECT count(*) FROM quantity) + "
    "(SELECT count(*) FROM reference) + (SELECT count(*) FROM composite)";

constexpr const char* delete_index_rows =
    "DELETE FROM token; DELETE FROM string; DELETE FROM uri; DELETE FROM date; DELETE FROM number; "
    "DELETE FROM quantity; DELETE FROM reference; DELETE FROM composite";

class Checking {
 public:
  Checking(Connection& connection, const Blobs& blobs, const Progress& progress)
      : connection_(connection), blobs_(blobs), progress_(progress), index_(connection) {}

  Report run(bool repair) {
    structure();
    const bool sound = report_.whole();  // a damaged file cannot be repaired from itself
    versions();
    const bool readable = bodies();
    index_rows(repair && sound);
    texts(repair && sound, readable);
    files(repair && sound);
    return std::move(report_);
  }

 private:
  void fault(const std::string& text) {
    constexpr std::size_t most = 100;
    if (++report_.fault_count <= most) report_.faults.push_back(text);
  }
  std::int64_t number(const char* sql) {
    auto row = connection_.take(sql);
    return row.step() ? row.integer(0) : 0;
  }

  void structure() {
    auto row = connection_.take("PRAGMA integrity_check");
    while (row.step())
      if (row.text(0) != "ok") fault("database file: " + std::string(row.text(0)));
  }

  bool bodies() {
    bool readable = true;
    packing_.load(connection_);
    auto row = connection_.take("SELECT key, bytes, record FROM body");
    while (row.step()) {
      if (packing_.unpack(row.text(1)) && packing_.unpack(row.text(2))) continue;
      fault("version " + std::to_string(row.integer(0)) + ": its body cannot be unpacked");
      readable = false;
    }
    return readable;
  }

  // Each version against those before and after it, its body, its list of postings and the index.
  void versions() {
    const auto all = static_cast<std::uint64_t>(number("SELECT count(*) FROM version"));
    auto row = connection_.take(
        "SELECT v.key, v.rid, v.type, v.version, v.method, v.ordinal, v.live, v.postings, s.until, i.current, n.key, "
        "b.version, p.method FROM version v LEFT JOIN superseded s ON s.key = v.key "
        "LEFT JOIN identity i ON i.rid = v.rid LEFT JOIN version n ON n.rid = v.rid AND n.version = v.version + 1 "
        "LEFT JOIN version p ON p.rid = v.rid AND p.version = v.version - 1 "
        "LEFT JOIN body b ON b.key = v.key ORDER BY v.key");
    std::int64_t sequence = 0;
    while (row.step()) {
      const Key key = row.integer(0);
      const std::string name = "version " + std::to_string(key);
      const bool removed = row.integer(4) == static_cast<std::int64_t>(fhir::Method::remove);
      const bool was_live = !row.is_null(12) && row.integer(12) != static_cast<std::int64_t>(fhir::Method::remove);
      if (key >> fhir::shard_bits != ++sequence) {
        fault(name + " leaves a gap in the sequence");
        sequence = key >> fhir::shard_bits;
      }
      auto& counted = counts_[row.integer(2)];
      counted.first += 1;
      counted.second += int{!removed} - int{was_live};
      if (counted.first != row.integer(5) || counted.second != row.integer(6)) fault(name + ": counts are wrong");
      if (row.integer(3) > 1 && row.is_null(12)) fault(name + ": the version before it is missing");
      const bool newest = row.is_null(10);
      if (newest && row.integer(9) != key) fault(name + " is the newest, but not the current one");
      const std::int64_t ended = removed ? sequence : newest ? 0 : row.integer(10) >> fhir::shard_bits;
      if (ended != (row.is_null(8) ? 0 : row.integer(8))) fault(name + ": wrong end of its life");
      if (removed ? !row.is_null(11) : row.integer(11) != row.integer(3))
        fault(name + ": its body does not belong to it");
      postings(key, row.text(7), name);
      if (++report_.versions % 4096 == 0 && progress_) progress_(report_.versions, all);
    }
    flush();
    if (number("SELECT count(*) FROM body") != number("SELECT count(*) FROM version WHERE method <> 2"))
      fault("there are bodies without a version");
  }

  void postings(Key key, std::string_view list, const std::string& name) {
    std::vector<Posting> all;
    Posting posting;
    Postings reader(list);
    while (reader.next(posting)) all.push_back(posting);
    if (reader.damaged()) fault(name + ": its index list is damaged");
    report_.postings += all.size();
    index_.add(key, all);
    constexpr std::size_t most_pending = 100'000;
    if (index_.size() >= most_pending) flush();
  }
  void flush() { missing_ += index_.compare(); }

  void index_rows(bool repair) {
    const auto there = static_cast<std::uint64_t>(number(count_index_rows));
    if (missing_ == 0 && there == index_.rows()) return;
    fault("index: " + std::to_string(missing_) + " rows are missing or wrong, " + std::to_string(there) +
          " are there instead of " + std::to_string(index_.rows()));
    if (!repair) return;
    connection_.run("BEGIN IMMEDIATE");
    connection_.run(delete_index_rows);
    auto row = connection_.take("SELECT key, postings FROM version ORDER BY key");
    while (row.step()) {
      std::vector<Posting> all;
      Posting posting;
      for (Postings reader(row.text(1)); reader.next(posting);) all.push_back(posting);
      index_.add(row.integer(0), all);
      constexpr std::size_t most_pending = 100'000;
      if (index_.size() >= most_pending) index_.flush();
    }
    row.reset();
    index_.flush();
    connection_.run("COMMIT");
    report_.repaired.push_back("index rows were written anew");
  }

  // The text index holds no rows that could be compared: it is looked at by itself, and a repair writes it anew from
  // the bodies, those as well that are older than it. A whole one keeps the words of bodies that cannot be read.
  void texts(bool repair, bool readable) {
    bool whole = true;
    try {
      connection_.run("INSERT INTO words(words) VALUES('integrity-check')");
    } catch (const Failure& why) {
      if (!why.corrupt()) throw;
      fault("text index: " + std::string(why.what()));
      whole = false;
    }
    if (!repair || (whole && !readable)) return;
    Names names;
    names.load(connection_);
    connection_.run("BEGIN IMMEDIATE");
    connection_.run("INSERT INTO words(words) VALUES('delete-all')");
    auto row = connection_.take("SELECT v.key, v.type, b.bytes FROM version v JOIN body b ON b.key = v.key");
    auto text = connection_.take("INSERT INTO words(rowid, text) VALUES(?, ?)");
    while (row.step()) {
      const auto* type = names.type(row.integer(1));
      const auto body = packing_.unpack(row.text(2));
      const auto words = type && body ? words_of(*type, *body, names) : std::string();
      if (!words.empty()) text.run(row.integer(0), std::string_view(words));
    }
    row.reset();
    connection_.run("COMMIT");
    report_.repaired.push_back("the text index was written anew");
  }

  std::string words_of(const fhir::Type& type, std::string_view body, Names& names) {
    std::string words;
    const auto incoming = fhir::receive(body, fhir::Format::json, true);  // without its documents it may be faulty
    if (!incoming) return words;
    for (const auto& row : fhir::search::extract(*incoming->resource, {})) {
      if (row.value.kind != fhir::search::IndexKind::words) continue;
      const auto code = fhir::search::stored_code(*row.parameter);
      mark_words(names.intern(parameter_name(type.name, code, row.facet), connection_), row.value.text, words);
    }
    return words;
  }

  void files(bool repair) {
    std::unordered_set<std::string> named;
    auto row = connection_.take("SELECT key, files FROM body WHERE files IS NOT NULL");
    while (row.step()) {
      const bool whole = Blobs::each(row.text(1), [&](const Blobs::File& file) {
        if (!named.insert(file.hash).second) return;
        ++report_.blobs;
        if (!blobs_.intact(file)) fault("document " + file.hash + " is missing or altered");
      });
      if (!whole) fault("version " + std::to_string(row.integer(0)) + ": its list of documents is damaged");
    }
    // A crash between document and row, or a refused write, leaves one that nothing names: no fault.
    blobs_.each_stored([&](const std::string& hash) {
      if (named.contains(hash) || !repair) return;
      if (blobs_.remove(hash)) report_.repaired.push_back("document " + hash + ", which nothing names, was removed");
    });
  }

  Connection& connection_;
  const Blobs& blobs_;
  const Progress& progress_;
  IndexRows index_;
  Packing packing_;
  Report report_;
  std::size_t missing_ = 0;
  std::unordered_map<Name, std::pair<std::int64_t, std::int64_t>> counts_;
};

}  // namespace

}  // namespace sqlite

fhir::Result<Report> check(const std::string& folder, bool repair, const Progress& progress) {
  if (!std::filesystem::exists(sqlite::database_file(folder)))
    return fhir::Outcome(fhir::Kind::absent, "not-found", folder + " holds no store; name its folder with --data");
  sqlite::Lock lock;
  if (auto refused = lock.take(folder)) return std::move(*refused);
  try {
    using Mode = sqlite::Connection::Mode;
    sqlite::Connection connection(sqlite::database_file(folder), Mode::write,
                                  {.cache_kib = 128 * 1024, .mmap_bytes = 0});
    if (auto refused = sqlite::migrate(connection)) return std::move(*refused);
    const Blobs blobs(sqlite::blob_folder(folder));
    return sqlite::Checking(connection, blobs, progress).run(repair);
  } catch (const sqlite::Failure& why) {
    if (!why.corrupt())
      return fhir::Outcome(fhir::Kind::internal, "exception", "the store cannot be read: " + std::string(why.what()));
    Report report;
    report.fault_count = 1;
    report.faults.push_back(why.what());
    return report;
  }
}

}  // namespace alzette::store
