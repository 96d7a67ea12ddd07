// Work that outlives its request: exports, imports, asynchronous searches, indexing. A job is a note in the store
// (room "job", its id the name), so that it is as durable as the write that began it, and a kill loses nothing but the
// step that was being made. A kind of job is one file of this folder that ends in its row:
//
//   extern constinit const JobKind export_job{.name = "export", .step = step};
//
// FHIR R4 asynchronous pattern: http://hl7.org/fhir/R4/async.html
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fhir/incoming.h"
#include "fhir/outcome.h"
#include "fhir/search/query.h"
#include "fhir/store.h"
#include "src/http.h"
#include "src/net/egress.h"

namespace alzette::job {

inline constexpr std::string_view room = "job";
inline constexpr std::size_t most_unfinished = 50;
inline constexpr std::int64_t kept_for = 24 * 3600 * 1000;  // milliseconds after its end

struct Job {
  enum class State : std::uint8_t { waiting, running, done, failed };
  std::string id;
  std::string kind;
  State state = State::waiting;
  fhir::Access access;       // of who asked
  std::string base;          // as who asked addressed us
  std::int64_t created = 0;  // milliseconds since 1970 UTC
  std::int64_t ended = 0;    // 0: not yet
  std::string request;       // what is to be done, in the kind's own words (JSON)
  std::string progress;      // where the next step goes on, likewise
  std::string told;          // X-Progress: for people
  fhir::Outcome failure;     // state failed
  bool finished() const { return state == State::done || state == State::failed; }
};

std::string to_text(const Job& job);
// Nothing for a note that is not there or cannot be read.
std::optional<Job> from_text(std::string_view id, const std::optional<std::string>& text);

// Access as text, for whatever acts later in someone's name.
std::string text_of(const fhir::Access& access);
fhir::Access access_of(const fhir::Node& node);

// What a step may use.
struct Work {
  fhir::Store& store;
  fhir::Snapshot& snapshot;
  fhir::Ids& ids;
  const std::string& folder;  // of this job alone; it exists
  std::int64_t now = 0;
  const net::Egress& egress;
  const std::function<Response(Request)>& request;  // a request through the door, in process
  const fhir::search::Meanings& meanings;           // of codes, for searches
  const std::function<bool()>& stopped;             // the server ends, or the job is no longer wanted
};

// What a step changes; committed together with the job's new progress.
struct Step {
  fhir::Batch batch;
  bool done = false;
};

struct JobKind {
  std::string_view name;
  // A step takes well under a second and may be made twice: what it leaves in the folder has to bear that. A refusal
  // ends the job as failed.
  fhir::Result<Step> (*step)(const Work& work, Job& job);
};

// All rows, from the generated registry.
std::span<const JobKind* const> kinds();

// The note that begins a job; refused (busy, throttled) while `most_unfinished` are at work.
fhir::Result<fhir::Note> begin(fhir::Snapshot& snapshot, const Job& job);

}  // namespace alzette::job
