// Criteria of conditional interactions; bodies. FHIR R4: http://hl7.org/fhir/R4/http.html#cond-update
#include "src/rest/criteria.h"

#include "fhir/format/json.h"
#include "src/net/uri.h"
#include "src/rest/binary.h"
#include "src/rest/interaction.h"

namespace alzette::rest {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

Result<Found> find_one(fhir::Snapshot& snapshot, const fhir::Access& access, const fhir::Type& type,
                       const fhir::search::Parameters& criteria, std::string_view base) {
  auto query = fhir::search::parse(&type, criteria, base, false);
  if (!query) return std::move(query.outcome());
  if (query->all_of.empty())
    return Outcome(Kind::precondition, "required",
                   "Criteria are needed: without any, every " + std::string(type.name.view()) + " would match");
  auto ids = snapshot.find(access, *query, 2);
  if (!ids) return std::move(ids.outcome());
  if (ids->size() > 1)
    return Outcome(Kind::precondition, "multiple-matches",
                   "The criteria match more than one " + std::string(type.name.view()) + ": narrow them to one");
  return Found{{std::move(*query), std::move(*ids)}};
}

Result<Found> find_one(fhir::Snapshot& snapshot, const fhir::Access& access, const fhir::Type& type,
                       std::string_view criteria, std::string_view base) {
  if (criteria.starts_with('?')) criteria.remove_prefix(1);
  const auto parameters = net::query_parameters(criteria);
  if (!parameters)
    return Outcome(Kind::malformed, "invalid",
                   "The criteria hold a damaged percent-escape or bytes that are not UTF-8");
  return find_one(snapshot, access, type, *parameters, base);
}

Result<std::shared_ptr<Incoming>> resource_of(const Call& call) {
  if (call.body) return call.body;
  const auto expected = call.type->name.view();
  auto incoming =
      expected == "Binary" && is_raw(call.header("Content-Type"))
          ? receive_binary(call.request.body, call.header("Content-Type"), call.id, call.header("X-Security-Context"))
          : rest::receive(call.request.body, call.format);
  if (!incoming) return std::move(incoming.outcome());
  const auto given = incoming->resource->type->name.view();
  if (given != expected)
    return Outcome(Kind::malformed, "invalid",
                   "The body is of type " + std::string(given) + ", the address is that of " + std::string(expected),
                   std::string(given));
  return std::make_shared<Incoming>(std::move(*incoming));
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
                     "The parameter \"" + name + "\" has no meaning here; known are _format and _pretty");
  return true;
}

}  // namespace alzette::rest
