// $export, step by step: one page of one type at a time, all as of the moment of the first step. Types follow each
// other in the order of the definitions; what was deleted since `_since` comes last.
#include <algorithm>

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
  for (const auto& entry : page->entries) {
    const auto& body = entry.version->body;
    lines += elements.empty() ? body : fhir::project(body, fhir::search::Summary::false_, elements);
    lines += '\n';
  }
  if (!lines.empty() && !append(work.folder, "output", type.name, lines, page->entries.size(), progress)) return disk();
  progress.total += page->entries.size();
  progress.page = std::move(page->next);
  return true;
}

// Whether a deleted resource would have been exported: by the patient of the version before.
bool belongs(const Work& work, const Job& job, const Export& wanted, const fhir::Version& removed) {
  if (wanted.extent == Extent::system) return true;
  auto before = work.snapshot.vread(job.access, *removed.type, removed.id, removed.version - 1);
  if (!before) return false;
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

Result<Step> step(const Work& work, Job& job) {
  const auto wanted = export_of(job.request);
  auto progress = progress_of(job.progress);
  if (progress.start.empty()) {
    progress.start = work.snapshot.first_page();
    progress.time = store::instant_text(work.now);
  }
  const auto types = types_of(wanted, job.access);
  const auto has_nothing = [&](const fhir::Type* type) { return work.snapshot.count(*type) == 0; };
  while (progress.page.empty() && progress.at < types.size() && has_nothing(types[progress.at])) ++progress.at;
  Step made;
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
