// $export, step by step: one page of one type at a time, all as of the moment of the first step. Types follow each
// other in the order of the definitions; what was deleted since `_since` comes last.
#include <algorithm>

#include "fhir/build.h"
#include "fhir/format/json.h"
#include "fhir/incoming.h"
#include "fhir/project.h"
#include "fhir/value.h"
#include "src/job/bulk.h"
#include "src/job/job.h"
#include "src/store/instant.h"

namespace alzette::job {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

constexpr std::uint32_t page_size = 200;
constexpr std::uint64_t effort = 50'000'000;

Outcome disk() {
  return {Kind::internal, "no-store", "The files of the export cannot be written; see whether the disk is full"};
}

// The URL of an Attachment is absolute in an export, so that who has no more than the files can follow it.
void make_absolute(fhir::Node& node, std::string_view base, fhir::Arena& arena) {
  if (node.type && node.type->name.view() == "Attachment") {
    const auto literal = fhir::parse_reference(node.value_of("url"));
    if (literal && literal->form == fhir::ReferenceLiteral::Form::relative)
      fhir::build::set(arena, node, "url", std::string(base) + "/" + std::string(node.value_of("url")));
  }
  for (auto* child = node.first; child; child = child->next)
    if (child->first) make_absolute(*child, base, arena);
}

// The resource as its line of the file.
std::string line_of(const std::string& body, std::string_view base, const std::vector<std::string>& elements) {
  constexpr std::string_view relative = "\"url\":\"Binary/";
  std::string absolute;
  if (body.find(relative) != std::string::npos) {
    auto incoming = fhir::receive(body);
    if (incoming) {
      make_absolute(*incoming->resource, base, *incoming->arena);
      fhir::json::write(*incoming->resource, absolute);
    }
  }
  const auto& whole = absolute.empty() ? body : absolute;
  return elements.empty() ? whole : fhir::project(whole, fhir::search::Summary::false_, elements);
}

// Whether what a search found belongs to the patients whose data is exported: Provenance by its targets.
bool is_theirs(const Work& work, const Job& job, const Export& wanted, const fhir::Version& version) {
  if (wanted.extent == Extent::system || version.type->name.view() != "Provenance") return true;
  const auto incoming = fhir::receive(version.body);
  if (!incoming) return false;
  for (const auto& child : *incoming->resource)
    if (child.name == "target" &&
        is_of_patients(wanted, child.value_of("reference"), work.snapshot, job.access, job.base))
      return true;
  return false;
}

// "Patient.name" counts for patients, "name" for every type.
std::vector<std::string> elements_for(const Export& wanted, std::string_view type) {
  std::vector<std::string> names;
  for (const auto& element : wanted.elements) {
    const auto dot = element.find('.');
    if (dot == std::string::npos || element.substr(0, dot) == type) names.push_back(element);
  }
  return names;
}

Result<bool> export_page(const Work& work, const Job& job, const Export& wanted, const fhir::Type& type,
                         Progress& progress) {
  auto query = query_of(wanted, type, job.base, &work.meanings);
  if (!query) return std::move(query.outcome());
  query->page = progress.page.empty() ? progress.start : progress.page;
  auto page = work.snapshot.search(job.access, *query, page_size, effort);
  if (!page) return std::move(page.outcome());
  const auto elements = elements_for(wanted, type.name);
  std::string lines;
  std::uint64_t count = 0;
  for (const auto& entry : page->entries) {
    if (!is_theirs(work, job, wanted, *entry.version)) continue;
    lines.append(line_of(entry.version->body, job.base, elements)).append("\n");
    ++count;
  }
  if (!lines.empty() && !append(work.folder, "output", type.name, lines, count, progress)) return disk();
  progress.total += count;
  progress.page = std::move(page->next);
  return true;
}

// Whether a deleted resource would have been exported: by the patient of the version before.
bool belongs(const Work& work, const Job& job, const Export& wanted, const fhir::Version& removed) {
  if (wanted.extent == Extent::system) return true;
  auto before = work.snapshot.vread(job.access, *removed.type, removed.id, removed.version - 1);
  if (!before) return false;
  if (removed.type->name.view() == "Provenance") return is_theirs(work, job, wanted, *before);
  const auto incoming = fhir::receive(before->body);
  if (!incoming) return false;
  const auto write = fhir::lay_out(*incoming->resource, removed.id, fhir::Method::update, job.base);
  if (!write || write->patient.empty()) return false;
  const auto& ids = wanted.patients;
  return !wanted.chosen || std::find(ids.begin(), ids.end(), write->patient) != ids.end();
}

// One page of the history: what ended since then and did not come back.
Result<bool> export_deleted(const Work& work, const Job& job, const Export& wanted,
                            const std::vector<const fhir::Type*>& types, Progress& progress) {
  fhir::HistoryQuery query;
  const auto since = fhir::parse_date_time(wanted.since);
  query.since = since ? std::optional(since->low) : std::nullopt;
  query.count = page_size;
  query.page = progress.page.empty() ? progress.start : progress.page;
  auto page = work.snapshot.history(job.access, query);
  if (!page) return std::move(page.outcome());
  std::string lines;
  std::uint64_t count = 0;
  for (const auto& version : page->versions) {
    if (!version.deleted() || std::find(types.begin(), types.end(), version.type) == types.end()) continue;
    const auto now = work.snapshot.read(job.access, *version.type, version.id);
    if (now || now.outcome().kind != Kind::gone || !belongs(work, job, wanted, version)) continue;
    lines.append(R"({"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":")");
    lines.append(version.type->name).append("/").append(version.id).append("\"}}]}\n");
    ++count;
  }
  if (!lines.empty() && !append(work.folder, "deleted", "Bundle", lines, count, progress)) return disk();
  progress.page = std::move(page->next);
  return true;
}

bool tell_ignored(const Work& work, const Export& wanted, Progress& progress) {
  std::string lines;
  for (const auto& text : wanted.ignored) {
    Outcome outcome(Kind::malformed, "not-supported", "Ignored: " + text);
    outcome.issues.front().severity = fhir::Severity::warning;
    lines.append(fhir::to_json(outcome)).append("\n");
  }
  return lines.empty() || append(work.folder, "error", "OperationOutcome", lines, wanted.ignored.size(), progress);
}

Result<Step> step(const Work& work, Job& job) {
  const auto wanted = export_of(job.request);
  auto progress = progress_of(job.progress);
  Step made;
  // The moment is that before a step was committed: whatever was written up to then is seen from now on.
  if (progress.time.empty()) {
    progress.time = store::instant_text(work.now);
    if (!tell_ignored(work, wanted, progress)) return disk();
    job.progress = to_text(progress);
    return made;
  }
  if (progress.start.empty()) progress.start = work.snapshot.first_page();
  const auto types = types_of(wanted, job.access);
  const auto has_nothing = [&](const fhir::Type* type) { return work.snapshot.count(*type) == 0; };
  while (progress.page.empty() && progress.at < types.size() && has_nothing(types[progress.at])) ++progress.at;
  const bool live = progress.at < types.size();
  if (live || !wanted.since.empty()) {
    auto done = live ? export_page(work, job, wanted, *types[progress.at], progress)
                     : export_deleted(work, job, wanted, types, progress);
    if (!done) return std::move(done.outcome());
    if (progress.page.empty()) ++progress.at;
  }
  made.done = progress.page.empty() && progress.at >= types.size() + (wanted.since.empty() ? 0 : 1);
  job.told = std::to_string(progress.total) + " resources exported";
  job.progress = to_text(progress);
  return made;
}

}  // namespace

extern constinit const JobKind export_job{.name = export_kind, .step = step};

}  // namespace alzette::job
