// From clauses to conditions: see plan.h. The ranges of each kind of value are in scans.cpp.
#include "src/store/plan.h"

#include <algorithm>

namespace alzette::store {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;
using fhir::Type;
using fhir::search::Clause;
using fhir::search::Facet;
using fhir::search::IndexKind;
using fhir::search::Modifier;
using fhir::search::Prefix;
using fhir::search::Term;

namespace {

constexpr std::size_t most_depth = 16;

class Planner {
 public:
  Planner(View& view, const fhir::Access& access) : view_(view), access_(access) {}

  std::optional<Outcome> plan(const Type& type, const std::vector<Clause>& clauses, TypePlan& out) {
    if (!access_.may(fhir::Verb::search, type.name))
      return Outcome(Kind::forbidden, "forbidden", "you may not search " + std::string(type.name.view()));
    if (++depth_ > most_depth)
      return Outcome(Kind::too_costly, "too-costly", "the search refers through too many resources");
    out.type = &type;
    out.name = view_.name(type.name);
    out.empty = out.name == unknown;
    for (const auto& clause : clauses) {
      Condition condition;
      condition.clause = &clause;
      if (auto refused = add(type, clause, condition)) return refused;
      if (condition.shape == Condition::Shape::updated) narrow(condition, out);
      out.conditions.push_back(std::move(condition));
    }
    --depth_;
    return std::nullopt;
  }

 private:
  std::optional<Outcome> add(const Type& type, const Clause& clause, Condition& out) {
    if (clause.has_type) return add_reverse(type, clause, out);
    const auto code = clause.parameter->code.view();
    out.negated = clause.modifier == Modifier::not_;
    if (!clause.chain.empty()) return add_chain(type, clause, out);
    if (code == "_id" || code == "_lastUpdated") {
      if (clause.modifier != Modifier::none && clause.modifier != Modifier::not_ &&
          clause.modifier != Modifier::missing)
        return Outcome(Kind::malformed, "not-supported", "'" + std::string(code) + "' takes no modifier but :not");
      return code == "_id" ? add_id(type, clause, out) : add_updated(clause, out);
    }
    if (clause.modifier == Modifier::missing) {
      out.shape = Condition::Shape::missing;
      for (const auto facet : {Facet::value, Facet::text, Facet::identifier, Facet::of_type}) {
        const Name name = view_.name(parameter_name(type.name, code, facet));
        if (name != unknown) out.facets.push_back(name);
      }
      return std::nullopt;
    }
    out.parameter = view_.name(parameter_name(type.name, code, facet_of(clause)));
    out.drives = out.exact = !out.negated;
    for (const auto& term : clause.any_of) {
      Alternative alternative;
      if (auto refused = look_up(term, alternative)) return refused;
      if (out.drives)
        out.drives = out.parameter == unknown ||
                     add_scans(view_, out.parameter, alternative, clause.modifier, out.scans, out.exact);
      out.any_of.push_back(std::move(alternative));
    }
    return std::nullopt;
  }

  std::optional<Outcome> add_id(const Type& type, const Clause& clause, Condition& out) {
    out.shape = Condition::Shape::id;
    out.resolved = true;
    out.drives = out.exact = !out.negated;
    if (clause.modifier == Modifier::missing) {  // never missing
      out.negated = !clause.missing;
      out.drives = out.exact = clause.missing;
      return std::nullopt;
    }
    for (const auto& term : clause.any_of) {
      const Rid rid = view_.rid(view_.name(type.name), term.value.text);
      if (rid != unknown) out.rids.insert(rid);
    }
    return std::nullopt;
  }

  std::optional<Outcome> add_updated(const Clause& clause, Condition& out) {
    out.shape = Condition::Shape::updated;
    if (clause.modifier == Modifier::missing) {  // never missing: an empty list of alternatives matches nothing
      out.negated = !clause.missing;
      return std::nullopt;
    }
    for (const auto& term : clause.any_of) {
      Alternative alternative;
      alternative.term = &term;
      out.any_of.push_back(std::move(alternative));
    }
    return std::nullopt;
  }

