// The files of a load: which ones, in which order, and their text in pieces, gzip or plain.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"

namespace alzette::load {

struct File {
  std::string path;
  std::uint64_t size = 0;     // bytes on disk
  std::int64_t modified = 0;  // nanoseconds since 1970, as the file system tells
};

// Files as named, folders with all their .json, .xml, .ndjson and .jsonl files (.gz too) by name. What others
// refer to comes first: Synthea's hospitalInformation*, then practitionerInformation*, and in a folder of NDJSON by
// type Organization, Location, Practitioner, PractitionerRole, Patient before the rest.
fhir::Result<std::vector<File>> files_of(const std::vector<std::string>& paths);

// Rank of a file in that order, by its name alone: files of one rank may refer to those of a lower one.
int rank_of(std::string_view path);

// Some text of a file: either one document (line 0) or whole lines of NDJSON from `line` on.
struct Text {
  std::uint64_t line = 0;  // 1-based number of its first line; 0: the file is one document
  std::string text;
};

// Reads a file from its beginning. Lines are handed out about 128 at a time.
class Reader {
 public:
  explicit Reader(const File& file);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // The next piece, nothing at the end, or why the file cannot be read (damaged gzip, larger than we take).
  fhir::Result<std::optional<Text>> next();
  std::uint64_t bytes_read() const;  // of the file on disk: for progress

 private:
  struct State;
  bool fill();
  fhir::Result<std::optional<Text>> lines();
  fhir::Result<std::optional<Text>> document();
  std::unique_ptr<State> state_;
};

}  // namespace alzette::load
