#include "fhir/search/compartment.h"

#include <functional>

#include "fhir/search/clause.h"

namespace fhir::search {
namespace {

// One clause for each parameter that leads into the compartment, `self` for the compartment's own resource.
std::optional<Clause> any_way(const Type& type, const Compartment& compartment, const Clause& self,
                              const std::function<Clause(const SearchParameter&)>& by) {
  std::optional<Clause> any;
  const auto add = [&](Clause clause) {
    any = any ? joined(Clause::Join::any, std::move(*any), std::move(clause)) : std::move(clause);
  };
  if (type.name.view() == compartment.type.view()) add(self);
  for (const auto& member : compartment.members) {
    if (member.type.view() != type.name.view()) continue;
    for (const auto& code : member.parameters)
      if (const auto* parameter = type.parameter(code); parameter && parameter->type == ParameterType::reference)
        add(by(*parameter));
  }
  return any;
}

}  // namespace

std::optional<Clause> in_compartment(const Type& type, const Compartment& compartment, std::string_view id) {
  Clause self;
  self.parameter = type.parameter("_id");
  Term own;
  own.value.kind = IndexKind::token;
  own.value.text = id;
  own.any_system = true;
  self.any_of.push_back(std::move(own));
  return any_way(type, compartment, self, [&](const SearchParameter& parameter) {
    Clause clause;
    clause.parameter = &parameter;
    Term term;
    term.value.kind = IndexKind::reference;
    term.value.type = compartment.type.view();
    term.value.text = id;
    clause.any_of.push_back(std::move(term));
    return clause;
  });
}

std::optional<Clause> in_compartment_of(const Type& type, const Compartment& compartment,
                                        const std::vector<Clause>& owner) {
  const Type* owner_type = definitions().resource(compartment.type);
  if (!owner_type) return std::nullopt;
  Clause self;
  self.join = Clause::Join::all;
  self.parts = owner;
  return any_way(type, compartment, self, [&](const SearchParameter& parameter) {
    Clause clause;
    clause.parameter = &parameter;
    add_inner(clause, *owner_type, owner);
    return clause;
  });
}

}  // namespace fhir::search
