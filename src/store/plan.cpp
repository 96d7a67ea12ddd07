// From clauses to conditions: see plan.h. The ranges of each kind of value are in scans.cpp.
#include "src/store/plan.h"

#include <algorithm>

#include "fhir/search/custom.h"
#include "fhir/search/most_rows.h"
#include "fhir/search/refusal.h"

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
using fhir::search::stored_code;
using fhir::search::Term;

namespace {

constexpr std::size_t most_depth = 16;

// What a type that is lean holds in the lists of its versions alone: candidates are looked at.
bool has_no_rows(const Type& type, const Clause& clause, const Term& term) {
  if (!fhir::search::is_lean(type)) return false;
  const bool system_alone = term.value.kind == IndexKind::token && term.value.text.empty();
  return system_alone || facet_of(clause) == Facet::text;
}

class Planner {
 public:
  Planner(View& view, const fhir::Access& access, bool contained)
      : view_(view), access_(access), contained_(contained) {}

  std::optional<Outcome> plan(const Type& type, const std::vector<Clause>& clauses, TypePlan& out) {
    if (!access_.may(fhir::Verb::search, type.name))
      return Outcome(Kind::forbidden, "forbidden", "you may not search " + std::string(type.name.view()));
    if (++depth_ > most_depth)
      return Outcome(Kind::too_costly, "too-costly", "the search refers through too many resources");
    out.type = &type;
    out.name = view_.name(type.name);
    out.empty = out.name == unknown;
    for (const auto& clause : clauses)
      if (auto refused = add_to(type, clause, out)) return about(clause, std::move(*refused));
    --depth_;
    return std::nullopt;
  }

 private:
  static Outcome about(const Clause& clause, Outcome refused) {
    if (const auto& written = clause.written; !written.empty() && refused.kind == Kind::malformed)
      for (auto& issue : refused.issues)
        issue.expression = fhir::search::place_of(written.substr(0, written.find('=')));
    return refused;
  }

  // What has to hold anyway stands by itself, wherever it is written.
  std::optional<Outcome> add_to(const Type& type, const Clause& clause, TypePlan& out) {
    if (clause.join == Clause::Join::all && !clause.negated) {
      for (const auto& part : clause.parts)
        if (auto refused = add_to(type, part, out)) return refused;
      return std::nullopt;
    }
    Condition condition;
    if (auto refused = add(type, clause, condition)) return refused;
    if (condition.shape == Condition::Shape::updated) narrow(condition, out);
    out.conditions.push_back(std::move(condition));
    return std::nullopt;
  }

  std::optional<Outcome> add_group(const Type& type, const Clause& clause, Condition& out) {
    out.shape = Condition::Shape::group;
    out.negated = clause.negated;
    for (const auto& part : clause.parts)
      if (auto refused = add(type, part, out.parts.emplace_back())) return refused;
    settle(out);
    return std::nullopt;
  }

  std::optional<Outcome> add(const Type& type, const Clause& clause, Condition& out) {
    out.clause = &clause;
    if (clause.join != Clause::Join::none) return add_group(type, clause, out);
    const bool links = clause.has_type || !clause.chain.empty();
    if (contained_ && (links || fhir::search::is_full_text(*clause.parameter)))
      return Outcome(Kind::malformed, "not-supported",
                     "contained resources are searched by their own values: no chains, no _has, no full text");
    if (clause.has_type) return add_reverse(type, clause, out);
    const auto code = clause.parameter->code.view();
    out.negated = clause.modifier == Modifier::not_;
    if (!clause.chain.empty()) return add_chain(type, clause, out);
    if ((code == "_id" && !contained_) || code == "_lastUpdated") {
      if (clause.modifier != Modifier::none && clause.modifier != Modifier::not_ &&
          clause.modifier != Modifier::missing)
        return Outcome(Kind::malformed, "not-supported", "'" + std::string(code) + "' takes no modifier but :not");
      return code == "_id" ? add_id(type, clause, out) : add_updated(clause, out);
    }
    if (clause.modifier == Modifier::missing) {
      out.shape = Condition::Shape::missing;
      for (const auto facet : {Facet::value, Facet::text, Facet::identifier, Facet::of_type}) {
        const Name name = name_of(type, *clause.parameter, facet);
        if (name != unknown) out.facets.push_back(name);
      }
      return std::nullopt;
    }
    if (fhir::search::is_full_text(*clause.parameter)) out.shape = Condition::Shape::words;
    out.parameter = name_of(type, *clause.parameter, facet_of(clause));
    return add_values(type, clause, out);
  }

