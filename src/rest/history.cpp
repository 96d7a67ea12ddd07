// history of an instance, a type and the system: GET …/_history?_since&_at&_count, and &_list but for an instance.
// FHIR R4: http://hl7.org/fhir/R4/http.html#history
#include <algorithm>
#include <charconv>

#include "fhir/bundle.h"
#include "fhir/format/json.h"
#include "fhir/search/custom.h"
#include "fhir/search/refusal.h"
#include "fhir/search/term.h"
#include "fhir/value.h"
#include "src/rest/criteria.h"
#include "src/rest/interaction.h"
#include "src/rest/paging.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

using fhir::Kind;
using fhir::Outcome;

constexpr std::size_t most_listed = 1'000;

struct Asked {
  fhir::HistoryQuery query;
  fhir::search::Parameters applied;
  std::string page;
  bool only_total = false;
};

Outcome wrong(std::string_view name, std::string_view expected) {
  return {Kind::malformed, "value", "The parameter \"" + std::string(name) + "\" must be " + std::string(expected),
          fhir::search::place_of(name)};
}

using Items = std::vector<std::pair<const fhir::Type*, std::string>>;

// _list: what a List names of this server's resources.
fhir::Result<Items> items_of(const Call& call, const std::string& id) {
  const auto* type = fhir::definitions().resource("List");
  if (!is_id(id)) return wrong("_list", "the id of a List");
  auto list = call.snapshot.read(call.access, *type, id);
  if (!list) return std::move(list.outcome());
  fhir::Arena arena(list->body.size() * 4 + 1024);
  const auto raw = fhir::json::parse(list->body, arena);
  Items items;
  for (const fhir::Node* entry = raw ? (*raw)->first : nullptr; entry; entry = entry->next) {
    const auto* item = entry->name == "entry" ? entry->child("item") : nullptr;
    const auto literal = item ? fhir::parse_reference(item->value_of("reference")) : std::nullopt;
    const auto* target = literal ? fhir::definitions().resource(literal->type) : nullptr;
    if (!target || (!literal->base.empty() && literal->base != call.base)) continue;
    if (items.size() == most_listed)
      return Outcome(Kind::too_costly, "too-costly", "The List has more than " + std::to_string(most_listed) + " items",
                     fhir::search::place_of("_list"));
    items.emplace_back(target, literal->id);
  }
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return items;
}

// _at: the versions that were current at some moment of the time given; of several times, at some moment of each.
bool take_period(std::string_view value, const Call& call, fhir::HistoryQuery& query) {
  using fhir::search::Prefix;
  const auto* stored = fhir::search::find_parameter(*fhir::definitions().resource("List"), "_lastUpdated");
  const auto terms = fhir::search::read_terms(*stored, fhir::search::Modifier::none, value, {call.base, {}, call.now});
  if (!terms) return false;
  const auto prefix = terms->front().prefix;
  if (prefix == Prefix::ne || prefix == Prefix::sa || prefix == Prefix::eb) return false;
  const auto& time = terms->front().value;
  if (prefix != Prefix::lt && prefix != Prefix::le)
    query.current_from = std::max(query.current_from.value_or(time.low), prefix == Prefix::gt ? time.high : time.low);
  if (prefix != Prefix::gt && prefix != Prefix::ge)
    query.current_until =
        std::min(query.current_until.value_or(time.high), prefix == Prefix::lt ? time.low - 1 : time.high);
  return true;
}

fhir::Result<Asked> read_parameters(const Call& call) {
  Asked asked;
  asked.query.type = call.type;
  asked.query.id = call.id;
  asked.query.count = default_count;
  for (const auto& parameter : call.parameters) {
    const auto& [name, value] = parameter;
    if (name == "_format" || name == "_pretty") continue;
    if (name == "_count") {
      std::uint32_t count = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
      if (error == std::errc::result_out_of_range && !value.starts_with('-'))
        count = most_count;
      else if (error != std::errc{} || end != value.data() + value.size())
        return wrong(name, "a whole number, for example 50");
      asked.only_total = count == 0;
      asked.query.count = std::clamp(count, 1U, most_count);
    } else if (name == "_since") {
      const auto time = fhir::parse_date_time(fhir::search::with_plus(value));
      if (!time) return wrong(name, "a date or instant, for example 2026-01-31T08:00:00Z");
      asked.query.since = time->low;
    } else if (name == "_at") {
      if (!take_period(value, call, asked.query))
        return wrong(name, "a date or instant, for example 2026-01-31, optionally after one of eq gt lt ge le ap");
    } else if (name == "_list" && call.id.empty()) {
      auto listed = items_of(call, value);
      if (!listed) return std::move(listed.outcome());
      asked.query.listed = std::move(*listed);
    } else if (name == "_page") {
      asked.page = value;
      continue;
    } else if (!lenient(call.request)) {
      return Outcome(Kind::malformed, "not-supported",
                     "The parameter \"" + name + "\" is not known here; known are _since, _at, _list, _count",
                     fhir::search::place_of(name));
    } else {
      continue;
    }
    asked.applied.push_back(parameter);
  }
  return asked;
}

std::string below_base_of(const Call& call) {
  std::string path;
  if (call.type) path.append(call.type->name.view()).append("/");
  if (!call.id.empty()) path.append(call.id).append("/");
  return path + "_history";
}

fhir::Result<Plan> run(const Call& call) {
  auto asked = read_parameters(call);
  if (!asked) return std::move(asked.outcome());
  const auto below_base = below_base_of(call);
  const auto context = page_context(call, below_base, asked->applied);
  if (!asked->page.empty()) {
    auto token = open_page(call, asked->page, context);
    if (!token) return std::move(token.outcome());
    asked->query.page = std::move(*token);
  }
  auto page = call.snapshot.history(call.access, asked->query);
  if (!page) return std::move(page.outcome());
  if (!call.id.empty() && page->total == 0) {
    const auto current = call.snapshot.read(call.access, *call.type, call.id);
    if (!current && current.outcome().kind != Kind::gone) return current.outcome();
  }
  std::vector<fhir::Link> links;
  links.push_back({"self", link(call, below_base, asked->applied, asked->page)});
  if (!page->next.empty() && !asked->only_total)
    links.push_back({"next", link(call, below_base, asked->applied, call.seal.seal(page->next, context))});
  fhir::BundleWriter bundle("history", page->total, links);
  if (!asked->only_total)
    for (const auto& version : page->versions) bundle.history(call.base, version);
  return Plan(json_reply(200, std::move(bundle).finish()));
}

}  // namespace

extern constinit const Interaction history_instance{.code = "history-instance",
                                                    .level = Level::instance,
                                                    .method = "GET",
                                                    .path = "[type]/[id]/_history",
                                                    .lane = Lane::core,
                                                    .needs = fhir::Verb::read,
                                                    .run = run};

extern constinit const Interaction history_type{.code = "history-type",
                                                .level = Level::type,
                                                .method = "GET",
                                                .path = "[type]/_history",
                                                .lane = Lane::core,
                                                .needs = fhir::Verb::read,
                                                .run = run};

extern constinit const Interaction history_system{.code = "history-system",
                                                  .level = Level::system,
                                                  .method = "GET",
                                                  .path = "_history",
                                                  .lane = Lane::core,
                                                  .needs = fhir::Verb::read,
                                                  .run = run};

}  // namespace alzette::rest
