// `alzette load`: files into the store, resumable, with a report of what was refused.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "src/load/intake.h"

namespace alzette::load {

struct LoadOptions {
  std::vector<std::string> paths;
  std::string data;          // folder of the store, where the journal is kept
  std::string refused_file;  // "" = none
  std::string base = "http://127.0.0.1:8080/fhir";
  bool again = false;     // also what was loaded before
  unsigned planners = 0;  // as of Intake::Options
  std::function<void(fhir::Batch&)> keep_documents = nullptr;
};

struct LoadResult {
  Tally tally;
  std::uint64_t files = 0;
  std::uint64_t skipped = 0;         // files that were loaded before
  std::uint64_t refused_before = 0;  // in the part of a file that an interrupted run had done
  double seconds = 0;
  bool complete = true;  // false: a file could not be read to its end, or the store gave up
};

// Refusals are counted and written down; only what stops the load at once is an Outcome.
fhir::Result<LoadResult> load(fhir::Store& store, const LoadOptions& options);

// One line of the report of refusals: an OperationOutcome whose diagnostics begin with the place.
std::string refusal_line(const std::string& place, const fhir::Outcome& outcome);

}  // namespace alzette::load
