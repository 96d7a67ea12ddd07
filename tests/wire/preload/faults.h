// What a test and the library that stands between the server and the disk (faults.cpp) share: a mapped file.
#pragma once

#include <atomic>
#include <cstdint>

namespace wire {

// Each countdown: -1 = off; 0 = the next call fails, once; the disk stays full until `room` is -1 again.
struct Faults {
  std::atomic<std::int64_t> room;    // bytes that still fit: then ENOSPC
  std::atomic<std::int64_t> writes;  // then EIO
  std::atomic<std::int64_t> syncs;   // then EIO
  std::atomic<std::int64_t> memory;  // allocations; then ENOMEM
  std::atomic<std::int64_t> moves;   // writes to the database file itself; then ENOSPC until -1 again
  std::atomic<std::int64_t> moved;   // syncs of the database file itself; then EIO
  std::atomic<std::int64_t> seen;    // how often something failed
  std::atomic<std::int64_t> ahead;   // seconds of the wall clock before the right time; no countdown
};

// One call in the record. A sync covers what was written before it; its name may be a folder's.
struct Call {
  enum Kind : std::uint32_t { start, open, write, truncate, sync, rename, remove } kind;
  std::int32_t fd;      // the number of the open file
  std::uint64_t at;     // offset, or length of truncate, or length of the old name of rename
  std::uint64_t bytes;  // that follow: what was written, or names
};

}  // namespace wire
