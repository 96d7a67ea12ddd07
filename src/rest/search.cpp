// search-type and search-system: GET [base]/[type]?…, POST [base]/[type]/_search, and the same without a type.
// FHIR R4: http://hl7.org/fhir/R4/http.html#search
#include <algorithm>

#include "fhir/bundle.h"
#include "src/metrics.h"
#include "src/rest/criteria.h"
#include "src/rest/interaction.h"
#include "src/rest/paging.h"
#include "src/rest/projection.h"
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
                      std::string_view context) {
  std::vector<fhir::Link> links;
  fhir::search::Parameters self = query.applied;
  links.push_back({"self", link(call.base, below_base, self,
                                query.page.empty() ? std::string() : call.seal.seal(query.page, context))});
  if (!page.next.empty())
    links.push_back({"next", link(call.base, below_base, self, call.seal.seal(page.next, context))});
  fhir::BundleWriter bundle("searchset", page.total, links);
  std::size_t bytes = 256;
  for (const auto& entry : page.entries) bytes += entry.version.body.size() + 192;
  bundle.reserve(bytes);
  const Projection projection{query.summary, query.elements};
  for (const auto& entry : page.entries) {
    if (projection.active())
      bundle.match(call.base, entry.version, projection.apply(entry.version.body), entry.match);
    else
      bundle.match(call.base, entry.version, entry.version.body, entry.match);
  }
  add_outcomes(query, page, bundle);
  return std::move(bundle).finish();
}

fhir::Result<Plan> run(const Call& call) {
  auto query = fhir::search::parse(call.type, call.parameters, call.base, lenient(call.request), {}, call.now);
  if (!query) return std::move(query.outcome());
  const std::string below_base = call.type ? std::string(call.type->name.view()) : std::string();
  const auto context = page_context(call, below_base, query->applied);
  if (!query->page.empty()) {
    auto token = open_page(call, query->page, context);
    if (!token) return std::move(token.outcome());
    query->page = std::move(*token);
  }
  const bool only_total = query->summary == Summary::count || query->count == 0U;
  if (only_total && query->total == Total::unspecified) query->total = Total::accurate;
  const auto count = only_total ? 0 : std::min(query->count.value_or(default_count), most_count);
  auto page = [&] {
    const metrics::Timed timed(metrics::Phase::search);
    return call.snapshot.search(call.access, *query, count, call.effort);
  }();
  if (!page) return std::move(page.outcome());
  complete_total(*query, *page, only_total);
  const metrics::Timed timed(metrics::Phase::serialise);
  return Plan(json_reply(200, searchset(call, *query, *page, below_base, context)));
}

}  // namespace

extern constinit const Interaction search_type{.code = "search-type",
                                               .level = Level::type,
                                               .method = "GET",
                                               .path = "[type]",
                                               .lane = Lane::core,
                                               .needs = fhir::Verb::search,
                                               .run = run};

extern constinit const Interaction search_type_by_post{.code = "search-type",
                                                       .level = Level::type,
                                                       .method = "POST",
                                                       .path = "[type]/_search",
                                                       .lane = Lane::core,
                                                       .needs = fhir::Verb::search,
                                                       .run = run};

extern constinit const Interaction search_system{.code = "search-system",
                                                 .level = Level::system,
                                                 .method = "GET",
                                                 .path = "",
                                                 .lane = Lane::core,
                                                 .needs = fhir::Verb::search,
                                                 .run = run};

extern constinit const Interaction search_system_by_post{.code = "search-system",
                                                         .level = Level::system,
                                                         .method = "POST",
                                                         .path = "_search",
                                                         .lane = Lane::core,
                                                         .needs = fhir::Verb::search,
                                                         .run = run};

}  // namespace alzette::rest