  // Keys grow with the time of storing, so a time range is a key range.
  void narrow(const Condition& condition, TypePlan& out) {
    if (condition.negated || condition.any_of.size() != 1) return;
    const auto& term = *condition.any_of[0].term;
    const auto low = [&](std::int64_t instant) { out.from = std::max(out.from, view_.first_at(instant)); };
    const auto high = [&](std::int64_t instant) { out.to = std::min(out.to, view_.first_at(instant) - 1); };
    switch (term.prefix) {
      case Prefix::eq:
      case Prefix::ap:
        low(term.value.low);
        high(term.value.high + 1);
        break;
      case Prefix::gt:
      case Prefix::sa:
        low(term.value.high + 1);
        break;
      case Prefix::ge:
        low(term.value.low);
        break;
      case Prefix::lt:
      case Prefix::eb:
        high(term.value.low);
        break;
      case Prefix::le:
        high(term.value.high + 1);
        break;
      case Prefix::ne:
        break;
    }
  }

  std::optional<Outcome> add_chain(const Type& type, const Clause& clause, Condition& out) {
    out.shape = Condition::Shape::chain;
    out.parameter = view_.name(parameter_name(type.name, clause.parameter->code, Facet::value));
    for (const auto& query : clause.chain) {
      TypePlan inner;
      if (auto refused = plan(*query.type, query.all_of, inner)) return refused;
      if (!inner.empty) out.inner.push_back(std::move(inner));
    }
    return std::nullopt;
  }

  std::optional<Outcome> add_reverse(const Type&, const Clause& clause, Condition& out) {
    out.shape = Condition::Shape::reverse;
    out.negated = clause.modifier == Modifier::not_;
    out.parameter = view_.name(parameter_name(clause.has_type->name, clause.parameter->code, Facet::value));
    TypePlan inner;
    static const std::vector<Clause> none;
    if (auto refused = plan(*clause.has_type, clause.chain.empty() ? none : clause.chain[0].all_of, inner))
      return refused;
    if (!inner.empty) out.inner.push_back(std::move(inner));
    return std::nullopt;
  }

  std::optional<Outcome> look_up(const Term& term, Alternative& out) {
    out.term = &term;
    for (const auto& part : term.parts) {
      Alternative alternative;
      if (auto refused = look_up(part, alternative)) return refused;
      out.parts.push_back(std::move(alternative));
    }
    const auto& value = term.value;
    if (value.kind == IndexKind::reference) return look_up_targets(term, out);
    if (!value.system.empty()) out.system = view_.name(value.system);
    return std::nullopt;
  }

  std::optional<Outcome> look_up_targets(const Term& term, Alternative& out) {
    const auto& value = term.value;
    if (term.types.empty()) {
      const Name type = value.type.empty() ? 0 : view_.name(value.type);
      const Rid rid = type == unknown ? unknown : view_.rid(type, value.text);
      if (rid != unknown) out.targets.push_back(rid);
      return std::nullopt;
    }
    std::string existing;
    std::size_t count = 0;
    for (const auto* type : term.types) {
      const Name name = view_.name(type->name);
      const Rid rid = name == unknown ? unknown : view_.rid(name, value.text);
      if (rid == unknown) continue;
      out.targets.push_back(rid);
      if (view_.current_of(rid) == 0) continue;
      existing += (count++ ? ", " : "") + std::string(type->name.view()) + "/" + value.text;
    }
    if (count > 1)
      return Outcome(Kind::malformed, "multiple-matches",
                     "the id '" + value.text + "' exists as " + existing + "; name the type, as Type/id");
    return std::nullopt;
  }

  View& view_;
  const fhir::Access& access_;
  std::size_t depth_ = 0;
};

}  // namespace

Result<TypePlan> plan(View& view, const fhir::Access& access, const Type& type, const std::vector<Clause>& clauses) {
  TypePlan out;
  Planner planner(view, access);
  if (auto refused = planner.plan(type, clauses, out)) return std::move(*refused);
  return out;
}

std::string describe(const Condition& condition) {
  if (!condition.clause->written.empty()) return condition.clause->written;
  std::string text;
  if (condition.clause->has_type) text = "_has:" + std::string(condition.clause->has_type->name.view()) + ":";
  return text + std::string(condition.clause->parameter->code.view());
}

}  // namespace alzette::store
