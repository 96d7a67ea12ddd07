// everything: the record of a patient (or of all), or what belongs to an encounter: the compartment, and what its
// resources refer to outside of it. Page by page, as of the moment of the first.
// FHIR R4: http://hl7.org/fhir/R4/patient-operation-everything.html, …/encounter-operation-everything.html
#include <algorithm>
#include <cstdlib>

#include "fhir/bundle.h"
#include "fhir/search/clause.h"
#include "fhir/search/compartment.h"
#include "fhir/utf8.h"
#include "src/operation/operation.h"
#include "src/operation/refusal.h"
#include "src/rest/paging.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Type;
using fhir::search::Clause;
using fhir::search::Query;
using Types = std::vector<const Type*>;

// The parameters that say when care took place, the best first; types without any of them are not bound to a time.
constexpr std::string_view care_dates[] = {"date",       "period",    "onset-date",     "authoredon",   "authored",
                                           "occurrence", "effective", "whenhandedover", "event-date",   "started",
                                           "issued",     "sent",      "created",        "recorded-date"};

bool among(const Types& types, const Type& type) { return std::find(types.begin(), types.end(), &type) != types.end(); }

// _type: codes, several in one parameter as well.
fhir::Result<Types> asked_types(const Input& input) {
  Types types;
  for (const auto* argument : input.all("_type")) {
    std::string_view rest = argument->value ? argument->value->text : std::string_view();
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      const auto* type = fhir::definitions().resource(rest.substr(0, comma));
      if (!type)
        return Outcome(Kind::malformed, "value",
                       "\"" + fhir::shortened(rest.substr(0, comma)) + "\" is not a resource type of FHIR R4",
                       place_of("_type"));
      types.push_back(type);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return types;
}

fhir::Result<std::uint32_t> page_size(const Input& input) {
  const auto given = input.text("_count");
  if (given.empty()) return rest::most_count;
  const auto count = std::atoll(std::string(given).c_str());
  if (count < 1)
    return Outcome(Kind::malformed, "value", "_count must be a whole number from 1 on", place_of("_count"));
  return static_cast<std::uint32_t>(std::min<long long>(count, rest::most_count));
}

// Makes the query for a compartment.
class Record {
 public:
  Record(const rest::Call& call, const Input& input, Types asked)
      : call_(call), input_(input), asked_(std::move(asked)) {}

  fhir::Result<Query> query() {
    const auto* compartment = fhir::definitions().compartment(call_.type->name);
    for (const auto& type : fhir::definitions().types) {
      if (type.kind != fhir::TypeKind::resource || type.abstract) continue;
      auto inside = call_.id.empty() ? fhir::search::in_compartment_of(type, *compartment, {})
                                     : fhir::search::in_compartment(type, *compartment, call_.id);
      if (!inside) continue;
      members_.push_back(&type);
      if (!call_.access.may(fhir::Verb::search, type.name)) continue;
      query_.types.push_back(&type);
      query_.besides.push_back({&type, std::move(*inside)});
      if (auto done = in_time(type); !done) return std::move(done.outcome());
    }
    narrow();
    if (auto done = since(); !done) return std::move(done.outcome());
    query_.include.emplace_back();
    return std::move(query_);
  }

  // What is found belongs to the compartment; of what is included, only what can belong to none of its kind: never
  // the record of somebody else.
  bool wanted(const fhir::SearchMatch& entry) const {
    const auto& type = *entry.version->type;
    if (!entry.match && among(members_, type)) return false;
    return asked_.empty() || among(asked_, type);
  }

 private:
  // Of the types asked for alone, where all of them are members: nothing else has to be looked at.
  void narrow() {
    const auto is_member = [&](const Type* type) { return among(members_, *type); };
    if (asked_.empty() || !std::all_of(asked_.begin(), asked_.end(), is_member)) return;
    std::erase_if(query_.types, [&](const Type* type) { return !among(asked_, *type); });
    std::erase_if(query_.besides, [&](const auto& one) { return !among(asked_, *one.type); });
  }

  // Within start and end, or without a date of care.
  fhir::Result<bool> in_time(const Type& type) {
    const auto start = input_.text("start"), end = input_.text("end");
    const auto code = std::find_if(std::begin(care_dates), std::end(care_dates), [&](std::string_view name) {
      const auto* parameter = type.parameter(name);
      return parameter && parameter->type == fhir::ParameterType::date;
    });
    if ((start.empty() && end.empty()) || code == std::end(care_dates)) return true;
    fhir::search::Parameters bounds;
    if (!start.empty()) bounds.emplace_back(*code, "ge" + std::string(start));
    if (!end.empty()) bounds.emplace_back(*code, "le" + std::string(end));
    auto within = fhir::search::parse(&type, bounds, call_.base, false);
    if (!within) return std::move(within.outcome());
    auto undated = fhir::search::parse(&type, {{std::string(*code) + ":missing", "true"}}, call_.base, false);
    if (!undated) return std::move(undated.outcome());
    auto clause = std::move(within->all_of.front());
    if (within->all_of.size() > 1)
      clause = joined(Clause::Join::all, std::move(clause), std::move(within->all_of.back()));
    clause = joined(Clause::Join::any, std::move(clause), std::move(undated->all_of.front()));
    query_.besides.push_back({&type, std::move(clause)});
    return true;
  }

  fhir::Result<bool> since() {
    const auto given = input_.text("_since");
    if (given.empty()) return true;
    auto parsed = fhir::search::parse(nullptr, {{"_lastUpdated", "ge" + std::string(given)}}, call_.base, false);
    if (!parsed) return std::move(parsed.outcome());
    query_.all_of = std::move(parsed->all_of);
    return true;
  }

  const rest::Call& call_;
  const Input& input_;
  Types asked_;
  Types members_;  // types of which some belong to the compartment
  Query query_;
};

std::string below_base_of(const rest::Call& call) {
  std::string path(call.type->name.view());
  if (!call.id.empty()) path.append("/").append(call.id);
  return path + "/$everything";
}

// The parameters as links carry them, whether they came in the query or the body.
fhir::search::Parameters applied(const Input& input) {
  fhir::search::Parameters parameters;
  for (const auto& argument : input.arguments)
    if (argument.value) parameters.emplace_back(argument.name, argument.value->text);
  return parameters;
}

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  if (!call.id.empty())
    if (auto owner = call.snapshot.read(call.access, *call.type, call.id); !owner) return std::move(owner.outcome());
  auto asked = asked_types(input);
  if (!asked) return std::move(asked.outcome());
  const auto count = page_size(input);
  if (!count) return count.outcome();
  Record record(call, input, std::move(*asked));
  auto query = record.query();
  if (!query) return std::move(query.outcome());
  if (query->types.empty()) return Outcome(Kind::forbidden, "forbidden", "Nothing of this record may be searched");

  const auto parameters = applied(input);
  const auto below_base = below_base_of(call);
  const auto context = rest::page_context(call, below_base, parameters);
  const auto given = std::find_if(call.parameters.begin(), call.parameters.end(),
                                  [](const auto& parameter) { return parameter.first == "_page"; });
  if (given != call.parameters.end()) {
    auto token = rest::open_page(call, given->second, context);
    if (!token) return std::move(token.outcome());
    query->page = std::move(*token);
  }
  auto page = call.snapshot.search(call.access, *query, *count, call.effort);
  if (!page) return std::move(page.outcome());

  std::vector<fhir::Link> links;
  links.push_back(
      {"self", rest::link(call, below_base, parameters, given == call.parameters.end() ? "" : given->second)});
  if (!page->next.empty())
    links.push_back({"next", rest::link(call, below_base, parameters, call.seal.seal(page->next, context))});
  fhir::BundleWriter bundle("searchset", std::nullopt, links);
  for (const auto& entry : page->entries)
    if (record.wanted(entry)) bundle.match(call.base, *entry.version, entry.version->body, entry.match);
  if (page->includes_capped) {
    Outcome outcome;
    outcome.issues.push_back({fhir::Severity::warning,
                              "too-costly",
                              "Not all that this page refers to is here: ask for smaller pages (_count)",
                              {}});
    bundle.outcome(outcome);
  }
  return rest::Plan(rest::json_reply(200, std::move(bundle).finish()));
}

}  // namespace

extern constinit const Operation everything_of_patient{
    .code = "everything",
    .definition = "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    .levels = on_type | on_instance,
    .types = "Patient",
    .lane = rest::Lane::worker,
    .run = run};

extern constinit const Operation everything_of_encounter{
    .code = "everything",
    .definition = "http://hl7.org/fhir/OperationDefinition/Encounter-everything",
    .levels = on_instance,
    .types = "Encounter",
    .lane = rest::Lane::worker,
    .run = run};

}  // namespace alzette::operation
