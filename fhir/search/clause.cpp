// Reads one condition of a search, chains and _has included.
// FHIR R4: http://hl7.org/fhir/R4/search.html §3.1.1.4.4 (modifiers), §3.1.1.5.6 (chains), §3.1.1.5.6.1 (_has)
#include "fhir/search/clause.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "fhir/search/contained.h"
#include "fhir/search/custom.h"
#include "fhir/search/walk.h"
#include "fhir/value.h"

namespace fhir::search {
namespace {

constexpr std::uint32_t most_tried = 2000;  // conditions tried out for the target types of chains

constexpr std::array<std::pair<std::string_view, Modifier>, 11> modifiers{{{"exact", Modifier::exact},
                                                                           {"in", Modifier::in},
                                                                           {"not-in", Modifier::not_in},
                                                                           {"contains", Modifier::contains},
                                                                           {"missing", Modifier::missing},
                                                                           {"not", Modifier::not_},
                                                                           {"text", Modifier::text},
                                                                           {"identifier", Modifier::identifier},
                                                                           {"above", Modifier::above},
                                                                           {"below", Modifier::below},
                                                                           {"of-type", Modifier::of_type}}};

// What a parameter leads to, as far as its expression is a plain path.
std::vector<End> ends_of(Scope scope, const SearchParameter& parameter) {
  std::vector<End> ends;
  for (const Type* type : scope) {
    const auto* here = find_parameter(*type, parameter.code);
    const auto walk = here ? Walk::parse(here->expression) : std::nullopt;
    for (const auto& branch : walk ? walk->branches : std::vector<Branch>()) ends_of(branch, *type, ends);
  }
  return ends;
}

// A Reference may have an identifier; of the address of a definition :below leaves the version open (§3.1.1.4.12,
// §3.1.1.4.13).
std::vector<std::string_view> allowed_of_reference(Scope scope, const SearchParameter& parameter) {
  const auto ends = ends_of(scope, parameter);
  const bool addresses =
      std::any_of(ends.begin(), ends.end(), [](const End& end) { return end.type->kind == TypeKind::primitive; });
  const bool references =
      std::any_of(ends.begin(), ends.end(), [](const End& end) { return end.type->kind != TypeKind::primitive; });
  std::vector<std::string_view> words{"missing"};
  if (references || !addresses) words.push_back("identifier");
  if (addresses) words.push_back("below");
  return words;
}

// contenttype:below=text/xml: with whatever parameters, as in "text/xml; charset=UTF-8" (§3.1.1.4.10.1).
bool finds_media_types(Scope scope, const SearchParameter& parameter) {
  const auto ends = ends_of(scope, parameter);
  return std::any_of(ends.begin(), ends.end(), [](const End& end) {
    return end.element && end.element->binding.view().starts_with("http://hl7.org/fhir/ValueSet/mimetypes");
  });
}

// Modifiers by parameter type, as they are written.
std::vector<std::string_view> allowed(Scope scope, const SearchParameter& parameter) {
  if (parameter.code.view() == "_id") return {"missing", "not"};
  if (is_full_text(parameter)) return {};
  switch (parameter.type) {
    case ParameterType::string:
      return {"missing", "exact", "contains", "text"};
    case ParameterType::token:
      return {"missing", "not", "text", "of-type", "in", "not-in", "above", "below"};
    case ParameterType::reference:
      return allowed_of_reference(scope, parameter);
    case ParameterType::uri:
      return {"missing", "above", "below"};
    case ParameterType::date:
    case ParameterType::number:
    case ParameterType::quantity:
      return {"missing"};
    case ParameterType::composite:
    case ParameterType::special:
      break;
  }
  return {};
}

Outcome unsupported(std::string text) { return {Kind::malformed, "not-supported", std::move(text)}; }
Outcome invalid(std::string text) { return {Kind::malformed, "invalid", std::move(text)}; }
Outcome too_costly(std::string text) { return {Kind::malformed, "too-costly", std::move(text)}; }

std::string names_of(Scope scope) {
  std::string out;
  for (const Type* type : scope) {
    if (out.size() > 60) return out + ", ...";
    if (!out.empty()) out += ", ";
    out += type->name.view();
  }
  return out;
}

bool can_target(const SearchParameter& parameter, const Type& type) {
  const auto targets = targets_of(parameter);
  return std::find(targets.begin(), targets.end(), &type) != targets.end();
}

// Also for who is lenient: a search SHALL be refused for a modifier (search.html, Modifiers), while a parameter that is
// not known may be left out.
Outcome bad_modifier(Scope scope, const SearchParameter& parameter, std::string_view modifier) {
  std::string list;
  for (const auto word : allowed(scope, parameter)) list += (list.empty() ? ":" : ", :") + std::string(word);
  if (parameter.type == ParameterType::reference) list += ", :[type] of a target";
  return invalid("Modifier " + quoted(":" + std::string(modifier)) + " does not apply to " + quoted(parameter.code) +
                 ", a " + std::string(word_of(parameter.type)) +
                 " parameter. Allowed: " + (list.empty() ? "none" : list));
}

Outcome too_deep(const Limits& limits) {
  return too_costly("Chains and _has go at most " + std::to_string(limits.depth) + " steps deep");
}

class ClauseReader {
 public:
  ClauseReader(std::string_view value, Reading& reading) : value_(value), reading_(reading) {}

