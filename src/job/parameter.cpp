// Search parameters of our own. The rule of SearchParameter keeps a note for each (room "parameter") and begins a job
// that indexes what is stored already; the parameter answers when that job is through. Both stand in the commit that
// stores the resource, so that a kill at any moment leaves neither out.
// FHIR R4: http://hl7.org/fhir/R4/searchparameter.html
#include "src/job/parameter.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "fhir/bundle.h"
#include "fhir/format/json.h"
#include "fhir/incoming.h"
#include "fhir/rule.h"
#include "fhir/search/custom.h"
#include "fhir/value.h"
#include "src/job/bulk.h"
#include "src/job/job.h"
#include "src/store/instant.h"

namespace alzette::job {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;
using fhir::search::CustomDefinition;

constexpr std::string_view parameters = "parameter";  // the room of the notes
constexpr std::string_view index_kind = "index";

struct Known {
  CustomDefinition definition;
  std::string inactive;  // why it is never answered, "" = it is or will be
};

std::string to_text(const Known& known) {
  const auto& definition = known.definition;
  std::string out = "{";
  const auto put = [&](std::string_view name, std::string_view text) {
    if (text.empty()) return;
    out.append(out.size() > 1 ? ",\"" : "\"").append(name).append("\":");
    fhir::json::write_string(text, out);
  };
  const auto joined = [](const std::vector<std::string>& list) {
    std::string text;
    for (const auto& one : list) (text += text.empty() ? "" : " ") += one;
    return text;
  };
  put("code", definition.code);
  put("url", definition.url);
  put("expression", definition.expression);
  put("type", word_of(definition.type));
  put("base", joined(definition.bases));
  put("target", joined(definition.targets));
  std::string components;  // a line each: type, canonical, expression
  for (const auto& one : definition.components)
    components.append(word_of(one.type)).append(" ").append(one.definition).append(" ").append(one.expression) += '\n';
  put("components", components);
  put("generation", definition.generation);
  put("complete", definition.complete ? "true" : "");
  put("inactive", known.inactive);
  return out + "}";
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> list;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    list.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return list;
}

std::vector<fhir::search::CustomComponent> components_of(std::string_view text) {
  std::vector<fhir::search::CustomComponent> list;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto first = line.find(' ');
    const auto second = line.find(' ', first + 1);
    if (second == std::string_view::npos) continue;
    auto& one = list.emplace_back();
    one.definition = line.substr(first + 1, second - first - 1);
    one.expression = line.substr(second + 1);
    using enum fhir::ParameterType;
    for (const auto type : {string, token, reference, date, number, quantity, uri})
      if (word_of(type) == line.substr(0, first)) one.type = type;
  }
  return list;
}

std::optional<Known> from_text(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  fhir::Arena arena;
  const auto root = fhir::json::parse(*text, arena);
  if (!root) return std::nullopt;
  const auto& node = **root;
  Known known;
  auto& definition = known.definition;
  definition.code = node.value_of("code");
  definition.url = node.value_of("url");
  definition.expression = node.value_of("expression");
  definition.bases = words_of(node.value_of("base"));
  definition.targets = words_of(node.value_of("target"));
  definition.generation = node.value_of("generation");
  definition.complete = node.value_of("complete") == "true";
  known.inactive = node.value_of("inactive");
  using enum fhir::ParameterType;
  for (const auto type : {string, token, reference, date, number, quantity, uri, composite})
    if (word_of(type) == node.value_of("type")) definition.type = type;
  definition.components = components_of(node.value_of("components"));
  return known;
}

bool same(const CustomDefinition& a, const CustomDefinition& b) {
  return a.code == b.code && a.url == b.url && a.expression == b.expression && a.type == b.type && a.bases == b.bases &&
         a.targets == b.targets && a.components == b.components;
}

bool overlap(const CustomDefinition& a, const CustomDefinition& b) {
  return a.code == b.code && std::any_of(a.bases.begin(), a.bases.end(), [&](const std::string& base) {
           return std::find(b.bases.begin(), b.bases.end(), base) != b.bases.end();
         });
}

// Another parameter of the same code on the same type.
std::optional<Outcome> taken(fhir::Snapshot& snapshot, std::string_view id, const CustomDefinition& definition) {
  for (const auto& note : snapshot.notes(parameters)) {
    const auto other = from_text(note.text);
    if (note.name == id || !other || !other->inactive.empty() || !overlap(other->definition, definition)) continue;
    return Outcome(Kind::unprocessable, "business-rule",
                   "SearchParameter/" + note.name + " has the code \"" + definition.code +
                       "\" for the same type: choose another code",
                   "SearchParameter.code");
  }
  return std::nullopt;
}

// Which have this code for one of these types now: of two that come at one moment the second is planned again, and
// finds it taken.
Result<fhir::Expectation> holders_of(const fhir::RuleSite& site, const CustomDefinition& definition) {
  std::string bases = "Resource,DomainResource";
  for (const auto& base : definition.bases) bases += "," + base;
  auto query = fhir::search::parse(fhir::definitions().resource("SearchParameter"),
                                   {{"code", definition.code}, {"base", bases}}, site.base, false);
  if (!query) return std::move(query.outcome());
  auto ids = site.snapshot.find(site.access, *query, 2);
  if (!ids) return std::move(ids.outcome());
  return fhir::Expectation{std::move(*query), std::move(*ids)};
}

