// search-type and search-system: GET [base]/[type]?…, POST [base]/[type]/_search, the same without a type, and
// within a compartment: [base]/Patient/1/Observation, [base]/Patient/1/*.
// FHIR R4: http://hl7.org/fhir/R4/http.html#search
#include <algorithm>

#include "fhir/bundle.h"
#include "fhir/format/json.h"
#include "fhir/search/compartment.h"
#include "ihe/mhd/iti67.h"
#include "ihe/pdqm/iti78.h"
#include "src/job/status.h"
#include "src/metrics.h"
#include "src/rest/contained.h"
#include "src/rest/criteria.h"
#include "src/rest/interaction.h"
#include "src/rest/paging.h"
#include "src/rest/projection.h"
#include "src/rest/published.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

using fhir::search::Query;
using fhir::search::Summary;
using fhir::search::Total;

// A total that costs nothing is told unasked: the first page was the last one.
void complete_total(const Query& query, fhir::SearchPage& page, bool only_total) {
  if (page.total || only_total || query.total == Total::none || !query.page.empty() || !page.next.empty()) return;
  page.total = static_cast<std::uint64_t>(
      std::count_if(page.entries.begin(), page.entries.end(), [](const auto& entry) { return entry.match; }));
}

void add_outcomes(const Query& query, const fhir::SearchPage& page, fhir::BundleWriter& bundle) {
  fhir::Outcome outcome;
  outcome.issues = query.ignored;
  if (page.includes_capped)
    outcome.issues.push_back({fhir::Severity::warning,
                              "too-costly",
                              "Not all included resources are here: the limit for one page was reached. Ask for "
                              "smaller pages (_count) or fewer inclusions",
                              {}});
  if (query.explain) outcome.issues.push_back({fhir::Severity::information, "informational", page.plan, {}});
  if (!outcome.issues.empty()) bundle.outcome(outcome);
}

std::string searchset(const Call& call, const Query& query, const fhir::SearchPage& page, std::string_view below_base,
                      std::string_view context, const std::vector<std::string>& domains) {
  std::vector<fhir::Link> links;
  fhir::search::Parameters self = query.applied;
  links.push_back(
      {"self", link(call, below_base, self, query.page.empty() ? std::string() : call.seal.seal(query.page, context))});
  if (!page.next.empty()) links.push_back({"next", link(call, below_base, self, call.seal.seal(page.next, context))});
  fhir::BundleWriter bundle("searchset", page.total, links);
  std::size_t bytes = 256;
  for (const auto& entry : page.entries) bytes += entry.version->body.size() + 192;
  bundle.reserve(bytes);
  const Projection of_matches{query.summary, query.elements};
  const Projection of_included{query.summary, {}};  // _elements is not for them (search.html#elements)
  for (const auto& entry : page.entries) {
    const auto& projection = entry.match ? of_matches : of_included;
    if (!domains.empty() && entry.match)
      bundle.match(call.base, *entry.version, projection.apply(ihe::pdqm::shown(entry.version->body, domains)), true);
    else if (projection.active())
      bundle.match(call.base, *entry.version, projection.apply(ihe::mhd::shown(*entry.version, call.base)),
                   entry.match);
    else if (!entry.version->record.empty())
      bundle.match(call.base, *entry.version, ihe::mhd::shown(*entry.version, call.base), entry.match);
    else
      bundle.match(call.base, *entry.version, entry.version->body, entry.match);
  }
  add_outcomes(query, page, bundle);
  return std::move(bundle).finish();
}

// Patient/1/Observation: what is found has to belong to the compartment as well.
fhir::Result<bool> enter_compartment(const Call& call, Query& query) {
  const auto& compartment = *call.compartment;
  if (call.type) {
    auto inside = fhir::search::in_compartment(*call.type, compartment, call.id);
    if (!inside)
      return fhir::Outcome(fhir::Kind::absent, "not-found",
                           "The " + std::string(compartment.type.view()) + " compartment holds no " +
                               std::string(call.type->name.view()));
    query.all_of.push_back(std::move(*inside));
    return true;
  }
  std::vector<const fhir::Type*> types;
  for (const auto& type : fhir::definitions().types) {
    if (type.kind != fhir::TypeKind::resource || type.abstract) continue;
    if (!query.types.empty() && std::find(query.types.begin(), query.types.end(), &type) == query.types.end()) continue;
    auto inside = fhir::search::in_compartment(type, compartment, call.id);
    if (!inside || !call.access.may(fhir::Verb::search, type.name)) continue;
    types.push_back(&type);
    query.besides.push_back({&type, std::move(*inside)});
  }
  if (types.empty())
    return fhir::Outcome(fhir::Kind::absent, "not-found", "The compartment holds nothing of the types asked for");
  query.types = std::move(types);
  return true;
}

// Empty parameters are no error: they are left out (http://hl7.org/fhir/R4/search.html#errors). Criteria of a write
// do not come here: to leave out one of theirs would mean other resources.
fhir::search::Parameters given(const Call& call) {
  auto parameters = call.parameters;
  std::erase_if(parameters, [](const auto& parameter) { return parameter.second.empty(); });
  return parameters;
}

// What ITI-78 makes of a search of Patient.
ihe::pdqm::Domains domains_asked(const Call& call) {
  if (!call.type || call.type->name.view() != "Patient") return {};
  return ihe::pdqm::domains_of({call.snapshot, call.access, call.settings, call.base, call.now, call.ids},
                               call.parameters);
}