  Result<Clause> read(Scope scope, std::string_view name, std::uint32_t hops) {
    if (++reading_.tried > most_tried)
      return too_costly("Too many target types to try: name the type of each step, such as subject:Patient.name");
    if (name.starts_with("_has:")) return read_has(scope, name, hops);
    const auto dot = name.find('.');
    const auto head = name.substr(0, dot);
    const auto colon = head.find(':');
    const auto code = head.substr(0, colon);
    const auto modifier = colon == std::string_view::npos ? std::string_view{} : head.substr(colon + 1);
    const SearchParameter* parameter = parameter_of(scope, code);
    if (!parameter) return unknown_parameter(scope, code);
    if (colon != std::string_view::npos && modifier.empty()) return bad_modifier(scope, *parameter, modifier);
    if (dot != std::string_view::npos) {
      const auto rest = name.substr(dot + 1);
      const auto inner = [&](const Type& target) -> Result<std::vector<Clause>> {
        const Type* const at[] = {&target};
        auto condition = read(at, rest, hops + 1);
        if (!condition) return std::move(condition.outcome());
        std::vector<Clause> one;
        one.push_back(std::move(*condition));
        return one;
      };
      auto chain = read_chain(scope, *parameter, modifier, rest, hops, inner, reading_);
      return chain ? read_contained(scope, *parameter, rest, std::move(*chain)) : std::move(chain);
    }
    if (is_full_text(*parameter) && modifier.empty()) return read_words(*parameter, value_, reading_.limits);
    if (modifier == "missing" && (code == "_id" || code == "_lastUpdated"))
      return read_never_missing(scope, *parameter);
    if (code == "url" && modifier.empty())
      if (const auto* version = parameter_of(scope, "version")) return read_addresses(scope, *parameter, *version);
    return read_plain(scope, *parameter, modifier);
  }

 private:
  // url=http://acme.org/vs|1.0: of the definitions with that address the one with this business version (§3.1.1.4.9).
  Result<Clause> read_addresses(Scope scope, const SearchParameter& parameter, const SearchParameter& version) {
    if (split(value_, '|').size() < 2) return read_plain(scope, parameter, {});
    const auto addresses = values(parameter);
    if (!addresses) return addresses.outcome();
    std::optional<Clause> any;
    for (const auto one : *addresses) {
      const auto parts = split(one, '|');
      value_ = parts.size() == 2 && !parts[1].empty() ? parts[0] : one;
      auto clause = read_plain(scope, parameter, {});
      if (clause && value_ != one) {
        value_ = parts[1];
        auto versioned = read_plain(scope, version, {});
        if (!versioned) return versioned;
        clause = joined(Clause::Join::all, std::move(*clause), std::move(*versioned));
      }
      if (!clause) return clause;
      any = any ? joined(Clause::Join::any, std::move(*any), std::move(*clause)) : std::move(*clause);
    }
    return std::move(*any);
  }