Result<bool> note_parameter(const fhir::RuleSite& site, fhir::Batch& batch, std::size_t at) {
  const std::string id = batch.writes[at].id;
  if (batch.writes[at].method == fhir::Method::remove) {
    batch.notes.push_back({std::string(parameters), id, std::nullopt});
    return true;
  }
  const auto text = fhir::stored_bytes(batch.writes[at].body, 1, site.now);
  const auto incoming = fhir::receive(text);
  if (!incoming) return incoming.outcome();
  Known known;
  auto definition = fhir::search::custom_definition(*incoming->resource, known.inactive);
  if (!definition) return std::move(definition.outcome());
  known.definition = std::move(*definition);
  if (auto refusal = taken(site.snapshot, id, known.definition)) {
    if (incoming->resource->value_of("status") != "draft") return std::move(*refusal);
    known.inactive = "it is a draft whose code another one has";
  }
  const auto was = from_text(site.snapshot.note(parameters, id));
  if (was && same(was->definition, known.definition) && was->inactive == known.inactive) return true;
  known.definition.generation = site.ids.next(site.now);
  batch.notes.push_back({std::string(parameters), id, to_text(known)});
  if (!known.inactive.empty()) return true;
  auto holders = holders_of(site, known.definition);
  if (!holders) return std::move(holders.outcome());
  batch.expect.push_back(std::move(*holders));
  Job job;
  job.id = site.ids.next(site.now);
  job.kind = index_kind;
  job.access = fhir::Access::local_developer();  // the machine's own work sees everything
  job.base = site.base;
  job.created = site.now;
  job.request = R"({"parameter":")" + id + R"(","generation":")" + known.definition.generation + "\"}";
  auto note = begin(site.snapshot, job);
  if (!note) return std::move(note.outcome());
  batch.notes.push_back(std::move(*note));
  return true;
}

// The rows of one page of resources.
Result<bool> index_page(const Work& work, const Job& job, const CustomDefinition& definition, const fhir::Type& type,
                        std::string_view since, Progress& progress, fhir::Batch& batch) {
  fhir::search::Parameters asked;
  if (!since.empty()) asked.emplace_back("_lastUpdated", "ge" + std::string(since));
  auto query = fhir::search::parse(&type, asked, job.base, false);
  if (!query) return std::move(query.outcome());
  query->page = progress.page.empty() ? progress.start : progress.page;
  constexpr std::uint32_t page_size = 200;
  constexpr std::uint64_t effort = 50'000'000;
  auto page = work.snapshot.search(job.access, *query, page_size, effort);
  if (!page) return std::move(page.outcome());
  const std::string stored = definition.code + "~" + definition.generation;
  for (const auto& entry : page->entries) {
    const auto incoming = fhir::receive(entry.version->body, fhir::Format::json, true);
    if (!incoming || !incoming->resource) continue;
    auto rows = fhir::search::extract_custom(*incoming->resource, job.base);
    std::erase_if(rows, [&](const auto& row) { return fhir::search::stored_code(*row.parameter) != stored; });
    if (!rows.empty()) batch.additions.push_back({entry.version->key, std::move(rows)});
  }
  progress.total += page->entries.size();
  progress.page = std::move(page->next);
  return true;
}

// What was prepared before the parameter was known may be stored after the first round has passed: a second one looks
// at what has come since the job began, once no request can be that old.
void let_requests_end(const Work& work) {
  constexpr int most = 40;
  for (int i = 0; i < most && !work.stopped(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

Result<Step> step(const Work& work, Job& job) {
  fhir::Arena arena;
  const auto root = fhir::json::parse(job.request, arena);
  if (!root) return Outcome(Kind::internal, "exception", "The job cannot be read");
  const std::string id((*root)->value_of("parameter"));
  auto known = from_text(work.snapshot.note(parameters, id));
  // Changed or deleted meanwhile: another job looks after what is there now.
  if (!known || known->definition.generation != (*root)->value_of("generation")) return Step{{}, true};
  auto progress = progress_of(job.progress);
  const auto& bases = known->definition.bases;
  if (progress.time.empty()) {
    constexpr std::int64_t slack = 60'000;
    progress.time = store::instant_text(job.created - slack);
  }
  if (progress.start.empty()) progress.start = work.snapshot.first_page();
  Step made;
  const auto* type = fhir::definitions().resource(bases[progress.at % bases.size()]);
  const bool again = progress.at >= bases.size();
  auto done =
      index_page(work, job, known->definition, *type, again ? progress.time : std::string(), progress, made.batch);
  if (!done) return std::move(done.outcome());
  if (progress.page.empty() && ++progress.at == bases.size()) {
    let_requests_end(work);
    progress.start.clear();  // the second round is as of its own moment
  }
  made.done = progress.page.empty() && progress.at == 2 * bases.size();
  if (made.done) {
    known->definition.complete = true;
    made.batch.notes.push_back({std::string(parameters), id, to_text(*known)});
  }
  job.told = std::to_string(progress.total) + " resources indexed";
  job.progress = to_text(progress);
  return made;
}

void publish(fhir::Store& store) {
  std::vector<CustomDefinition> definitions;
  for (const auto& note : store.snapshot()->notes(parameters)) {
    auto known = from_text(note.text);
    if (known && known->inactive.empty()) definitions.push_back(std::move(known->definition));
  }
  fhir::search::publish(definitions);
}

}  // namespace

void follow_parameters(fhir::Store& store) {
  store.observe([&store](const fhir::Batch& batch, const fhir::Receipt&) {
    for (const auto& note : batch.notes)
      if (note.room == parameters) return publish(store);
  });
  publish(store);
}

extern constinit const JobKind index_job{.name = index_kind, .step = step};

}  // namespace alzette::job

namespace fhir::rules {

extern constinit const Rule search_parameter{
    .name = "search-parameter", .types = "SearchParameter", .run = alzette::job::note_parameter};

}  // namespace fhir::rules
