// Criteria of conditional interactions; bodies. FHIR R4: http://hl7.org/fhir/R4/http.html#cond-update
#include "src/rest/criteria.h"

#include "fhir/format/json.h"
#include "fhir/incoming.h"
#include "fhir/search/refusal.h"
#include "ihe/identity/identity.h"
#include "src/net/uri.h"
#include "src/rest/binary.h"
#include "src/rest/interaction.h"

namespace alzette::rest {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

namespace {

constexpr std::uint32_t longest_chain = 32;  // of merges

// The identifier that is asked for, where the criteria name exactly one.
std::optional<ihe::identity::Id> identifier_of(const fhir::search::Query& query) {
  for (const auto& clause : query.all_of)
    if (clause.parameter && clause.parameter->code.view() == "identifier" && clause.any_of.size() == 1)
      return ihe::identity::Id{std::string(clause.any_of.front().value.system),
                               std::string(clause.any_of.front().value.text)};
  return std::nullopt;
}

// Of the Patients found the only one that did not adopt the identifier in a merge; "" when there is none such.
Result<std::string> given_to(fhir::Snapshot& snapshot, const fhir::Access& access, const fhir::search::Query& query) {
  const auto identifier = identifier_of(query);
  if (!identifier) return std::string();
  auto ids = snapshot.find(access, query, longest_chain);
  if (!ids) return std::move(ids.outcome());
  std::string only;
  for (auto& id : *ids) {
    const auto version = snapshot.read(access, *query.type, id);
    if (!version) continue;
    const auto incoming = fhir::receive(version->body);
    if (!incoming) return incoming.outcome();
    if (ihe::identity::adopted(*incoming->resource, *identifier)) continue;
    if (!only.empty()) return std::string();
    only = std::move(id);
  }
  return only;
}

}  // namespace

std::string_view bare_criteria(std::string_view text, const fhir::Type& type, std::string_view base) {
  auto rest = text;
  if (rest.starts_with(base)) rest.remove_prefix(base.size());
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.starts_with(type.name.view())) rest.remove_prefix(type.name.view().size());
  return rest.starts_with('?') ? rest.substr(1) : text;
}

namespace {

Result<fhir::search::Query> read(const fhir::Type& type, const fhir::search::Parameters& criteria,
                                 std::string_view base, const fhir::search::Meanings* meanings) {
  auto query = fhir::search::parse(&type, criteria, base, false, {}, 0, meanings);
  if (query && query->all_of.empty())
    return Outcome(Kind::precondition, "required",
                   "Criteria are needed: without any, every " + std::string(type.name.view()) + " would match");
  return query;
}

}  // namespace

Result<fhir::search::Query> read_criteria(const fhir::Type& type, std::string_view text, std::string_view base,
                                          const fhir::search::Meanings* meanings) {
  const auto parameters = net::query_parameters(bare_criteria(text, type, base));
  if (!parameters)
    return Outcome(Kind::malformed, "invalid",
                   "The criteria hold a damaged percent-escape or bytes that are not UTF-8");
  return read(type, *parameters, base, meanings);
}

Result<Found> find_one(fhir::Snapshot& snapshot, const fhir::Access& access, fhir::search::Query query) {
  auto ids = snapshot.find(access, query, 2);
  if (!ids) return std::move(ids.outcome());
  if (ids->size() < 2) return Found{{std::move(query), std::move(*ids)}};
  const auto type = query.type->name.view();
  auto only = type == "Patient" ? given_to(snapshot, access, query) : Result<std::string>(std::string());
  if (!only) return std::move(only.outcome());
  if (!only->empty()) return Found{{std::move(query), std::move(*ids)}, std::move(*only)};
  return Outcome(Kind::precondition, "multiple-matches",
                 "The criteria match more than one " + std::string(type) + ": narrow them to one");
}

Result<Found> find_one(fhir::Snapshot& snapshot, const fhir::Access& access, const fhir::Type& type,
                       const fhir::search::Parameters& criteria, std::string_view base,
                       const fhir::search::Meanings* meanings) {
  auto query = read(type, criteria, base, meanings);
  if (!query) return std::move(query.outcome());
  return find_one(snapshot, access, std::move(*query));
}

Result<Found> find_one(fhir::Snapshot& snapshot, const fhir::Access& access, const fhir::Type& type,
                       std::string_view criteria, std::string_view base, const fhir::search::Meanings* meanings) {
  auto query = read_criteria(type, criteria, base, meanings);
  if (!query) return std::move(query.outcome());
  return find_one(snapshot, access, std::move(*query));
}

namespace {

// What was sent, or stood in an entry.
Result<std::shared_ptr<Incoming>> body_of(const Call& call, std::string_view expected) {
  if (call.body) return call.body;
  const bool raw = expected == "Binary" && is_raw(call.header("Content-Type"));
  auto incoming = raw ? receive_binary(call.request, call.id) : rest::receive(call.request.body, call.format);
  const bool fits = incoming && incoming->resource->type->name.view() == expected;
  if (expected == "Binary" && !raw && !fits && is_content(call)) incoming = receive_binary(call.request, call.id);
  if (!incoming) return std::move(incoming.outcome());
  return std::make_shared<Incoming>(std::move(*incoming));
}

}  // namespace

Result<std::shared_ptr<Incoming>> resource_of(const Call& call) {
  const auto expected = call.type->name.view();
  auto incoming = body_of(call, expected);
  if (!incoming) return incoming;
  const auto given = (*incoming)->resource->type->name.view();
  if (given != expected)
    return Outcome(Kind::malformed, "invalid",
                   "The body is of type " + std::string(given) + ", the address is that of " + std::string(expected),
                   std::string(given));
  return incoming;
}

fhir::search::Parameters without_format(const fhir::search::Parameters& parameters) {
  fhir::search::Parameters rest;
  for (const auto& parameter : parameters)
    if (parameter.first != "_format" && parameter.first != "_pretty") rest.push_back(parameter);
  return rest;
}

Result<bool> no_parameters(const Call& call) {
  for (const auto& [name, value] : call.parameters)
    if (name != "_format" && name != "_pretty")
      return Outcome(Kind::malformed, "not-supported",
                     "The parameter \"" + name + "\" has no meaning here; known are _format and _pretty",
                     fhir::search::place_of(name));
  return true;
}

}  // namespace alzette::rest
