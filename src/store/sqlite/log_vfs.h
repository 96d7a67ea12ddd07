// A SQLite file system that writes the log in long runs. SQLite hands every page of a commit over as two small writes
// (a frame's 24-byte header, then its page); here consecutive writes to the log are joined and leave as one when the
// log is synced or read, or the run gets too long. All other files go to the default file system untouched.
// https://www.sqlite.org/vfs.html, https://www.sqlite.org/fileformat2.html#walformat
#pragma once

#include <cstdint>

struct sqlite3_file;

namespace alzette::store::sqlite {

// Registers the file system, once per process; its name, for sqlite3_open_v2.
const char* log_vfs();

// While on, a sync of this log hands over what was joined and does not wait for the disk; but that behind a new header
// does: where a power cut left the old header before new frames, old ones would be taken for the newest.
void leave_syncs(sqlite3_file* log, bool on);

// Does what was left: waits until all that was handed over before is on the disk. Any thread, whatever others do with
// the log meanwhile. SQLite's result code.
int sync_log(sqlite3_file* log);

// How often the log was synced since the start of the process.
std::uint64_t log_syncs();

}  // namespace alzette::store::sqlite
