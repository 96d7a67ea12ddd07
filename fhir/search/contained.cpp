// Chains that end inside the resource: see contained.h.
#include "fhir/search/contained.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "fhir/search/made.h"

namespace fhir::search {
namespace {

struct Chain {
  std::string_view type, reference, code;
  OwnParameter own;
};

// Whom IHE MHD asks for by name (ITI-66, ITI-67) stands inside of its resources.
const std::array<Chain, 4>& chains() {
  constexpr auto text = ParameterType::string;
  static const std::array all{
      Chain{"DocumentReference", "author", "given", OwnParameter("author.given", text)},
      Chain{"DocumentReference", "author", "family", OwnParameter("author.family", text)},
      Chain{"List", "source", "given", OwnParameter("source.given", text)},
      Chain{"List", "source", "family", OwnParameter("source.family", text)},
  };
  return all;
}

// The ids of contained resources that the references of this name lead to.
void add_ids(const Node& owner, std::string_view name, std::set<std::string_view>& ids) {
  for (const auto& child : owner)
    if (const auto literal = child.name == name ? child.value_of("reference") : std::string_view();
        literal.starts_with('#'))
      ids.insert(literal.substr(1));
}

}  // namespace

const SearchParameter* contained_chain(const Type& type, std::string_view reference, std::string_view code) {
  for (const auto& chain : chains())
    if (chain.type == type.name.view() && chain.reference == reference && chain.code == code)
      return &chain.own.parameter;
  return nullptr;
}

namespace {

bool is_listed(const Type& type) {
  return std::any_of(chains().begin(), chains().end(),
                     [&](const Chain& chain) { return chain.type == type.name.view(); });
}

void add_listed(const Node& resource, const std::vector<ContainedRows>& contained, std::vector<IndexRow>& rows) {
  for (const auto& chain : chains()) {
    if (chain.type != resource.type->name.view()) continue;
    std::set<std::string_view> ids, practitioners;
    add_ids(resource, chain.reference, ids);
    for (const auto& one : contained)
      if (one.resource->type->name.view() == "PractitionerRole" && ids.contains(one.resource->value_of("id")))
        add_ids(*one.resource, "practitioner", practitioners);
    ids.merge(practitioners);
    std::set<std::string> said;
    for (const auto& one : contained) {
      if (!ids.contains(one.resource->value_of("id"))) continue;
      for (auto i = one.first; i < one.last; ++i) {
        if (rows[i].facet != Facet::value || rows[i].parameter->code.view() != chain.code) continue;
        IndexRow row;
        row.parameter = &chain.own.parameter;
        row.value = rows[i].value;
        if (said.insert(row.value.exact).second) rows.push_back(std::move(row));
      }
    }
  }
}

}  // namespace

void add_contained_chains(const Node& resource, const std::vector<ContainedRows>& contained,
                          std::vector<IndexRow>& rows) {
  if (contained.empty()) return;
  if (is_listed(*resource.type)) return add_listed(resource, contained, rows);
  for (std::size_t own = 0; own < contained.front().first; ++own) {
    const auto* reference = rows[own].parameter;
    const auto& value = rows[own].value;
    if (reference->type != ParameterType::reference || rows[own].facet != Facet::value) continue;
    if (!value.type.empty() || !value.text.starts_with('#')) continue;
    const std::string id = value.text.substr(1);
    for (const auto& one : contained) {
      if (one.resource->value_of("id") != id) continue;
      for (auto i = one.first; i < one.last; ++i) {
        IndexRow row = rows[i];
        row.through = reference;
        rows.push_back(std::move(row));
      }
    }
  }
}

}  // namespace fhir::search
