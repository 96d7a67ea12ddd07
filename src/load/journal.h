// What was loaded already: a text file in the data folder, one line whenever a file has come further.
// It is written after the store has made the resources durable, so a crash repeats a little and loses nothing; the
// repeat is harmless, because ids that the server gives are derived from the file's line here and come out the same.
//
//   started-ms TAB items-done TAB items-refused TAB finished TAB size TAB modified TAB path
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "src/load/files.h"

namespace alzette::load {

struct Progress {
  std::int64_t started = 0;   // milliseconds since 1970; of no two files the same
  std::uint64_t done = 0;     // lines or documents from the beginning that need not be looked at again
  std::uint64_t refused = 0;  // of these
  bool finished = false;
};

class Journal {
 public:
  // Reads what there is. An unreadable or missing journal is an empty one.
  explicit Journal(std::string folder);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Where `file` stands. A file seen for the first time (or changed since) gets its time, which must be on disk
  // (sync) before anything is made with it. `again` starts a file over, with the time it had.
  Progress begin(const File& file, std::int64_t now, bool again);
  void record(const File& file, const Progress& progress);
  void sync();

 private:
  void append(const std::string& text);
  std::string path_;
  std::map<std::string, Progress> files_;  // by size, time and path
  std::int64_t latest_ = 0;
  int descriptor_ = -1;
};

}  // namespace alzette::load
