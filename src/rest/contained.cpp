#include "src/rest/contained.h"

#include <algorithm>

#include "fhir/format/json.h"
#include "fhir/search/index.h"
#include "fhir/search/match.h"

namespace alzette::rest {
namespace {

using fhir::Node;
using fhir::search::Contained;
using fhir::search::Query;

bool is_asked_for(const Query& query, const fhir::Type& type) {
  if (query.type) return query.type == &type;
  return query.types.empty() || std::find(query.types.begin(), query.types.end(), &type) != query.types.end();
}

bool meets(const Query& query, const Node& resource, std::string_view base) {
  auto rows = fhir::search::extract(resource, base);
  auto& id = rows.emplace_back();
  id.parameter = resource.type->parameter("_id");
  id.value.kind = fhir::search::IndexKind::token;
  id.value.text = resource.value_of("id");
  return std::all_of(query.all_of.begin(), query.all_of.end(), [&](const fhir::search::Clause& clause) {
    // The time is the container's, and judged.
    const bool time = clause.parameter && clause.parameter->code.view() == "_lastUpdated";
    return time || fhir::search::matches(clause, rows);
  });
}

std::string json_of(const Node& contained) {
  Node root = contained;
  root.name = contained.type->name.view();
  root.listed = false;
  std::string text;
  fhir::json::write(root, text);
  return text;
}

}  // namespace

void keep_contained(const Call& call, const Query& query, fhir::SearchPage& page) {
  std::vector<fhir::SearchMatch> kept;
  for (auto& entry : page.entries) {
    const auto incoming = fhir::receive(entry.version->body, fhir::Format::json, true);
    if (!entry.match || !incoming || !incoming->resource) {
      kept.push_back(std::move(entry));
      continue;
    }
    const Node& resource = *incoming->resource;
    const bool own = query.contained == Contained::both && is_asked_for(query, *entry.version->type) &&
                     meets(query, resource, call.base);
    std::vector<const Node*> inside;
    for (const Node& child : resource)
      if (child.name == "contained" && child.type && is_asked_for(query, *child.type) && meets(query, child, call.base))
        inside.push_back(&child);
    if (!query.containers)
      for (const Node* child : inside) {
        auto one = std::make_shared<fhir::Version>(*entry.version);
        one->id.append("#").append(child->value_of("id"));
        one->body = json_of(*child);
        kept.push_back({std::move(one), entry.match});
      }
    if (own || (query.containers && !inside.empty())) kept.push_back(std::move(entry));
  }
  page.entries = std::move(kept);
}

}  // namespace alzette::rest