  // _has:Observation:patient:code
  Result<Clause> read_has(Scope scope, std::string_view name, std::uint32_t hops) {
    const auto first = name.find(':', 5);
    const auto second = first == std::string_view::npos ? first : name.find(':', first + 1);
    if (second == std::string_view::npos || second + 1 == name.size())
      return unsupported(quoted(name) + " is not of the form _has:Type:reference:parameter");
    auto clause = read_reverse(scope, name.substr(5, first - 5), name.substr(first + 1, second - first - 1),
                               reading_.limits, hops);
    if (!clause) return clause;
    const Type* const inner[] = {clause->has_type};
    auto condition = read(inner, name.substr(second + 1), hops + 1);
    if (!condition) return condition;
    add_one(*clause, *clause->has_type, std::move(*condition));
    return clause;
  }

  // The chain, or what it leads to inside of the resource.
  Result<Clause> read_contained(Scope scope, const SearchParameter& parameter, std::string_view rest, Clause chain) {
    const auto colon = rest.find(':');
    const auto modifier = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
    const auto* own =
        scope.size() == 1 ? contained_chain(*scope[0], parameter.code.view(), rest.substr(0, colon)) : nullptr;
    if (!own || modifier == "missing") return chain;
    auto inside = read_plain(scope, *own, modifier);
    if (!inside) return inside;
    return joined(Clause::Join::any, std::move(chain), std::move(*inside));
  }

  Result<Clause> read_plain(Scope scope, const SearchParameter& parameter, std::string_view word) {
    Clause clause;
    clause.parameter = &parameter;
    const Type* target = nullptr;
    if (!word.empty()) {
      const auto words = allowed(scope, parameter);
      const auto known =
          std::find_if(modifiers.begin(), modifiers.end(), [&](const auto& m) { return m.first == word; });
      target = parameter.type == ParameterType::reference ? definitions().resource(word) : nullptr;
      if (target ? !can_target(parameter, *target) : std::find(words.begin(), words.end(), word) == words.end())
        return bad_modifier(scope, parameter, word);
      if (!target) clause.modifier = known->second;
    }
    if (clause.modifier == Modifier::missing) return read_missing(std::move(clause));
    const bool media_types = clause.modifier == Modifier::below && finds_media_types(scope, parameter);
    if (parameter.type == ParameterType::token && by_meaning(clause.modifier) && !media_types)
      return read_meant(parameter, clause.modifier, value_, reading_);
    if (clause.modifier == Modifier::text && parameter.type == ParameterType::string)
      clause.modifier = Modifier::contains;
    const auto given = values(parameter);
    if (!given) return given.outcome();
    for (const auto text : *given) {
      auto terms = read_terms(parameter, clause.modifier, text, reading_);
      if (!terms) return terms.outcome();
      for (auto& term : *terms) {
        if (parameter.code.view() == "_id") term.any_system = true;
        if (target && !narrow(term, *target))
          return invalid("Parameter '" + std::string(parameter.code) + ":" + std::string(word) + "': " + quoted(text) +
                         " is not a reference to " + std::string(word));
        clause.any_of.push_back(std::move(term));
      }
    }
    return clause;
  }

  Result<std::vector<std::string_view>> values(const SearchParameter& parameter) const {
    auto values = split(value_, ',');
    if (values.size() > reading_.limits.or_values)
      return too_costly("Parameter " + quoted(parameter.code) + " has " + std::to_string(values.size()) +
                        " values; at most " + std::to_string(reading_.limits.or_values) + " are allowed");
    if (std::find(values.begin(), values.end(), std::string_view()) != values.end())
      return invalid("Parameter " + quoted(parameter.code) +
                     " has an empty value; leave it out, or ask with :missing=true");
    return values;
  }

  static bool by_meaning(Modifier modifier) {
    return modifier == Modifier::in || modifier == Modifier::not_in || modifier == Modifier::above ||
           modifier == Modifier::below;
  }

  Result<Clause> read_missing(Clause clause) {
    if (value_ != "true" && value_ != "false")
      return invalid("Parameter '" + std::string(clause.parameter->code) + ":missing' takes true or false, not " +
                     quoted(value_));
    clause.missing = value_ == "true";
    return clause;
  }

  // Every stored resource has an id and a time, and the index needs no row that says so: the time answers.
  Result<Clause> read_never_missing(Scope scope, const SearchParameter& parameter) {
    if (value_ != "true" && value_ != "false") return read_plain(scope, parameter, "missing");
    value_ = value_ == "true" ? "lt0001" : "ge0001";
    return read_plain(scope, *parameter_of(scope, "_lastUpdated"), {});
  }

