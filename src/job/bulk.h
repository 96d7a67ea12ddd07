// What Bulk Data jobs are asked and where they stand. Bulk Data Access 2.0:
// http://hl7.org/fhir/uv/bulkdata/STU2/export.html
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "src/job/job.h"

namespace alzette::job {

inline constexpr std::string_view export_kind = "export";

enum class Extent : std::uint8_t { system, patients, group };

// An export as asked for.
struct Export {
  Extent extent = Extent::system;
  std::string url;           // the whole request, for the manifest
  std::string group;         // logical id
  std::string since, until;  // instants as given, "" = none
  std::vector<std::string> types;
  bool typed = false;                 // these types alone, if any; otherwise all
  std::vector<std::string> filters;   // "Observation?code=x", several of one type: any
  std::vector<std::string> elements;  // "id", "Patient.name"
  std::vector<std::string> patients;  // logical ids
  bool chosen = false;                // these patients alone, if any; otherwise all
  std::vector<std::string> ignored;   // lenient handling: what was left out, and why
};

std::string to_text(const Export& wanted);
Export export_of(std::string_view text);

// Types that the export looks at, as far as `access` may search them.
std::vector<const fhir::Type*> types_of(const Export& wanted, const fhir::Access& access);

// What of `type` belongs to the export. Refuses filters that are no searches. Of Provenance it finds more than belongs
// to patients: see of_patients.
fhir::Result<fhir::search::Query> query_of(const Export& wanted, const fhir::Type& type, std::string_view base,
                                           const fhir::search::Meanings* meanings);

// Of resources ("Observation/1") those that are in the compartment of a patient whose data is exported. As Provenance
// stands in no compartment of what it tells about, its targets are asked for: those of a patient's record belong to it.
fhir::Result<std::set<std::string>> of_patients(const Export& wanted, const std::set<std::string>& names,
                                                fhir::Snapshot& snapshot, const fhir::Access& access);

// A file of a job's folder as the manifest shows it.
struct File {
  std::string role;  // the manifest's list: "output", "deleted", "error"
  std::string type;
  std::string name;
  std::string input;  // import: the address that it tells about
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;  // durable; what lies behind them is of a step that was never finished
};

struct Progress {
  std::string start;  // page token of the moment that is exported
  std::string time;   // that moment
  std::uint64_t at = 0;
  std::string page;  // of the type at `at`, "" = the first one
  std::uint64_t total = 0;
  std::vector<File> files;
};

std::string to_text(const Progress& progress);
Progress progress_of(std::string_view text);

// Appends lines (NDJSON) to the newest file of that role and type, or to a new one when that is large. Durable when it
// returns true. What an unfinished step left in the file is overwritten.
bool append(const std::string& folder, std::string_view role, std::string_view type, std::string_view lines,
            std::uint64_t count, Progress& progress);

std::string manifest_of(const Job& job);
std::vector<std::string> files_of(const Job& job);

}  // namespace alzette::job
