// Compiles the invariants of a type once. FHIR R4:
// http://hl7.org/fhir/R4/conformance-rules.html#constraints
#include "fhir/validate/plan.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>

namespace fhir::validate {

namespace {

// ele-1 holds by structure: bind refuses what is empty. txt-1 and txt-2 are the
// narrative's own check. dom-3, ref-1, bdl-3 and bdl-4 compare each member with
// the whole resource, csd-1 its codes with each other: the walk does so without a product of their numbers.
constexpr std::string_view checked_elsewhere[] = {"ele-1", "txt-1", "txt-2", "dom-3",
                                                  "ref-1", "bdl-3", "bdl-4", "csd-1"};

void add_rule(const Constraint& constraint, const Type* only, std::vector<Rule>& rules) {
  const auto same_key = [&](std::string_view key) { return key == constraint.key.view(); };
  if (constraint.expression.empty() ||
      std::any_of(std::begin(checked_elsewhere), std::end(checked_elsewhere), same_key))
    return;
  if (auto program = path::compile(constraint.expression)) rules.push_back({&constraint, std::move(*program), only});
}

void add_rules(const List<Constraint>& constraints, std::vector<Rule>& rules) {
  for (const Constraint& constraint : constraints) add_rule(constraint, nullptr, rules);
}

// What a profile demands beyond its type: sqty-1 where a Quantity must be a
// SimpleQuantity. One of several profiles would be enough, so only a single one
// is looked at.
void add_profile_rules(const ElementType& of, std::vector<Rule>& rules) {
  if (of.profiles.size() != 1) return;
  const auto url = of.profiles[0].view();
  const Type* profile = definitions().type(url.substr(url.rfind('/') + 1));
  if (!profile || profile->url.view() != url) return;
  for (const Constraint& constraint : profile->constraints) {
    const auto& inherited = of.type->constraints;
    const auto same_key = [&](const Constraint& other) { return other.key.view() == constraint.key.view(); };
    if (std::none_of(inherited.begin(), inherited.end(), same_key)) add_rule(constraint, of.type.get(), rules);
  }
}

void fill(const Type& type, Plan& plan) {
  constexpr std::uint16_t unlimited = 0xFFFF;
  for (const Element& element : type.elements) {
    if (element.min > 0) plan.required.push_back(&element);
    if (element.max > 1 && element.max != unlimited) plan.limited.push_back(&element);
    auto& rules = plan.element_rules.emplace_back();
    add_rules(element.constraints, rules);
    for (const ElementType& of : element.types) add_profile_rules(of, rules);
  }
  add_rules(type.constraints, plan.rules);
}

struct Slot {
  std::once_flag once;
  Plan plan;
};

}  // namespace

const Plan& plan_of(const Type& type) {
  static const auto slots = std::make_unique<Slot[]>(definitions().types.size());
  Slot& slot = slots[static_cast<std::size_t>(&type - definitions().types.data())];
  std::call_once(slot.once, fill, std::cref(type), std::ref(slot.plan));
  return slot.plan;
}

}  // namespace fhir::validate
