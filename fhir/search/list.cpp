// _list: the resources that a List names, or that a patient's current list of some kind does. A list's own parameter
// `item` points at them, so the condition is a reverse chain, and seeing the List is asked for like in any other.
// FHIR R4: http://hl7.org/fhir/R4/search.html#list, http://hl7.org/fhir/R4/lifecycle.html#current
#include <array>

#include "fhir/search/clause.h"
#include "fhir/value.h"

namespace fhir::search {
namespace {

constexpr std::string_view use_codes = "http://terminology.hl7.org/CodeSystem/list-example-use-codes";

struct Current {
  std::string_view name;
  std::string_view code;
  std::string_view category;  // of the items
};
constexpr std::array<Current, 4> current_lists{{{"$current-problems", "problems", ""},
                                                {"$current-medications", "medications", ""},
                                                {"$current-allergies", "allergies", ""},
                                                {"$current-drug-allergies", "allergies", "medication"}}};

Outcome invalid(std::string text) { return {Kind::malformed, "invalid", std::move(text)}; }

Clause token(const Type& type, std::string_view parameter, std::string_view system, std::string_view code) {
  Clause clause;
  clause.parameter = type.parameter(parameter);
  Term term;
  term.value.kind = IndexKind::token;
  term.value.system = system;
  term.value.text = code;
  term.any_system = system.empty();
  clause.any_of.push_back(std::move(term));
  return clause;
}

Result<Clause> current(Scope scope, Clause held, std::string_view name) {
  const Type& list = *held.has_type;
  for (const auto& known : current_lists) {
    if (known.name != name) continue;
    std::vector<Clause> conditions;
    conditions.push_back(token(list, "code", use_codes, known.code));
    conditions.push_back(token(list, "status", "", "current"));
    add_inner(held, list, std::move(conditions));
    if (known.category.empty()) return held;
    if (scope.size() != 1 || !scope[0]->parameter("category"))
      return invalid("_list: '" + std::string(name) + "' is of AllergyIntolerance");
    return joined(Clause::Join::all, std::move(held), token(*scope[0], "category", "", known.category));
  }
  return invalid("_list: '" + shown(name) +
                 "' is not known. Current lists: $current-problems, $current-medications, $current-allergies, "
                 "$current-drug-allergies");
}

}  // namespace

Result<Clause> read_list(Scope scope, std::string_view value, const Limits& limits) {
  const auto values = split(value, ',');
  if (values.size() > limits.or_values)
    return Outcome{Kind::malformed, "too-costly", "_list names more than " + std::to_string(limits.or_values)};
  std::optional<Clause> all;
  for (const auto written : values) {
    auto held = read_reverse(scope, "List", "item", limits, 0);
    if (!held) return held;
    if (written.starts_with('$')) {
      held = current(scope, std::move(*held), written);
      if (!held) return held;
    } else {
      const auto id = written.starts_with("List/") ? written.substr(5) : written;
      if (!valid_id(id))
        return invalid("_list takes the id of a List or the name of a current one, not '" + shown(written) + "'");
      std::vector<Clause> conditions;
      conditions.push_back(token(*held->has_type, "_id", "", id));
      add_inner(*held, *held->has_type, std::move(conditions));
    }
    all = all ? joined(Clause::Join::any, std::move(*all), std::move(*held)) : std::move(*held);
  }
  return std::move(*all);
}

}  // namespace fhir::search