  std::optional<Outcome> add_values(const Type& type, const Clause& clause, Condition& out) {
    out.drives = out.exact = !out.negated;
    for (const auto& term : clause.any_of) {
      Alternative alternative;
      if (auto refused = look_up(term, alternative)) return refused;
      if (has_no_rows(type, clause, term)) out.drives = out.exact = false;
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

  // Where nothing contained was ever stored behind the reference, the chain is all there is.
  std::optional<Outcome> add_chain(const Type& type, const Clause& clause, Condition& out) {
    std::vector<Condition> inside;
    for (const auto& query : clause.chain)
      if (auto refused = add_inside(type, clause, query, inside)) return refused;
    if (inside.empty()) return add_references(type, clause, out);
    static const Clause either = [] {
      Clause any;
      any.join = Clause::Join::any;
      return any;
    }();
    out.shape = Condition::Shape::group;
    out.clause = &either;
    out.parts = std::move(inside);
    auto& chain = out.parts.emplace_back();
    chain.clause = &clause;
    if (auto refused = add_references(type, clause, chain)) return refused;
    settle(out);
    return std::nullopt;
  }

  // What contained resources say at the end of the chain, if it is one value of theirs. That of another lack (:not,
  // :missing) cannot be told from rows that all of them share.
  std::optional<Outcome> add_inside(const Type& type, const Clause& chain, const fhir::search::Query& end,
                                    std::vector<Condition>& out) {
    if (end.all_of.size() != 1) return std::nullopt;
    const auto& clause = end.all_of.front();
    if (clause.join != Clause::Join::none || clause.has_type || !clause.chain.empty()) return std::nullopt;
    if (clause.modifier == Modifier::not_ || clause.modifier == Modifier::missing) return std::nullopt;
    Condition inside;
    inside.clause = &clause;
    inside.parameter = view_.name(chained_name(type.name, stored_code(*chain.parameter), end.type->name,
                                               stored_code(*clause.parameter), facet_of(clause)));
    if (inside.parameter == unknown) return std::nullopt;
    auto refused = add_values(*end.type, clause, inside);
    out.push_back(std::move(inside));
    return refused;
  }

  std::optional<Outcome> add_references(const Type& type, const Clause& clause, Condition& out) {
    out.shape = Condition::Shape::chain;
    out.parameter = view_.name(parameter_name(type.name, stored_code(*clause.parameter), Facet::value));
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
    out.parameter = view_.name(parameter_name(clause.has_type->name, stored_code(*clause.parameter), Facet::value));
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

  Name name_of(const Type& type, const fhir::SearchParameter& parameter, Facet facet) {
    const auto code = stored_code(parameter);
    return view_.name(contained_ ? contained_name(type.name, code, facet) : parameter_name(type.name, code, facet));
  }

  View& view_;
  const fhir::Access& access_;
  const bool contained_;
  std::size_t depth_ = 0;
};

}  // namespace

bool Condition::follows() const {
  if (shape == Shape::group)
    return std::any_of(parts.begin(), parts.end(), [](const Condition& part) { return part.follows(); });
  return (shape == Shape::chain || shape == Shape::reverse) && !resolved;
}

void settle(Condition& group) {
  const auto drives = [](const Condition& part) { return part.drives; };
  const auto exact = [](const Condition& part) { return part.drives && part.exact; };
  const auto& parts = group.parts;
  group.drives = !group.negated && (group.any() ? std::all_of(parts.begin(), parts.end(), drives)
                                                : std::any_of(parts.begin(), parts.end(), drives));
  group.exact = group.drives && (group.any() || parts.size() == 1) && std::all_of(parts.begin(), parts.end(), exact);
}

Result<TypePlan> plan(View& view, const fhir::Access& access, const Type& type, const std::vector<Clause>& clauses,
                      bool contained) {
  TypePlan out;
  Planner planner(view, access, contained);
  if (auto refused = planner.plan(type, clauses, out)) return std::move(*refused);
  if (contained) out.empty = false;  // there may be none of the type but contained ones
  return out;
}

std::string describe(const Condition& condition) {
  if (!condition.clause->written.empty()) return condition.clause->written;
  std::string text;
  if (condition.shape == Condition::Shape::group) {
    for (const auto& part : condition.parts)
      text += (text.empty() ? "" : condition.any() ? " or " : " and ") + describe(part);
    return (condition.negated ? "not(" : "(") + text + ")";
  }
  if (condition.clause->has_type) text = "_has:" + std::string(condition.clause->has_type->name.view()) + ":";
  return text + std::string(condition.clause->parameter->code.view());
}

}  // namespace alzette::store
