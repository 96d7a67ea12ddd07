// Definitions out of Canonicals, in the form of stored resources.
#include "src/rest/published.h"

#include <string>

#include "fhir/format/json.h"
#include "src/rest/unwritten.h"

namespace alzette::rest {
namespace {

using fhir::search::Clause;

// The clause that holds anyway and asks for one value of the parameter.
const Clause* only_value(const std::vector<Clause>& all_of, std::string_view code) {
  for (const auto& clause : all_of) {
    if (clause.join == Clause::Join::all && !clause.negated) {
      if (const auto* found = only_value(clause.parts, code)) return found;
    } else if (clause.parameter && clause.parameter->code.view() == code && clause.any_of.size() == 1 &&
               clause.modifier == fhir::search::Modifier::none && !clause.has_type && clause.chain.empty()) {
      return &clause;
    }
  }
  return nullptr;
}

fhir::Version version_of(const fhir::Type& type, const fhir::Canonical& canonical) {
  fhir::Version version;
  version.type = &type;
  version.id = canonical.resource->value_of("id");
  fhir::json::write(*canonical.resource, version.body);
  return version;
}

}  // namespace

fhir::Result<fhir::Version> stored_or_published(const Call& call) {
  auto version = call.snapshot.read(call.access, *call.type, call.id);
  if (version || version.outcome().kind != fhir::Kind::absent) return version;
  if (const auto definition =
          call.canonicals.find(call.type->name, std::string(call.type->name.view()) + "/" + call.id))
    return version_of(*call.type, *definition);
  return version;
}

std::optional<fhir::Version> published(const Call& call, const fhir::search::Query& query) {
  if (!query.type || !query.type->parameter("url")) return std::nullopt;
  const auto* address = only_value(query.all_of, "url");
  if (!address) return std::nullopt;
  auto wanted = address->any_of.front().value.text;
  if (const auto* version = only_value(query.all_of, "version")) wanted += "|" + version->any_of.front().value.text;
  const auto canonical = call.canonicals.find(query.type->name, wanted);
  if (!canonical || !is_id(canonical->resource->value_of("id"))) return std::nullopt;
  Unwritten alone(call.base);
  alone.add(*query.type, canonical->resource->value_of("id"), canonical->resource);
  const auto ids = alone.find(query);
  if (!ids || ids->empty()) return std::nullopt;
  return version_of(*query.type, *canonical);
}

}  // namespace alzette::rest
