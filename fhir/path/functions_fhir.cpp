// The additions of FHIR: http://hl7.org/fhir/R4/fhirpath.html#functions
#include <algorithm>
#include <array>
#include <utility>

#include "fhir/path/evaluator.h"
#include "fhir/validate/rules.h"

namespace fhir::path {
namespace {

void extension(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto url = e.text(*call.args[0], scope);
  if (url)
    for (const Value& value : in) {
      if (!value.node) continue;
      for (const Node* child = value.node->first; child; child = child->next)
        if (child->name == "extension" && child->value_of("url") == *url) e.push(Value::of(*child));
    }
  e.settle(in.first, in.last);
}

void has_value(Evaluator& e, const Expr&, Range in, const Scope&) {
  e.give(in, Value::of(in.size() == 1 && (in.first->kind != ValueKind::node || in.first->node->has_value())));
}

void get_value(Evaluator& e, const Expr&, Range in, const Scope&) {
  if (in.size() != 1 || (in.first->kind == ValueKind::node && !in.first->node->has_value())) return e.drop(in.first);
  Value value = system(*in.first);
  value.node = nullptr;
  e.give(in, value);
}

void resolve(Evaluator& e, const Expr&, Range in, const Scope&) {
  for (const Value& value : in)
    if (const Node* found = e.resolve(value)) e.push(Value::of(*found));
  e.settle(in.first, in.last);
}

// A code, Coding or CodeableConcept against a value set of the tables; nullopt where they do not say.
std::optional<bool> in_tables(const ValueSet& set, std::string_view system_url, std::string_view code) {
  if (system_url.empty()) {
    for (const Concept& each : set.concepts)
      if (each.code.view() == code) return true;
  } else {
    const auto wanted = std::pair(system_url, code);
    const Concept* found = std::lower_bound(
        set.concepts.begin(), set.concepts.end(), wanted,
        [](const Concept& each, const auto& key) { return std::pair(each.system.view(), each.code.view()) < key; });
    if (found != set.concepts.end() && std::pair(found->system.view(), found->code.view()) == wanted) return true;
  }
  if (set.complete) return false;
  const bool open = std::any_of(set.open_systems.begin(), set.open_systems.end(),
                                [&](const Text& each) { return system_url.empty() || each.view() == system_url; });
  if (open) return std::nullopt;
  return false;
}

std::optional<bool> is_member(const ValueSet& set, const Value& value) {
  const Value plain = system(value);
  if (plain.kind == ValueKind::string) return in_tables(set, {}, plain.text);
  if (!value.node) return std::nullopt;
  std::optional<bool> found = false;
  const auto look = [&](const Node& coding) {
    const auto one = in_tables(set, coding.value_of("system"), coding.value_of("code"));
    if (one == true || (found == false && !one)) found = one;
  };
  bool concept_form = false;
  for (const Node& child : *value.node)
    if (child.name == "coding") {
      concept_form = true;
      look(child);
    }
  if (!concept_form) look(*value.node);
  return found;
}

void member_of(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto url = e.text(*call.args[0], scope);
  if (!url || in.size() != 1) return e.drop(in.first);
  const ValueSet* set = definitions().value_set(*url);
  auto member = set ? is_member(*set, *in.first) : std::nullopt;
  if (!member && e.context().member_of && in.first->node) {
    e.lend_stack();
    member = e.context().member_of(*in.first->node, *url);
  }
  e.drop(in.first);
  if (member) e.push(Value::of(*member));
}

void conforms_to(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  constexpr std::string_view base = "http://hl7.org/fhir/StructureDefinition/";
  const auto url = e.text(*call.args[0], scope);
  if (!url || in.size() != 1 || !in.first->node) return e.drop(in.first);
  const Node& node = *in.first->node;
  std::optional<bool> conforms;
  if (url->starts_with(base) && definitions().type(url->substr(base.size())) && node.type)
    conforms = node.type->is(url->substr(base.size()));
  else if (e.context().conforms_to) {
    e.lend_stack();
    conforms = e.context().conforms_to(node, *url);
  }
  if (!conforms) return e.fail("conformsTo(): the profile " + std::string(*url) + " is not known");
  e.give(in, Value::of(*conforms));
}

void html_checks(Evaluator& e, const Expr&, Range in, const Scope&) {
  bool fine = true;
  for (const Value& value : in) {
    const Value plain = system(value);
    fine = fine && plain.kind == ValueKind::string && !validate::narrative_fault(plain.text);
  }
  e.give(in, Value::of(fine));
}

constexpr std::array<Function, 7> functions{{
    {"conformsTo", 1, 1, conforms_to},
    {"extension", 1, 1, extension},
    {"getValue", 0, 0, get_value},
    {"hasValue", 0, 0, has_value},
    {"htmlChecks", 0, 0, html_checks},
    {"memberOf", 1, 1, member_of},
    {"resolve", 0, 0, resolve},
}};

// "Patient/1", "http://server/Patient/1/_history/2": the name in front of the id, if it is a resource type.
const Type* type_in(std::string_view reference) {
  if (const auto version = reference.find("/_history/"); version != std::string_view::npos)
    reference = reference.substr(0, version);
  const auto id = reference.rfind('/');
  if (id == std::string_view::npos) return nullptr;
  const auto slash = reference.rfind('/', id == 0 ? 0 : id - 1);
  const std::size_t from = slash == std::string_view::npos || slash == id ? 0 : slash + 1;
  return definitions().resource(reference.substr(from, id - from));
}

const Node* contained(const Node* container, std::string_view id) {
  if (!container) return nullptr;
  for (const Node& child : *container)
    if (child.name == "contained" && child.value_of("id") == id) return &child;
  return nullptr;
}

// Bundle.entry by fullUrl; a relative reference matches the end of the URL.
const Node* entry(Evaluator& e, const Node* bundle, std::string_view reference) {
  if (!bundle || reference.empty()) return nullptr;
  std::uint64_t looked = 0;
  for (const Node& child : *bundle) {
    if (child.name != "entry") continue;
    if (++looked % 8 == 0 && !e.step()) return nullptr;
    const std::string_view url = child.value_of("fullUrl");
    const bool relative = url.size() > reference.size() && url[url.size() - reference.size() - 1] == '/';
    if (url == reference || (relative && url.ends_with(reference))) return child.child("resource");
  }
  return nullptr;
}

std::string_view literal_of(const Value& reference) {
  if (reference.kind == ValueKind::string) return reference.text;
  if (reference.kind != ValueKind::node) return {};
  return reference.node->has_value() ? reference.node->text : reference.node->value_of("reference");
}

}  // namespace

std::span<const Function> fhir_functions() { return functions; }

const Node* Evaluator::resolve(const Value& reference) {
  const std::string_view literal = literal_of(reference);
  if (literal.empty() || !step()) return nullptr;
  const Node* resource = context_.resource;
  if (!resource && !input_.empty()) resource = input_.first->node;
  const Node* root = context_.root_resource ? context_.root_resource : resource;
  if (literal.starts_with('#')) {
    if (literal.size() == 1) return root;
    const Node* found = contained(resource, literal.substr(1));
    return found ? found : contained(root, literal.substr(1));
  }
  if (const Node* found = entry(*this, root, literal)) return found;
  if (!context_.resolve) return nullptr;
  lend_stack();
  return context_.resolve(literal);
}

bool Evaluator::reference_is(const Value& reference, const TypeName& wanted) {
  const std::string_view literal = literal_of(reference);
  const auto derived = [&](const Type* type) {
    for (; type; type = type->base.get())
      if (type == wanted.type) return true;
    return false;
  };
  if (!literal.empty() && !literal.starts_with('#'))
    if (const Type* type = type_in(literal)) return derived(type);
  if (const Node* found = resolve(reference)) return is_type(Value::of(*found), wanted);
  return reference.kind == ValueKind::node && derived(definitions().resource(reference.node->value_of("type")));
}

}  // namespace fhir::path
