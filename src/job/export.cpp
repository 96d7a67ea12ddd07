// $export, step by step: one page of one type at a time, all as of the moment of the first step. Types follow each
// other in the order of the definitions; what was deleted since `_since` comes last.
#include <algorithm>
#include <map>
#include <set>

#include "fhir/build.h"
#include "fhir/format/json.h"
#include "fhir/incoming.h"
#include "fhir/project.h"
#include "fhir/search/values.h"
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

bool is_provenance(const fhir::Version& version) { return version.type->name.view() == "Provenance"; }

std::vector<std::string> targets_of(const fhir::Version& provenance, std::string_view base) {
  std::vector<std::string> names;
  const auto incoming = fhir::receive(provenance.body);
  if (!incoming) return names;
  for (const auto& child : *incoming->resource) {
    if (child.name != "target") continue;
    const auto local = fhir::search::reference_value(child.value_of("reference"), base);
    if (local && !local->type.empty()) names.push_back(local->type + "/" + local->text);
  }
  return names;
}

// The Provenances that belong to the patients whose data is exported: a target of theirs does. All are asked for
// together, as each question goes through all of the patients.
Result<std::set<const fhir::Version*>> theirs_among(const Work& work, const Job& job, const Export& wanted,
                                                    const std::vector<const fhir::Version*>& provenances) {
  std::multimap<const fhir::Version*, std::string> told;
  std::set<std::string> targets;
  for (const auto* version : provenances)
    for (const auto& name : targets_of(*version, job.base)) {
      told.emplace(version, name);
      targets.insert(name);
    }
  const auto inside = of_patients(wanted, targets, work.snapshot, job.access);
  if (!inside) return inside.outcome();
  std::set<const fhir::Version*> theirs;
  for (const auto& [version, name] : told)
    if (inside->contains(name)) theirs.insert(version);
  return theirs;
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
  std::vector<const fhir::Version*> provenances;
  for (const auto& entry : page->entries)
    if (wanted.extent != Extent::system && is_provenance(*entry.version)) provenances.push_back(entry.version.get());
  const auto theirs = theirs_among(work, job, wanted, provenances);
  if (!theirs) return theirs.outcome();
  std::string lines;
  std::uint64_t count = 0;
  for (const auto& entry : page->entries) {
    if (!provenances.empty() && !theirs->contains(entry.version.get())) continue;
    lines.append(line_of(entry.version->body, job.base, elements)).append("\n");
    ++count;
  }
  if (!lines.empty() && !append(work.folder, "output", type.name, lines, count, progress)) return disk();
  progress.total += count;
  progress.page = std::move(page->next);
  return true;
}

// Whether a deleted resource would have been exported: by the patient of the version before it was.
bool belongs(const Export& wanted, const fhir::Version& before, std::string_view base) {
  const auto incoming = fhir::receive(before.body);
  if (!incoming) return false;
  const auto write = fhir::lay_out(*incoming->resource, before.id, fhir::Method::update, base);
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
  const bool all = wanted.extent == Extent::system;
  std::vector<fhir::Version> ended;  // as they were before, where that tells whose they were
  for (const auto& version : page->versions) {
    if (!version.deleted() || std::find(types.begin(), types.end(), version.type) == types.end()) continue;
    const auto now = work.snapshot.read(job.access, *version.type, version.id);
    if (now || now.outcome().kind != Kind::gone) continue;
    auto before = all ? Result<fhir::Version>(version)
                      : work.snapshot.vread(job.access, *version.type, version.id, version.version - 1);
    if (before) ended.push_back(std::move(*before));
  }
  std::vector<const fhir::Version*> provenances;
  for (const auto& before : ended)
    if (!all && is_provenance(before)) provenances.push_back(&before);
  const auto theirs = theirs_among(work, job, wanted, provenances);
  if (!theirs) return theirs.outcome();
  std::string lines;
  std::uint64_t count = 0;
  for (const auto& before : ended) {
    if (!all && !(is_provenance(before) ? theirs->contains(&before) : belongs(wanted, before, job.base))) continue;
    lines.append(R"({"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":")");
    lines.append(before.type->name).append("/").append(before.id).append("\"}}]}\n");
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