std::string below_base_of(const Call& call) {
  std::string path;
  if (call.compartment) path.append(call.compartment->type.view()).append("/").append(call.id).append("/");
  return path.append(call.type ? call.type->name.view() : std::string_view(call.compartment ? "*" : ""));
}

// The same request, to be made later and without waiting for it.
std::string to_text(const Request& request) {
  std::string out = "{";
  const auto put = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out.append(out.size() > 1 ? ",\"" : "\"").append(name).append("\":");
    fhir::json::write_string(value, out);
  };
  put("method", request.method);
  put("target", "/fhir" + request.target);
  put("host", find(request.headers, "Host"));
  put("secure", request.secure ? "true" : "");
  put("Content-Type", find(request.headers, "Content-Type"));
  put("body", request.body);
  put("Prefer", lenient(request) ? "handling=lenient" : "");
  return out + "}";
}

fhir::Result<Plan> run(const Call& call) {
  auto query =
      fhir::search::parse(call.type, given(call), call.base, lenient(call.request), {}, call.now, call.meanings);
  if (!query) return std::move(query.outcome());
  if (call.compartment)
    if (auto inside = enter_compartment(call, *query); !inside) return std::move(inside.outcome());
  if (respond_async(call.request) && !call.job_folder.empty())
    return job::kick_off(call, job::search_kind, to_text(call.request));
  const std::string below_base = below_base_of(call);
  const auto context = page_context(call, below_base, query->applied);
  if (!query->page.empty()) {
    auto token = open_page(call, query->page, context);
    if (!token) return std::move(token.outcome());
    query->page = std::move(*token);
  }
  const bool only_total = query->summary == Summary::count || query->count == 0U;
  if (only_total && query->total != Total::estimate) query->total = Total::accurate;
  const auto count = only_total ? 0 : std::min(query->count.value_or(default_count), most_count);
  auto page = [&] {
    const metrics::Timed timed(metrics::Phase::search);
    return call.snapshot.search(call.access, *query, count, call.effort);
  }();
  if (!page) return std::move(page.outcome());
  if (query->contained != fhir::search::Contained::no) keep_contained(call, *query, *page);
  if (query->page.empty() && page->entries.empty() && page->total.value_or(0) == 0)
    if (auto definition = published(call, *query)) {
      if (page->total) page->total = 1;
      if (!only_total) page->entries.push_back({std::make_shared<fhir::Version>(std::move(*definition))});
    }
  complete_total(*query, *page, only_total);
  const auto domains = domains_asked(call);
  if (page->entries.empty())
    query->ignored.insert(query->ignored.end(), domains.unknown.begin(), domains.unknown.end());
  const metrics::Timed timed(metrics::Phase::serialise);
  return Plan(json_reply(200, searchset(call, *query, *page, below_base, context, domains.wanted)));
}

}  // namespace

extern constinit const Interaction search_type{.code = "search-type",
                                               .level = Level::type,
                                               .method = "GET",
                                               .path = "[type]",
                                               .lane = Lane::core,
                                               .needs = fhir::Verb::search,
                                               .run = run,
                                               .projects = true};

extern constinit const Interaction search_type_by_post{.code = "search-type",
                                                       .level = Level::type,
                                                       .method = "POST",
                                                       .path = "[type]/_search",
                                                       .lane = Lane::core,
                                                       .needs = fhir::Verb::search,
                                                       .run = run,
                                                       .projects = true};

extern constinit const Interaction search_system{.code = "search-system",
                                                 .level = Level::system,
                                                 .method = "GET",
                                                 .path = "",
                                                 .lane = Lane::core,
                                                 .needs = fhir::Verb::search,
                                                 .run = run,
                                                 .projects = true};

extern constinit const Interaction search_system_by_post{.code = "search-system",
                                                         .level = Level::system,
                                                         .method = "POST",
                                                         .path = "_search",
                                                         .lane = Lane::core,
                                                         .needs = fhir::Verb::search,
                                                         .run = run,
                                                         .projects = true};

extern constinit const Interaction search_compartment{.code = "search-type",
                                                      .level = Level::type,
                                                      .method = "GET",
                                                      .path = "[compartment]/[id]/[type]",
                                                      .lane = Lane::core,
                                                      .needs = fhir::Verb::search,
                                                      .run = run,
                                                      .projects = true};

extern constinit const Interaction search_compartment_by_post{.code = "search-type",
                                                              .level = Level::type,
                                                              .method = "POST",
                                                              .path = "[compartment]/[id]/[type]/_search",
                                                              .lane = Lane::core,
                                                              .needs = fhir::Verb::search,
                                                              .run = run,
                                                              .projects = true};

extern constinit const Interaction search_whole_compartment{.code = "search-system",
                                                            .level = Level::system,
                                                            .method = "GET",
                                                            .path = "[compartment]/[id]/*",
                                                            .lane = Lane::core,
                                                            .needs = fhir::Verb::search,
                                                            .run = run,
                                                            .projects = true};

extern constinit const Interaction search_whole_compartment_by_post{.code = "search-system",
                                                                    .level = Level::system,
                                                                    .method = "POST",
                                                                    .path = "[compartment]/[id]/*/_search",
                                                                    .lane = Lane::core,
                                                                    .needs = fhir::Verb::search,
                                                                    .run = run,
                                                                    .projects = true};

}  // namespace alzette::rest
