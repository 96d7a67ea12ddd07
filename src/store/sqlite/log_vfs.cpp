// The joined log: see log_vfs.h.
#include "src/store/sqlite/log_vfs.h"

#include <sqlite3.h>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace alzette::store::sqlite {

namespace {

constexpr std::size_t longest_run = 0x1ffff;  // the most that SQLite's default file system writes in one call

std::atomic<std::uint64_t> syncs{0};

// The log of one connection: the file of the default file system lies right behind it in memory.
struct Log {
  sqlite3_file base;
  std::string run;  // written by SQLite, not yet by us
  sqlite3_int64 run_at = 0;
  bool begins = false;  // a header was written since the last sync
  bool leaves = false;  // leave_syncs
  std::atomic<bool> left{false};

  sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(this + 1); }

  int flush() {
    if (run.empty()) return SQLITE_OK;
    const int code = file()->pMethods->xWrite(file(), run.data(), static_cast<int>(run.size()), run_at);
    run.clear();
    return code;
  }
};

static_assert(alignof(Log) <= alignof(sqlite3_int64), "SQLite aligns its files to this");

Log& log_of(sqlite3_file* file) { return *reinterpret_cast<Log*>(file); }

int close(sqlite3_file* file) {
  auto& log = log_of(file);
  const int flushed = log.flush();
  const int closed = log.file()->pMethods->xClose(log.file());
  log.~Log();
  return flushed != SQLITE_OK ? flushed : closed;
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) try {
  auto& log = log_of(file);
  const auto bytes = static_cast<std::size_t>(size);
  const bool joins = at == log.run_at + static_cast<sqlite3_int64>(log.run.size());
  if (!joins || log.run.size() + bytes > longest_run)
    if (const int code = log.flush()) return code;
  if (log.run.empty()) log.run_at = at;
  if (at == 0) log.begins = true;
  log.run.append(static_cast<const char*>(data), bytes);
  return SQLITE_OK;
} catch (const std::bad_alloc&) {  // must not fly through SQLite
  return SQLITE_IOERR_NOMEM;
}

int sync(sqlite3_file* file, int flags) {
  auto& log = log_of(file);
  if (const int code = log.flush()) return code;
  if (!std::exchange(log.begins, false) && log.leaves) {
    log.left = true;
    return SQLITE_OK;
  }
  ++syncs;
  return log.file()->pMethods->xSync(log.file(), flags);
}

// Everything else sees the file with all that was written.
template <auto Method, class... Args>
int after_flush(sqlite3_file* file, Args... args) {
  auto& log = log_of(file);
  if (const int code = log.flush()) return code;
  return (log.file()->pMethods->*Method)(log.file(), args...);
}

template <auto Method, class... Args>
int straight(sqlite3_file* file, Args... args) {
  auto& log = log_of(file);
  return (log.file()->pMethods->*Method)(log.file(), args...);
}

using M = sqlite3_io_methods;
const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = close,
    .xRead = after_flush<&M::xRead, void*, int, sqlite3_int64>,
    .xWrite = write,
    .xTruncate = after_flush<&M::xTruncate, sqlite3_int64>,
    .xSync = sync,
    .xFileSize = after_flush<&M::xFileSize, sqlite3_int64*>,
    .xLock = straight<&M::xLock, int>,
    .xUnlock = straight<&M::xUnlock, int>,
    .xCheckReservedLock = straight<&M::xCheckReservedLock, int*>,
    .xFileControl = straight<&M::xFileControl, int, void*>,
    .xSectorSize = straight<&M::xSectorSize>,
    .xDeviceCharacteristics = straight<&M::xDeviceCharacteristics>,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

sqlite3_vfs* below(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* base = below(vfs);
  if (!(flags & SQLITE_OPEN_WAL)) return base->xOpen(base, name, file, flags, out_flags);
  auto* log = new (file) Log{};
  const int code = base->xOpen(base, name, log->file(), flags, out_flags);
  if (code == SQLITE_OK)
    log->base.pMethods = &methods;
  else
    log->~Log();
  return code;
}

}  // namespace

const char* log_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs* base = sqlite3_vfs_find(nullptr);
    sqlite3_vfs own = *base;
    own.zName = "alzette-log";
    own.pAppData = base;
    own.pNext = nullptr;
    own.szOsFile += static_cast<int>(sizeof(Log));
    own.xOpen = open;
    return own;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  return registered == SQLITE_OK ? vfs.zName : nullptr;
}

void leave_syncs(sqlite3_file* log, bool on) { log_of(log).leaves = on; }

int sync_log(sqlite3_file* log) {
  if (!log_of(log).left.exchange(false)) return SQLITE_OK;
  ++syncs;
  auto* file = log_of(log).file();
  return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

std::uint64_t log_syncs() { return syncs; }

}  // namespace alzette::store::sqlite
