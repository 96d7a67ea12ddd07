// SQLite connections and statements: see connection.h.
#include "src/store/sqlite/connection.h"

#include <sqlite3.h>

#include <algorithm>

#include "src/store/sqlite/log_vfs.h"

namespace alzette::store::sqlite {
namespace {

constexpr int patience = 10'000;  // milliseconds for what another connection holds

}  // namespace

bool Failure::disk_full() const { return (code_ & 0xff) == SQLITE_FULL; }
Failure Failure::damaged(const std::string& what) { return {SQLITE_CORRUPT, what}; }
bool Failure::corrupt() const { return (code_ & 0xff) == SQLITE_CORRUPT || (code_ & 0xff) == SQLITE_NOTADB; }

Statement::Statement(Connection& connection, const char* sql)
    : connection_(&connection), sql_(sql), statement_(connection.lend(sql)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(sql_, other.sql_);
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() {
  if (statement_) connection_->take_back(sql_, statement_);
}

void Statement::bind(int at, std::int64_t value) {
  if (int code = sqlite3_bind_int64(statement_, at, value)) connection_->fail(code, "bind");
}
void Statement::bind(int at, double value) {
  if (int code = sqlite3_bind_double(statement_, at, value)) connection_->fail(code, "bind");
}
void Statement::bind(int at, std::string_view text) {
  // A null pointer would be SQL NULL.
  const char* data = text.data() ? text.data() : "";
  if (int code = sqlite3_bind_text64(statement_, at, data, text.size(), SQLITE_STATIC, SQLITE_UTF8))
    connection_->fail(code, "bind");
}
void Statement::bind(int at, Bytes bytes) {
  const char* data = bytes.view.data() ? bytes.view.data() : "";
  if (int code = sqlite3_bind_blob64(statement_, at, data, bytes.view.size(), SQLITE_STATIC))
    connection_->fail(code, "bind");
}
void Statement::bind(int at, std::nullptr_t) {
  if (int code = sqlite3_bind_null(statement_, at)) connection_->fail(code, "bind");
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  connection_->fail(code, sql_);
}

void Statement::reset() { sqlite3_reset(statement_); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }
std::string_view Statement::text(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return data ? std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
              : std::string_view();
}
bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

// Nobody asks SQLite how much memory it has, and counting would make every allocation of every thread wait for one
// lock.
bool without_accounts() { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK; }

Connection::Connection(const std::string& file, Mode mode, const Tuning& tuning) {
  static const bool configured = without_accounts();  // before SQLite is first used
  static_cast<void>(configured);
  // Each connection is used by one thread at a time. Readers open for writing as well: in WAL mode a reader
  // may have to rebuild the shared index after a crash; query_only keeps them from changing data.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == Mode::create ? SQLITE_OPEN_CREATE : 0);
  const char* vfs = mode == Mode::read ? nullptr : log_vfs();
  if (int code = sqlite3_open_v2(file.c_str(), &db_, flags, vfs)) {
    const std::string why = db_ ? sqlite3_errmsg(db_) : "out of memory";
    sqlite3_close(db_);
    throw Failure(code, "cannot open " + file + ": " + why);
  }
  try {
    set_up(mode, tuning);
  } catch (const Failure&) {
    sqlite3_close_v2(db_);
    throw;
  }
}

void Connection::set_up(Mode mode, const Tuning& tuning) {
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_timeout(db_, patience);
  if (mode == Mode::create) run("PRAGMA page_size=4096");
  run(("PRAGMA cache_size=-" + std::to_string(tuning.cache_kib)).c_str());
  run(("PRAGMA mmap_size=" + std::to_string(tuning.mmap_bytes)).c_str());
  run("PRAGMA temp_store=MEMORY");
  if (mode == Mode::read) {
    run("PRAGMA query_only=1");
  } else {
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("PRAGMA wal_autocheckpoint=0");
  }
}

Connection::~Connection() {
  for (auto& [sql, statements] : idle_)
    for (auto* statement : statements) sqlite3_finalize(statement);
  sqlite3_close_v2(db_);
}

void Connection::run(const char* sql) {
  if (int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)) fail(code, sql);
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

sqlite3_stmt* Connection::lend(const char* sql) {
  auto& idle = idle_[sql];
  if (!idle.empty()) {
    auto* statement = idle.back();
    idle.pop_back();
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  if (int code = sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr)) fail(code, sql);
  return statement;
}

void Connection::take_back(const char* sql, sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  constexpr std::size_t spare = 16;
  auto& idle = idle_[sql];
  if (idle.size() < spare)
    idle.push_back(statement);
  else
    sqlite3_finalize(statement);
}

void Connection::fail(int code, const char* doing) const {
  throw Failure(code, std::string(sqlite3_errmsg(db_)) + " (" + std::to_string(code) + ") in: " + doing);
}

void Connection::copy_to(const std::string& file, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  sqlite3* target = nullptr;
  int code = sqlite3_open_v2(file.c_str(), &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  sqlite3_backup* backup = code ? nullptr : sqlite3_backup_init(target, "main", db_, "main");
  if (backup) {
    // The source holds a read transaction, so writers do not restart the copy.
    while ((code = sqlite3_backup_step(backup, 1024)) == SQLITE_OK) {
      const auto all = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup));
      const auto left = static_cast<std::uint64_t>(sqlite3_backup_remaining(backup));
      if (progress) progress(all - left, all);
    }
    code = sqlite3_backup_finish(backup);
  }
  const std::string why = target ? sqlite3_errmsg(target) : "out of memory";
  sqlite3_close(target);
  if (code != SQLITE_OK) throw Failure(code, "backup to " + file + ": " + why);
}

std::uint64_t Connection::checkpoint(Checkpoint kind, std::chrono::milliseconds for_readers) {
  const int mode = kind == Checkpoint::passive   ? SQLITE_CHECKPOINT_PASSIVE
                   : kind == Checkpoint::restart ? SQLITE_CHECKPOINT_RESTART
                                                 : SQLITE_CHECKPOINT_TRUNCATE;
  sqlite3_busy_timeout(db_, static_cast<int>(for_readers.count()));
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, mode, nullptr, &moved);
  sqlite3_busy_timeout(db_, patience);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) fail(code, "checkpoint");
  return static_cast<std::uint64_t>(std::max(moved, 0));
}

void Connection::sync_database() {
  sqlite3_file* file = nullptr;
  if (int code = sqlite3_file_control(db_, "main", SQLITE_FCNTL_FILE_POINTER, &file)) fail(code, "sync");
  if (int code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL))
    throw Failure(code, "the database could not be synced");
}

void Connection::commit_unsynced() {
  if (!log_)
    if (int code = sqlite3_file_control(db_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log_)) fail(code, "COMMIT");
  leave_syncs(log_, true);
  const int code = sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr);
  leave_syncs(log_, false);
  if (code != SQLITE_OK) fail(code, "COMMIT");
}

void Connection::sync_log() const {
  if (int code = sqlite::sync_log(log_)) throw Failure(code, "the log could not be synced");
}

void Connection::on_commit(std::function<void(int)> told) {
  told_ = std::move(told);
  sqlite3_wal_hook(
      db_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->told_(pages);
        return SQLITE_OK;
      },
      this);
}

}  // namespace alzette::store::sqlite
