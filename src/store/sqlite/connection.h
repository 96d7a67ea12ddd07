// SQLite connections and statements. connection.cpp and log_vfs.cpp alone know sqlite3.h.
// Errors are thrown as Failure and turned into Outcomes at the store's door.
// https://www.sqlite.org/c3ref/intro.html
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct sqlite3;
struct sqlite3_file;
struct sqlite3_stmt;

namespace alzette::store::sqlite {

class Failure : public std::runtime_error {
 public:
  Failure(int code, const std::string& what) : std::runtime_error(what), code_(code) {}
  static Failure damaged(const std::string& what);  // corrupt()
  bool disk_full() const;
  bool corrupt() const;

 private:
  int code_;
};

// Bytes to bind as BLOB; a string_view alone is bound as TEXT.
struct Bytes {
  std::string_view view;
};
struct BytesOrNull {  // NULL when empty
  std::string_view view;
};

class Connection;

// A prepared statement on loan from its connection; goes back, reset, when it dies. Bound text is not copied: it
// must live until the next reset.
class Statement {
 public:
  Statement() = default;
  Statement(Connection& connection, const char* sql);
  Statement(Statement&& other) noexcept { *this = std::move(other); }
  Statement& operator=(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  void bind(int at, std::int64_t value);
  void bind(int at, double value);
  void bind(int at, std::string_view text);
  void bind(int at, Bytes bytes);
  void bind(int at, BytesOrNull bytes) { bytes.view.empty() ? bind(at, nullptr) : bind(at, Bytes{bytes.view}); }
  void bind(int at, std::nullptr_t);
  template <class... Args>
  Statement& with(Args... args) {
    reset();
    int at = 0;
    (bind(++at, args), ...);
    return *this;
  }
  // Binds, runs to the end and resets.
  template <class... Args>
  void run(Args... args) {
    with(args...);
    while (step()) {
    }
    reset();
  }
  bool step();  // true: a row
  void reset();

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;  // also of BLOBs; valid until the next step or reset
  bool is_null(int column) const;

 private:
  Connection* connection_ = nullptr;
  const char* sql_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

class Connection {
 public:
  enum class Mode : std::uint8_t { read, write, create };
  struct Tuning {
    std::int64_t cache_kib = 4096;
    std::int64_t mmap_bytes = 0;
  };
  Connection(const std::string& file, Mode mode, const Tuning& tuning);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // `sql` must be a constant: statements are kept by its address.
  Statement take(const char* sql) { return Statement(*this, sql); }
  void run(const char* sql);
  bool in_transaction() const;

  // Copies this database, as it is now, into `file` while others go on reading and writing.
  void copy_to(const std::string& file, const std::function<void(std::uint64_t, std::uint64_t)>& progress);
  // Moves the log into the database: as far as nobody reads it (passive); readers are waited for, those that come
  // meanwhile do without the log, and the next commit starts it anew (restart); or it is emptied (truncate). Answers
  // how many pages of the log are in the database then.
  enum class Checkpoint : std::uint8_t { passive, restart, truncate };
  std::uint64_t checkpoint(Checkpoint kind, std::chrono::milliseconds for_readers = std::chrono::seconds(10));
  // What a passive checkpoint moved is on the disk then. The one that moves the last page waits for that by itself.
  void sync_database();
  // A COMMIT whose pages are in the log but not surely on the disk: a power cut may undo it until sync_log(), which any
  // thread may call while this connection goes on, has come back.
  void commit_unsynced();
  void sync_log() const;
  // Pages in the log after each commit.
  void on_commit(std::function<void(int)> told);

 private:
  friend class Statement;
  void set_up(Mode mode, const Tuning& tuning);
  sqlite3_stmt* lend(const char* sql);
  void take_back(const char* sql, sqlite3_stmt* statement);
  [[noreturn]] void fail(int code, const char* doing) const;

  sqlite3* db_ = nullptr;
  sqlite3_file* log_ = nullptr;  // known from the first commit_unsynced() on
  std::unordered_map<const char*, std::vector<sqlite3_stmt*>> idle_;
  std::function<void(int)> told_;
};

}  // namespace alzette::store::sqlite
