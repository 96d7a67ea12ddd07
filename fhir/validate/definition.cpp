// Conformance resources: what cannot be seen without what they refer to. FHIR R4:
// http://hl7.org/fhir/R4/structuredefinition.html, valueset.html, codesystem.html
#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <set>

#include "fhir/definitions.h"
#include "fhir/path/path.h"
#include "fhir/snapshot/snapshot.h"
#include "fhir/utf8.h"
#include "fhir/validate/compare.h"
#include "fhir/validate/resources.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {

namespace {

constexpr std::string_view snomed = "http://snomed.info/sct";

bool has_scheme(std::string_view url) {
  const auto mark = url.find_first_of(":/?#");
  return mark != url.npos && mark > 0 && url[mark] == ':';
}

// The children of one name, each with its place.
template <class Visit>
void each(const Node& parent, std::string_view name, const Place& place, Visit visit) {
  std::uint32_t index = 0;
  for (const Node& child : parent)
    if (child.name == name) visit(child, Place{&place, name, index++, true});
}

// A profile named for a type must be one of that type.
void judge_types(const Node& structure, const Place& place, const Profiles& profiles, const Say& say) {
  const Node* differential = structure.child("differential");
  if (!differential) return;
  each(*differential, "element", {&place, "differential", 0, false}, [&](const Node& element, const Place& here) {
    for (const Node& type : element) {
      if (type.name != "type") continue;
      const Type* code = definitions().type(type.value_of("code"));
      for (const Node& profile : type) {
        if (profile.name != "profile" || !code || code->kind == TypeKind::backbone) continue;
        const auto found = profiles.canonicals().find("StructureDefinition", profile.text);
        const Type* given = found ? definitions().type(found->resource->value_of("type")) : nullptr;
        const bool open = code->kind == TypeKind::resource || code->name.view() == "Element";
        if (given && given != code && !(open && given->is(code->name)))
          say(here, "value",
              "The profile " + std::string(profile.text) + " is for " + std::string(given->name) + ", not for " +
                  std::string(code->name),
              Severity::error);
      }
    }
  });
}

// The types that one part of a discriminator's path leads to from any of
// `types`.
std::vector<const Type*> step_to(const std::vector<const Type*>& types, std::string_view part) {
  std::vector<const Type*> next;
  for (const Type* type : types)
    for (const Element& element : type->elements)
      if (element.name.view() == part)
        for (const ElementType& of : element.types) next.push_back(of.type.get());
  return next;
}

// Discriminators whose path, as far as it consists of names alone, leads to
// nothing that the element has.
void judge_slicing(const Node& snapshot, const Place& place, const Say& say) {
  for (const Node& element : snapshot) {
    const Node* slicing = element.name == "element" ? element.child("slicing") : nullptr;
    if (!slicing) continue;
    std::vector<const Type*> types;
    const Type* backbone = definitions().type(element.value_of("path"));
    if (backbone) types.push_back(backbone);
    for (const Node& type : element)
      if (const Type* known = type.name == "type" ? definitions().type(type.value_of("code")) : nullptr)
        types.push_back(known);
    const bool whole = !types.empty() && (backbone || types.front()->kind == TypeKind::complex);
    for (const Node& discriminator : *slicing) {
      if (discriminator.name != "discriminator" || !whole) continue;
      auto at = types;
      for (auto path = discriminator.value_of("path"); !path.empty() && !at.empty();) {
        const auto part = path.substr(0, path.find('.'));
        if (part.find('(') != part.npos || part == "$this") break;
        if (std::any_of(at.begin(), at.end(), [](const Type* type) { return type->kind == TypeKind::resource; })) break;
        at = step_to(at, part);
        path.remove_prefix(std::min(part.size() + 1, path.size()));
      }
      if (at.empty())
        say({&place, "differential", 0, false}, "value",
            std::string(element.value_of("path")) + " has no " + std::string(discriminator.value_of("path")) +
                " by which it could be sliced",
            Severity::error);
    }
  }
}

void judge_expression(const Node& holder, std::string_view name, const Place& place, const Say& say) {
  const auto expression = holder.value_of(name);
  if (expression.empty()) return;
  const auto program = path::compile(expression);
  if (!program) say({&place, name, 0, false}, "invalid", program.outcome().issues.front().diagnostics, Severity::error);
}

// The expressions of the rules that a differential adds.
void judge_rules(const Node& structure, const Place& place, const Say& say) {
  const Node* differential = structure.child("differential");
  if (!differential) return;
  each(*differential, "element", {&place, "differential", 0, false}, [&](const Node& element, const Place& here) {
    each(element, "constraint", here,
         [&](const Node& rule, const Place& there) { judge_expression(rule, "expression", there, say); });
  });
}

// How often an element may occur at least or at most; nothing where that is not said.
std::optional<std::uint64_t> limit_of(const Node& element, std::string_view name) {
  const auto text = element.value_of(name);
  if (text == "*") return std::numeric_limits<std::uint64_t>::max();
  std::uint64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() ? std::optional(limit)
                                                                                   : std::nullopt;
}

// A profile asks for no less and allows no more than its base; slices, which the base may not have, aside.
// profiling.html#3.1.0.3
void judge_cardinality(const Node& structure, const Node& base, const Place& place, const Say& say) {
  const Node* snapshot = base.child("snapshot");
  const Node* differential = structure.child("differential");
  if (!snapshot || structure.value_of("derivation") != "constraint") return;
  std::map<std::string_view, const Node*> elements;
  for (const Node& element : *snapshot)
    if (element.name == "element" && !element.child("sliceName")) elements.emplace(element.value_of("path"), &element);
  each(*differential, "element", {&place, "differential", 0, false}, [&](const Node& element, const Place& here) {
    const auto found = elements.find(element.value_of("path"));
    if (found == elements.end() || element.child("sliceName") || element.value_of("id").find(':') != std::string::npos)
      return;
    const auto least = limit_of(element, "min"), most = limit_of(element, "max");
    if (least && *least < limit_of(*found->second, "min").value_or(0))
      say({&here, "min", 0, false}, "business-rule", "The base asks for more: a profile may not ask for less",
          Severity::error);
    if (most && *most > limit_of(*found->second, "max").value_or(std::numeric_limits<std::uint64_t>::max()))
      say({&here, "max", 0, false}, "business-rule", "The base allows less: a profile may not allow more",
          Severity::error);
  });
}

void judge_structure(const Node& structure, const Place& place, const Profiles& profiles, const Say& say) {
  judge_types(structure, place, profiles, say);
  judge_rules(structure, place, say);
  if (!structure.child("differential") || structure.value_of("baseDefinition").empty()) return;
  const auto base = profiles.canonicals().find("StructureDefinition", structure.value_of("baseDefinition"));
  if (!base)
    return say({&place, "baseDefinition", 0, false}, "not-found",
               "The base is not known here: the differential was not looked at", Severity::warning);
  judge_cardinality(structure, *base->resource, place, say);
  Canonical canonical;
  canonical.resource = &structure;
  canonical.type = structure.type->name;
  canonical.url = structure.value_of("url");
  const auto whole = snapshot::generate(canonical, profiles.canonicals());
  if (whole) return judge_slicing(*(*whole)->resource->child("snapshot"), place, say);
  for (const Issue& issue : whole.outcome().issues)
    say({&place, "differential", 0, false}, issue.code, issue.diagnostics + " [" + issue.expression + "]",
        Severity::error);
}

// Whether digits are an SCTID: 6 to 18 of them, the last one Verhoeff's check digit (SNOMED CT, release file
// specifications, 6.3). What is not digits alone is an expression and not judged.
bool is_sctid(std::string_view code) {
  constexpr int turn[8][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4},
                               {5, 8, 0, 3, 7, 9, 6, 1, 4, 2}, {8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
                               {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
                               {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};
  if (!std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; })) return true;
  if (code.size() < 6 || code.size() > 18) return false;
  int check = 0;
  for (std::size_t i = 0; i < code.size(); ++i) {
    // The product in the group of a pentagon's turns (0 to 4) and mirrorings (5 to 9).
    const int a = check, b = turn[i % 8][code[code.size() - 1 - i] - '0'];
    if (a < 5)
      check = b < 5 ? (a + b) % 5 : 5 + (a + b) % 5;
    else
      check = b < 5 ? 5 + (a - b) % 5 : (a - b + 5) % 5;
  }
  return check == 0;
}

bool declares(const Node& system, std::string_view property) {
  constexpr std::string_view standard[] = {"concept", "code",     "display",       "parent",     "child",
                                           "status",  "inactive", "notSelectable", "deprecated", "definition"};
  if (std::find(std::begin(standard), std::end(standard), property) != std::end(standard)) return true;
  return std::any_of(system.begin(), system.end(), [&](const Node& child) {
    return (child.name == "property" || child.name == "filter") && child.value_of("code") == property;
  });
}

// A code that a definition takes from a system is one of that system, where that is here with all its codes.
void judge_code(const Node& from, std::string_view name, std::string_view system, std::string_view version,
                const Place& place, const HasCode& has_code, const Say& say) {
  const auto code = from.value_of(name);
  if (!has_code || system.empty() || code.empty()) return;
  const auto canonical = std::string(system).append(version.empty() ? "" : "|").append(version);
  if (has_code(canonical, code) == false)
    say({&place, name, 0, false}, "code-invalid", quoted(code) + " is no code of " + canonical, Severity::error);
}

void judge_concepts(const Node& include, const Place& place, const HasCode& has_code, const Say& say) {
  const auto system = include.value_of("system");
  each(include, "concept", place, [&](const Node& listed, const Place& here) {
    const auto code = listed.value_of("code");
    if (system == snomed && !is_sctid(code))
      say(here, "code-invalid", quoted(code) + " is no identifier of SNOMED CT", Severity::error);
    else
      judge_code(listed, "code", system, include.value_of("version"), here, has_code, say);
  });
}

// What a concept map maps are codes of its systems.
void judge_concept_map(const Node& map, const Place& place, const HasCode& has_code, const Say& say) {
  each(map, "group", place, [&](const Node& group, const Place& in_group) {
    const auto source = group.value_of("source"), target = group.value_of("target");
    each(group, "element", in_group, [&](const Node& element, const Place& here) {
      judge_code(element, "code", source, group.value_of("sourceVersion"), here, has_code, say);
      each(element, "target", here, [&](const Node& to, const Place& there) {
        judge_code(to, "code", target, group.value_of("targetVersion"), there, has_code, say);
      });
    });
  });
}

// Filters by what the code system has; those by a truth take true or false.
void judge_filters(const Node& include, const Place& place, const Canonicals& canonicals, const Say& say) {
  const auto system = canonicals.find("CodeSystem", include.value_of("system"));
  each(include, "filter", place, [&](const Node& filter, const Place& here) {
    const auto property = filter.value_of("property"), value = filter.value_of("value");
    const bool truth = property == "notSelectable" || property == "inactive" || filter.value_of("op") == "exists";
    if (truth && filter.value_of("op") != "in" && value != "true" && value != "false")
      say(here, "value", "The value must be true or false", Severity::error);
    if (system && system->resource->value_of("content") == "complete" && !declares(*system->resource, property))
      say(here, "value", system->url + " has no property or filter '" + std::string(property) + "'", Severity::error);
    if (include.value_of("system") == snomed && property == "constraint")
      if (const auto fault = ecl_fault(value))
        say(here, "value", "The value is no expression constraint (ECL): " + *fault, Severity::error);
  });
}

void judge_value_set(const Node& set, const Place& place, const Canonicals& canonicals, const HasCode& has_code,
                     const Say& say) {
  const Node* compose = set.child("compose");
  if (!compose) return;
  const Place here{&place, "compose", 0, false};
  std::uint32_t index = 0;
  for (const Node& include : *compose) {
    if (include.name != "include" && include.name != "exclude") continue;
    const auto system = include.value_of("system");
    if (!system.empty() && !has_scheme(system))
      say({&here, include.name, index, true}, "invalid", "system must be absolute: '" + shortened(system) + "'",
          Severity::error);
    judge_concepts(include, {&here, include.name, index, true}, has_code, say);
    judge_filters(include, {&here, include.name, index, true}, canonicals, say);
    ++index;
  }
}

// "dateTime" for valueDateTime
bool is_of_type(const Node& property, std::string_view type) {
  return std::all_of(property.begin(), property.end(), [&](const Node& child) {
    return !child.element || !child.element->choice || !child.type || child.type->name.view() == type;
  });
}

// Properties of concepts are of the types that the system declares; of those it does not declare nothing is known.
void judge_properties(const Node& parent, const std::map<std::string_view, std::string_view>& types, const Place& place,
                      const Say& say) {
  each(parent, "concept", place, [&](const Node& listed, const Place& here) {
    each(listed, "property", here, [&](const Node& property, const Place& there) {
      const auto declared = types.find(property.value_of("code"));
      if (declared != types.end() && !is_of_type(property, declared->second))
        say(there, "business-rule",
            "The property '" + std::string(declared->first) + "' is declared to be of type " +
                std::string(declared->second),
            Severity::error);
    });
    judge_properties(listed, types, here, say);
  });
}

// codesystem.html#properties, #supplements
void judge_code_system(const Node& system, const Place& place, const Say& say) {
  if (system.child("supplements") && system.value_of("content") != "supplement")
    say({&place, "content", 0, false}, "business-rule", "What supplements another has the content 'supplement'",
        Severity::error);
  struct Known {
    std::string_view code, type;
  };
  constexpr std::string_view base = "http://hl7.org/fhir/concept-properties#";
  constexpr Known standard[] = {{"inactive", "boolean"},
                                {"deprecated", "dateTime"},
                                {"notSelectable", "boolean"},
                                {"parent", "code"},
                                {"child", "code"}};
  std::map<std::string_view, std::string_view> types;
  std::set<std::string_view> uris;
  each(system, "property", place, [&](const Node& property, const Place& here) {
    const auto code = property.value_of("code"), uri = property.value_of("uri"), type = property.value_of("type");
    if (!types.emplace(code, type).second)
      say(here, "business-rule", "The property '" + std::string(code) + "' is defined twice", Severity::error);
    if (!uri.empty() && !uris.insert(uri).second)
      say(here, "business-rule", "The property " + std::string(uri) + " is defined twice", Severity::error);
    for (const Known& one : standard)
      if (uri.starts_with(base) && uri.substr(base.size()) == one.code && type != one.type)
        say(here, "business-rule", "The property " + std::string(uri) + " is of type " + std::string(one.type),
            Severity::error);
  });
  if (!types.empty()) judge_properties(system, types, place, say);
}

void collect_link_ids(const Node& parent, std::set<std::string_view>& ids) {
  for (const Node& item : parent) {
    if (item.name != "item") continue;
    ids.insert(item.value_of("linkId"));
    collect_link_ids(item, ids);
  }
}

// What enables an item is an item of the questionnaire.
void judge_items(const Node& parent, const std::set<std::string_view>& ids, const Place& place, const Say& say) {
  each(parent, "item", place, [&](const Node& item, const Place& here) {
    each(item, "enableWhen", here, [&](const Node& condition, const Place& there) {
      if (!ids.contains(condition.value_of("question")))
        say({&there, "question", 0, false}, "not-found",
            "There is no item " + quoted(condition.value_of("question")) + " in the questionnaire", Severity::error);
    });
    judge_items(item, ids, here, say);
  });
}

void judge_questionnaire(const Node& questionnaire, const Place& place, const Say& say) {
  std::set<std::string_view> ids;
  collect_link_ids(questionnaire, ids);
  judge_items(questionnaire, ids, place, say);
}

}  // namespace

