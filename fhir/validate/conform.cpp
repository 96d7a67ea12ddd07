// The walk over a profile's shapes. FHIR R4:
// http://hl7.org/fhir/R4/elementdefinition.html
#include "fhir/validate/conform.h"

#include <algorithm>

#include "fhir/utf8.h"
#include "fhir/validate/compare.h"
#include "fhir/validate/rules.h"
#include "fhir/value.h"

namespace fhir::validate {

namespace {

constexpr std::string_view core = "http://hl7.org/fhir/StructureDefinition/";
constexpr std::size_t most_issues = 100;
constexpr std::size_t most_effort =
    2'000'000;               // values, and slices for each, looked at for one resource by all profiles
constexpr int deepest = 48;  // profiles within profiles

// The type that a core address names: "Patient" of
// …/StructureDefinition/Patient.
const Type* core_type(std::string_view url) {
  url = url.substr(0, url.find('|'));
  if (!url.starts_with(core)) return nullptr;
  const Type* type = definitions().type(url.substr(core.size()));
  return type && type->url.view() == url && type->name.view() != "SimpleQuantity" &&
                 type->name.view() != "MoneyQuantity"
             ? type
             : nullptr;
}

bool is_of(const Node& node, std::string_view code) {
  const Type& type = *node.type;
  if (type.name.view() == code || code.starts_with("http://hl7.org/fhirpath/")) return true;
  if (type.kind == TypeKind::backbone) return code == "BackboneElement" || code == "Element";
  if (type.kind == TypeKind::resource) return type.is(code);
  return code == "Element" || (code == "string" && node.name == "id");  // Element.id is of System.String
}

std::string name_of(const Shape& shape) { return shape.slice.empty() ? shape.name : shape.name + ":" + shape.slice; }

}  // namespace

void Conformance::fault(const Site& site, const Place& place, std::string_view code, std::string text,
                        Severity severity) {
  if (site.issues.size() >= most_issues) return;
  text.append(" (").append(site.profile.url).append(")");
  site.issues.push_back({severity, std::string(code), std::move(text), place.expression()});
}

path::Context Conformance::context(const Scope& scope) {
  path::Context context;
  context.resource = scope.resource;
  context.root_resource = scope.container;
  context.resolve = [&scope](std::string_view reference) { return scope.find(reference).resource; };
  context.member_of = [this](const Node& node, std::string_view url) { return member(node, url); };
  context.conforms_to = [this, &scope](const Node& node, std::string_view url) { return conforms(node, url, scope); };
  return context;
}

void Conformance::check(const Node& node, const std::shared_ptr<const Profile>& profile, const Scope& scope,
                        const Place& place, std::vector<Issue>& issues) {
  const Site site{*profile, scope, issues};
  if (profile->type && node.type != profile->type && !node.type->is(profile->type->name)) {
    fault(site, place, "structure",
          "is of type " + std::string(node.type->name) + ", the profile is for " + std::string(profile->type->name));
    return;
  }
  if (depth_ >= deepest) {
    fault(site, place, "too-costly", "Profiles lie too deep within each other to be judged");
    return;
  }
  ++depth_;
  content(node, *profile->root, site, place);
  --depth_;
}

std::optional<bool> Conformance::conforms(const Node& node, std::string_view url, const Scope& scope) {
  if (const Type* type = core_type(url)) return node.type == type || node.type->is(type->name);
  auto profile = profiles_.find(url);
  if (!profile) return std::nullopt;
  const auto [known, fresh] = answers_.try_emplace({&node, std::string(url)}, true);
  if (!fresh) return known->second;
  kept_.push_back(*profile);
  std::vector<Issue> issues;
  check(node, *profile, scope, {nullptr, node.type->name, 0, false}, issues);
  const bool good = std::none_of(issues.begin(), issues.end(), [](const Issue& issue) { return issue.refuses(); });
  answers_[{&node, std::string(url)}] = good;
  return good;
}

bool Conformance::spend(const Site& site, const Place& place) {
  if (++effort_ <= most_effort) return true;
  if (effort_ == most_effort + 1) fault(site, place, "too-costly", "The profile asks for too much to be judged");
  return false;
}

void Conformance::content(const Node& node, const Shape& shape, const Site& site, const Place& place) {
  if (!spend(site, place)) return;
  rules(node, shape, site, place);
  elements(node, shape, site, place);
}

void Conformance::elements(const Node& node, const Shape& shape, const Site& site, const Place& place) {
  Nodes nodes;
  for (const auto& child : shape.children) {
    nodes.clear();
    for (const Node& one : node)
      if (one.type && child->covers(one)) nodes.push_back(&one);
    counted(nodes, *child, site, place);
    if (nodes.empty() && child->slices.empty()) continue;
    std::uint32_t index = 0;
    for (const Node* one : nodes) value(*one, *child, site, place_of(place, *one, index++));
    slices(nodes, *child, site, place);
  }
}

void Conformance::counted(const Nodes& nodes, const Shape& shape, const Site& site, const Place& place) {
  const std::string_view name = shape.stem.empty() ? shape.name : shape.stem;
  const Place here{&place, name, 0, false};
  const auto count = static_cast<std::uint32_t>(nodes.size());
  if (count < shape.min)
    fault(site, here, "required",
          "'" + name_of(shape) + "' must occur at least " + std::to_string(shape.min) +
              (shape.min == 1 ? " time, and occurs " : " times, and occurs ") + std::to_string(count));
  if (count > shape.max)
    fault(site, here, "structure",
          "'" + name_of(shape) + "' may occur at most " + std::to_string(shape.max) + " times, and occurs " +
              std::to_string(count));
}

void Conformance::value(const Node& node, const Shape& shape, const Site& site, const Place& place) {
  if (shape.fixed && !equals(node, *shape.fixed))
    fault(site, place, "value", "is " + shown(node) + " but must be exactly " + shown(*shape.fixed));
  if (shape.pattern && !fits(node, *shape.pattern))
    fault(site, place, "value", "is " + shown(node) + " but must have " + shown(*shape.pattern));
  if (shape.least)
    if (const auto order = compare_values(node, *shape.least); order && *order < 0)
      fault(site, place, "value", "is less than the least value allowed, " + shown(*shape.least));
  if (shape.most)
    if (const auto order = compare_values(node, *shape.most); order && *order > 0)
      fault(site, place, "value", "is more than the greatest value allowed, " + shown(*shape.most));
  if (shape.max_length > 0 && node.has_value()) {
    if (characters(node.text) > shape.max_length)
      fault(site, place, "too-long", "is longer than " + std::to_string(shape.max_length) + " characters");
  }
  if (!node.has_value() && node.type->kind == TypeKind::primitive &&
      (shape.must_have_value || !shape.alternatives.empty())) {
    const bool stands_in = std::any_of(node.begin(), node.end(), [&](const Node& child) {
      return std::find(shape.alternatives.begin(), shape.alternatives.end(), child.value_of("url")) !=
             shape.alternatives.end();
    });
    if (shape.must_have_value || !stands_in)
      fault(site, place, "required", "must have a value; extensions alone do not do");
  }
  if (const Node* div = shape.languages.empty() ? nullptr : node.child("div"))
    for (const auto control : shape.languages)
      if (auto text = language_fault(control, div->text, site.scope.resource->value_of("language")))
        fault(site, place, "business-rule", std::move(*text));
  types(node, shape, site, place);
  bindings(node, shape, site, place);
  if (node.type->kind != TypeKind::resource) return content(node, shape, site, place);
  if (shape.children.empty() && shape.rules.empty()) return;
  const Scope scope = scope_of(node, site.scope);
  // The rules of this place are said by the resource around; what is below by
  // the resource itself.
  rules(node, shape, site, place);
  elements(node, shape, {site.profile, scope, site.issues}, place);
}

void Conformance::types(const Node& node, const Shape& shape, const Site& site, const Place& place) {
  if (shape.types.empty()) return;
  const ShapeType* fitting = nullptr;
  std::vector<std::string_view> profiles;
  bool any_profile = false;
  std::string names;
  for (const ShapeType& type : shape.types) {
    names += (names.empty() ? "" : ", ") + type.code;
    if (!is_of(node, type.code)) continue;
    if (!fitting || !type.targets.empty()) fitting = &type;
    any_profile = any_profile || type.profiles.empty();
    profiles.insert(profiles.end(), type.profiles.begin(), type.profiles.end());
  }
  if (!fitting)
    return fault(site, place, "structure",
                 "is of type " + std::string(node.type->name) + ", but '" + name_of(shape) + "' takes only: " + names);
  if (node.type->name.view() == "Reference" || node.type->primitive == Primitive::canonical)
    reference(node, *fitting, site, place);
  if (any_profile || profiles.empty()) return;
  const Scope scope = scope_of(node, site.scope);
  for (const auto url : profiles)
    if (conforms(node, url, scope).value_or(true)) return;
  if (profiles.size() == 1) {
    if (auto profile = profiles_.find(profiles.front())) check(node, *profile, scope, place, site.issues);
    return;
  }
  std::string choices;
  for (const auto url : profiles) choices.append(choices.empty() ? "" : ", ").append(url);
  fault(site, place, "structure", "conforms to none of the profiles that it may have: " + choices);
}

std::string_view Conformance::type_of(std::string_view url) {
  if (const Type* type = core_type(url)) return type->name;
  auto profile = profiles_.find(url);
  if (!profile) return {};
  kept_.push_back(*profile);
  return (*profile)->type ? (*profile)->type->name.view() : std::string_view();
}

// Whether a reference, with or without the resource that it leads to, is one to
// `target`.
bool Conformance::leads_to(const Scope::Found& found, std::string_view type, std::string_view target,
                           const Scope& scope) {
  if (const Type* wanted = core_type(target)) {
    const Type* given = found.resource ? found.resource->type : definitions().resource(type);
    return !given || given->is(wanted->name);
  }
  if (found.resource) return conforms(*found.resource, target, scope.of(found)).value_or(false);
  const auto wanted = type_of(target);
  return wanted.empty() || type.empty() || wanted == type;
}

void Conformance::reference(const Node& node, const ShapeType& type, const Site& site, const Place& place) {
  const Node* literal = node.type->primitive == Primitive::canonical ? nullptr : node.child("reference");
  if (!literal || !literal->has_value() || (type.targets.empty() && type.aggregation.empty())) return;
  const auto found = site.scope.find(literal->text);
  const auto parsed = parse_reference(literal->text);
  const auto given = found.resource ? found.resource->type->name.view() : parsed ? parsed->type : std::string_view();
  if (!type.aggregation.empty()) {
    using Where = Scope::Found::Where;
    const auto allowed = [&](std::string_view mode) {
      return std::find(type.aggregation.begin(), type.aggregation.end(), mode) != type.aggregation.end();
    };
    const std::string_view mode = found.where == Where::contained ? "contained"
                                  : found.where == Where::bundled ? "bundled"
                                                                  : "referenced";
    const bool bundled_later = found.where == Where::beyond && !site.scope.entries && allowed("bundled");
    if (!allowed(mode) && !bundled_later)
      fault(site, place, "structure",
            "refers to a resource that is " + std::string(mode) + ", which is not allowed here");
  }
  if (type.targets.empty()) return;
  std::string names;
  for (const auto target : type.targets) {
    if (leads_to(found, given, target, site.scope)) return;
    names.append(names.empty() ? "" : ", ").append(target);
  }
  fault(site, {&place, "reference", 0, false}, "structure",
        quoted(literal->text) + " leads to " +
            (given.empty() ? std::string("what") : "a " + std::string(given) + " that") + " is none of: " + names);
}

std::optional<bool> Conformance::member(const Node& node, std::string_view value_set) const {
  if (options_.member)
    if (const auto known = options_.member(node, value_set)) return known;
  const auto* table = definitions().value_set(value_set);
  if (!table) return std::nullopt;
  return !binding_fault(node, *table).has_value();
}

void Conformance::bindings(const Node& node, const Shape& shape, const Site& site, const Place& place) {
  for (const ShapeBinding& binding : shape.bindings) {
    const bool required = binding.strength == Strength::required;
    if (!required && !(options_.warnings && binding.strength == Strength::extensible)) continue;
    if (!node.has_value() && !node.first) continue;
    if (node.type->name.view() == "CodeableConcept" && !node.child("coding") && !node.child("text")) continue;
    if (node.type->is("Quantity") && !node.child("code")) continue;
    const auto in = member(node, binding.value_set);
    if (in == false)
      fault(site, place, "code-invalid",
            shown(node) + " is not in the " + (required ? "required" : "extensible") + " value set " +
                std::string(binding.value_set),
            required ? Severity::error : Severity::warning);
  }
}

void Conformance::rules(const Node& node, const Shape& shape, const Site& site, const Place& place) {
  if (shape.rules.empty()) return;
  const auto where = context(site.scope);
  for (const ShapeRule& rule : shape.rules) {
    if (!rule.error && !options_.warnings) continue;
    const auto holds = path::holds(*rule.program, node, where);
    if (holds && *holds) continue;
    std::string text(rule.key);
    text.append(": ").append(rule.human);
    if (!holds) text += " (could not be judged: " + holds.outcome().issues.front().diagnostics + ")";
    fault(site, place, holds ? "invariant" : "exception", std::move(text),
          rule.error ? Severity::error : Severity::warning);
  }
}

}  // namespace fhir::validate