  // subject:Patient=1: only references to that type, whether the value says it or not.
  static bool narrow(Term& term, const Type& target) {
    if (!term.types.empty()) {
      term.types.clear();
      term.value.type = target.name.view();
    }
    if (term.value.type.empty()) return term.value.text.find("/" + std::string(target.name) + "/") != std::string::npos;
    return term.value.type == target.name.view();
  }

  static void add_one(Clause& clause, const Type& type, Clause condition) {
    std::vector<Clause> one;
    one.push_back(std::move(condition));
    add_inner(clause, type, std::move(one));
  }

  std::string_view value_;
  Reading& reading_;
};

std::vector<const Type*> all_targets(Scope scope, std::string_view code) {
  std::vector<const Type*> all;
  for (const Type* type : scope)
    for (const Type* target : targets_of(*find_parameter(*type, code)))
      if (std::find(all.begin(), all.end(), target) == all.end()) all.push_back(target);
  return all;
}

}  // namespace

bool is_full_text(const SearchParameter& parameter) {
  return parameter.code.view() == "_text" || parameter.code.view() == "_content";
}

bool is_near(const SearchParameter& parameter) {
  return parameter.type == ParameterType::special && parameter.url.view().ends_with("/Location-near");
}

bool supported(const SearchParameter& parameter) {
  if (is_full_text(parameter) || is_near(parameter)) return true;
  return !parameter.expression.empty() && parameter.type != ParameterType::special;
}

const SearchParameter* parameter_of(Scope scope, std::string_view code) {
  const SearchParameter* found = nullptr;
  for (const Type* type : scope) {
    const SearchParameter* here = find_parameter(*type, code);
    if (!here || !supported(*here) || (found && here->type != found->type)) return nullptr;
    if (!found) found = here;
  }
  return found;
}

std::string valid_names(Scope scope, bool (*wanted)(const SearchParameter&)) {
  std::string out;
  if (scope.empty()) return out;
  const auto add = [&](const SearchParameter& parameter) {
    if (!wanted || wanted(parameter)) out.append(out.empty() ? "" : ", ").append(parameter.code.view());
  };
  for (const auto& parameter : scope[0]->search)
    if (parameter_of(scope, parameter.code)) add(parameter);
  for (const auto& custom : custom_parameters(*scope[0]))
    if (custom.complete) add(*custom.parameter);
  return out;
}

Outcome unknown_parameter(Scope scope, std::string_view code) {
  for (const Type* type : scope)
    for (const auto& custom : custom_parameters(*type))
      if (!custom.complete && custom.parameter->code.view() == code)
        return unsupported("The search parameter " + quoted(code) +
                           " answers when all that is stored is indexed; try again later");
  return unsupported("Unknown search parameter " + quoted(code) + " for " + names_of(scope) +
                     ". Valid: " + valid_names(scope));
}

void add_inner(Clause& clause, const Type& type, std::vector<Clause> conditions) {
  Query inner;
  inner.type = &type;
  inner.all_of = std::move(conditions);
  clause.chain.push_back(std::move(inner));
}

Clause joined(Clause::Join join, Clause left, Clause right) {
  if (left.join != join || left.negated) {
    Clause group;
    group.join = join;
    group.parts.push_back(std::move(left));
    left = std::move(group);
  }
  if (right.join == join && !right.negated)
    std::move(right.parts.begin(), right.parts.end(), std::back_inserter(left.parts));
  else
    left.parts.push_back(std::move(right));
  return left;
}

Result<Clause> read_reverse(Scope scope, std::string_view type_name, std::string_view code, const Limits& limits,
                            std::uint32_t hops) {
  if (hops >= limits.depth) return too_deep(limits);
  Clause clause;
  clause.has_type = definitions().resource(type_name);
  if (!clause.has_type) return unsupported("_has: " + quoted(type_name) + " is not a resource type");
  const Type* const inner[] = {clause.has_type};
  clause.parameter = parameter_of(inner, code);
  if (!clause.parameter) return unknown_parameter(inner, code);
  const bool points_here =
      clause.parameter->type == ParameterType::reference &&
      std::any_of(scope.begin(), scope.end(), [&](const Type* type) { return can_target(*clause.parameter, *type); });
  if (!points_here)
    return unsupported("_has: " + quoted(code) + " of " + std::string(type_name) + " does not refer to " +
                       names_of(scope));
  return clause;
}

Result<Clause> read_chain(Scope scope, const SearchParameter& parameter, std::string_view type_name,
                          std::string_view rest, std::uint32_t hops, const Inner& inner, Reading& reading) {
  if (parameter.type != ParameterType::reference)
    return unsupported(quoted(parameter.code) + " is a " + std::string(word_of(parameter.type)) +
                       " parameter: only references can be chained");
  if (hops >= reading.limits.depth) return too_deep(reading.limits);
  auto targets = all_targets(scope, parameter.code);
  if (!type_name.empty()) {
    const Type* wanted = definitions().resource(type_name);
    if (!wanted || std::find(targets.begin(), targets.end(), wanted) == targets.end())
      return invalid(quoted(parameter.code) + " does not refer to " + quoted(type_name) +
                     ". Possible: " + names_of(targets));
    targets.assign(1, wanted);
  }
  Clause clause;
  clause.parameter = &parameter;
  std::optional<Outcome> refusal;
  for (const Type* target : targets) {
    auto conditions = inner(*target);
    if (conditions) {
      add_inner(clause, *target, std::move(*conditions));
      continue;
    }
    const auto& code = conditions.outcome().issues[0].code;
    if (code == "too-costly") return std::move(conditions.outcome());
    if (!refusal || code != "not-supported") refusal = std::move(conditions.outcome());
  }
  if (!clause.chain.empty()) return clause;
  if (targets.size() > 1 && refusal->issues[0].code == "not-supported")
    return unsupported("None of the types that " + quoted(parameter.code) + " can refer to (" + names_of(targets) +
                       ") has a search parameter " + quoted(rest));
  return std::move(*refusal);
}

// A value set on this server may be named by where it lies: http://this.server/fhir/ValueSet/1 -> ValueSet/1
std::string value_set_of(std::string address, std::string_view base) {
  const auto literal = parse_reference(address);
  if (literal && !base.empty() && literal->base == base) address.erase(0, base.size() + 1);
  return address;
}

// code:in=http://acme.org/vs, code:below=http://snomed.info/sct|73211009: the codes that are meant take their place.
Result<Clause> read_meant(const SearchParameter& parameter, Modifier modifier, std::string_view given,
                          Reading& reading) {
  Clause clause;
  clause.parameter = &parameter;
  const bool set = modifier == Modifier::in || modifier == Modifier::not_in;
  if (!reading.meanings)
    return unsupported("Modifier :in, :not-in, :above and :below need the terminology, which is not at hand here");
  clause.modifier = modifier == Modifier::not_in ? Modifier::not_ : Modifier::none;
  const auto most = reading.limits.codes;
  for (const auto text : split(given, ',')) {
    const auto parts = split(text, '|');
    if (text.empty() || (!set && (parts.size() != 2 || parts[0].empty() || parts[1].empty())))
      return invalid("Parameter " + quoted(clause.parameter->code) + ": " + quoted(text) + " is not " +
                     (set ? "the address of a value set" : "of the form system|code"));
    auto meant = set ? reading.meanings->in_value_set(value_set_of(unescape(text), reading.base), most)
                 : modifier == Modifier::below ? reading.meanings->below(unescape(parts[0]), unescape(parts[1]), most)
                                               : reading.meanings->above(unescape(parts[0]), unescape(parts[1]), most);
    if (!meant) return std::move(meant.outcome());
    for (auto& value : *meant) {
      Term term;
      term.value = std::move(value);
      clause.any_of.push_back(std::move(term));
    }
    if (clause.any_of.size() > most)
      return too_costly("Parameter " + quoted(clause.parameter->code) + " stands for more than " +
                        std::to_string(most) + " codes");
  }
  return clause;
}

Result<Clause> read_clause(Scope scope, std::string_view name, std::string_view value, Reading& reading) {
  auto clause = name == "_filter" ? read_filter(scope, value, reading)
                : name == "_list" ? read_list(scope, value, reading.limits)
                                  : ClauseReader(value, reading).read(scope, name, 0);
  if (clause) clause->written = std::string(name) + "=" + std::string(value);
  return clause;
}

}  // namespace fhir::search