void judge_definition(const Node& resource, const Place& place, const Profiles& profiles, const HasCode& has_code,
                      const Say& say) {
  const auto type = resource.type->name.view();
  if (type == "StructureDefinition") judge_structure(resource, place, profiles, say);
  if (type == "ValueSet") judge_value_set(resource, place, profiles.canonicals(), has_code, say);
  if (type == "ConceptMap") judge_concept_map(resource, place, has_code, say);
  if (type == "CodeSystem") judge_code_system(resource, place, say);
  if (type == "Questionnaire") judge_questionnaire(resource, place, say);
  if (type == "SearchParameter") judge_expression(resource, "expression", place, say);
  if (type == "Measure") judge_measure(resource, place, profiles.canonicals(), say);
  if (type == "MeasureReport") judge_measure_report(resource, place, profiles.canonicals(), say);
}

void judge_system(const Node& coding, const Place& place, const Canonicals& canonicals, const Say& say) {
  const auto system = coding.value_of("system");
  if (system.empty()) return;
  const Place here{&place, "system", 0, false};
  if (!has_scheme(system))
    return say(here, "invalid", "system must be absolute: '" + shortened(system) + "'", Severity::error);
  const auto known = canonicals.find("CodeSystem", system);
  if (!known && canonicals.find("ValueSet", system))
    return say(here, "invalid", std::string(system) + " is a value set, no code system", Severity::error);
  if (known && known->resource->child("supplements"))
    say(here, "invalid", std::string(system) + " is a supplement: name the code system that it supplements",
        Severity::error);
}

}  // namespace fhir::validate
