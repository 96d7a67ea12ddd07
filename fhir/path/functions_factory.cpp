// The type factory: %factory.code('x'), %factory.Coding(system, code), %factory.create(Period) ... Elements are made in
// Context::made and are never changed once made. http://hl7.org/fhir/fhirpath.html#factory
#include <algorithm>
#include <array>

#include "fhir/path/evaluator.h"
#include "fhir/value.h"

namespace fhir::path {
namespace {

// What the arguments of a data type's function become, in order.
struct Shape {
  std::string_view type;
  std::array<std::string_view, 7> elements;
};
constexpr std::array<Shape, 8> shapes{{
    {"Address", {"line", "city", "state", "postalCode", "country", "use", "type"}},
    {"CodeableConcept", {"coding", "text"}},
    {"Coding", {"system", "code", "display", "version"}},
    {"ContactPoint", {"system", "value", "use"}},
    {"Extension", {"url", "value"}},
    {"HumanName", {"family", "given", "prefix", "suffix", "text", "use"}},
    {"Identifier", {"system", "value", "use", "type"}},
    {"Quantity", {"system", "code", "value", "unit"}},
}};

Node* make(Evaluator& e, const Type& type) {
  Node* made = e.context().made->make<Node>();
  made->name = type.name;
  made->type = &type;
  made->form = type.kind == TypeKind::primitive ? Node::Form::none : Node::Form::object;
  return made;
}

void append(Node& owner, Node* child) {
  Node** end = &owner.first;
  while (*end) end = &(*end)->next;
  *end = child;
}

// With children of its own, so that more can be added; what lies below them is shared.
Node* copy_of(Evaluator& e, const Node& node) {
  Node* copy = e.context().made->make<Node>(node);
  copy->next = nullptr;
  Node** end = &copy->first;
  for (const Node* child = node.first; child; child = child->next) {
    *end = e.context().made->make<Node>(*child);
    end = &(*end)->next;
  }
  *end = nullptr;
  return copy;
}

bool is_text(Primitive primitive) {
  return primitive == Primitive::string || primitive == Primitive::code || primitive == Primitive::id ||
         primitive == Primitive::markdown || primitive == Primitive::uri || primitive == Primitive::url ||
         primitive == Primitive::canonical || primitive == Primitive::oid || primitive == Primitive::uuid ||
         primitive == Primitive::base64Binary || primitive == Primitive::xhtml;
}

// FHIRPath's own literals are taken beside FHIR's forms: a time without seconds, a dateTime without zone.
bool is_valid(Primitive primitive, std::string_view text) {
  if (primitive == Primitive::time) return Temporal::parse(text, Temporal::Shape::time).has_value();
  if (primitive == Primitive::dateTime) return Temporal::parse(text, Temporal::Shape::date_time).has_value();
  if (text.empty()) return primitive == Primitive::uri || primitive == Primitive::url;
  return valid(primitive, text);
}

std::string literal_of(const Value& value) {
  if (value.kind == ValueKind::boolean) return value.boolean ? "true" : "false";
  return is_whole(value.kind) ? std::to_string(value.integer) : std::string(value.text);
}

// A primitive takes a string, or a value of its own kind.
bool fill(Evaluator& e, Node& node, const Value& value) {
  const Primitive primitive = node.type->primitive;
  const bool plain = value.kind == ValueKind::string;
  if (is_text(primitive) ? !plain : value.kind == ValueKind::node || value.kind == ValueKind::quantity) return false;
  const std::string text = literal_of(value);
  if (!is_valid(primitive, text)) return false;
  node.text = e.context().made->copy(text);
  node.form = primitive == Primitive::boolean ? Node::Form::boolean
              : primitive == Primitive::decimal || primitive == Primitive::integer ||
                      primitive == Primitive::positiveInt || primitive == Primitive::unsignedInt
                  ? Node::Form::number
                  : Node::Form::string;
  return true;
}

// The FHIR type that a value of FHIRPath's own has in an element of any type.
const Type* type_for(const Value& value) {
  if (value.node && value.node->type) return value.node->type;
  switch (value.kind) {
    case ValueKind::boolean:
      return definitions().type("boolean");
    case ValueKind::integer:
      return definitions().type("integer");
    case ValueKind::decimal:
      return definitions().type("decimal");
    case ValueKind::string:
      return definitions().type("string");
    case ValueKind::date:
      return definitions().type("date");
    case ValueKind::date_time:
      return definitions().type("dateTime");
    case ValueKind::time:
      return definitions().type("time");
    case ValueKind::node:
    case ValueKind::long_integer:
    case ValueKind::quantity:
    case ValueKind::type:
      break;
  }
  return nullptr;
}

const Member* member_for(const Type& owner, std::string_view name, const Value& value) {
  if (const Member* member = owner.member(name); member && !member->element->choice) return member;
  const Type* wanted = type_for(value);
  for (const Member& each : owner.members)
    if (each.element->choice && each.element->name.view() == name && each.type.get() == wanted) return &each;
  return nullptr;
}

// Adds one value as an element of `owner`; a fault where it does not fit.
void add(Evaluator& e, Node& owner, std::string_view name, const Value& value) {
  const auto misfit = [&] {
    e.fail("%factory: this is no value for " + std::string(owner.type->name) + "." + std::string(name));
  };
  const Member* member = member_for(*owner.type, name, value);
  if (!member) return misfit();
  const bool fits = value.node && value.node->type == member->type.get();
  if (!fits && member->type->kind != TypeKind::primitive) return misfit();
  Node* child = fits ? e.context().made->make<Node>(*value.node) : make(e, *member->type);
  if (!fits && !fill(e, *child, system(value))) return misfit();
  child->name = member->name;
  child->element = member->element.get();
  child->next = nullptr;
  child->listed = member->element->repeats();
  for (const Node& each : owner)
    if (each.element == child->element && !child->listed) return misfit();
  append(owner, child);
}

bool ready(Evaluator& e) {
  if (!e.context().made) e.fail("%factory cannot be used here");
  return e.context().made && e.step(8);
}

void primitive(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  if (!ready(e)) return;
  const auto value = e.single(*call.args[0], scope);
  if (e.failed()) return;
  Node* made = make(e, *definitions().type(call.text));
  if (value && !fill(e, *made, *value))
    return e.fail("%factory." + std::string(call.text) + "(): this is no value of that type");
  if (call.args.size() > 1)
    for (const Value& each : e.eval(*call.args[1], scope)) add(e, *made, "extension", each);
  e.give(in, Value::of(*made));
}

void data_type(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  if (!ready(e)) return;
  const auto* shape =
      std::find_if(shapes.begin(), shapes.end(), [&](const Shape& each) { return each.type == call.text; });
  Node* made = make(e, *definitions().type(shape->type));
  for (std::size_t i = 0; i < call.args.size() && !e.failed(); ++i) {
    const Range values = e.eval(*call.args[i], scope);
    for (const Value& value : values) add(e, *made, shape->elements[i], value);
    e.drop(values.first);
  }
  e.give(in, Value::of(*made));
}

void create(Evaluator& e, const Expr& call, Range in, const Scope&) {
  if (!ready(e)) return;
  const Type* type = call.type.type;
  if (!type || type->abstract) return e.fail("%factory.create(): there is no such type");
  e.give(in, Value::of(*make(e, *type)));
}

// The first argument, one element, as a copy that may be added to.
Node* instance(Evaluator& e, const Expr& call, const Scope& scope) {
  const Range values = e.eval(*call.args[0], scope);
  e.drop(values.first);
  if (e.failed() || values.empty()) return nullptr;
  if (values.size() > 1 || !values.first->node || !values.first->node->type) {
    e.fail("%factory adds to one element of FHIR");
    return nullptr;
  }
  return copy_of(e, *values.first->node);
}

void with_extension(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  if (!ready(e)) return;
  Node* made = instance(e, call, scope);
  if (!made) return e.drop(in.first);
  Node* extension = make(e, *definitions().type("Extension"));
  for (const std::size_t i : {1U, 2U}) {
    const Range values = e.eval(*call.args[i], scope);
    for (const Value& value : values) add(e, *extension, i == 1 ? "url" : "value", value);
    e.drop(values.first);
  }
  add(e, *made, "extension", Value::of(*extension));
  e.give(in, Value::of(*made));
}

void with_property(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  if (!ready(e)) return;
  Node* made = instance(e, call, scope);
  if (!made) return e.drop(in.first);
  const auto name = e.text(*call.args[1], scope);
  if (!name) return e.fail("%factory.withProperty() needs the name of an element");
  const Range values = e.eval(*call.args[2], scope);
  for (const Value& value : values) add(e, *made, *name, value);
  e.give(in, Value::of(*made));
}

constexpr std::array<Function, 30> functions{{
    {"Address", 0, 7, data_type},
    {"CodeableConcept", 0, 2, data_type},
    {"Coding", 0, 4, data_type},
    {"ContactPoint", 0, 3, data_type},
    {"Extension", 2, 2, data_type},
    {"HumanName", 0, 6, data_type},
    {"Identifier", 0, 4, data_type},
    {"Quantity", 0, 4, data_type},
    {"base64Binary", 1, 2, primitive},
    {"boolean", 1, 2, primitive},
    {"canonical", 1, 2, primitive},
    {"code", 1, 2, primitive},
    {"create", 1, 1, create},
    {"date", 1, 2, primitive},
    {"dateTime", 1, 2, primitive},
    {"decimal", 1, 2, primitive},
    {"id", 1, 2, primitive},
    {"instant", 1, 2, primitive},
    {"integer", 1, 2, primitive},
    {"markdown", 1, 2, primitive},
    {"oid", 1, 2, primitive},
    {"positiveInt", 1, 2, primitive},
    {"string", 1, 2, primitive},
    {"time", 1, 2, primitive},
    {"unsignedInt", 1, 2, primitive},
    {"uri", 1, 2, primitive},
    {"url", 1, 2, primitive},
    {"uuid", 1, 2, primitive},
    {"withExtension", 3, 3, with_extension},
    {"withProperty", 3, 3, with_property},
}};

}  // namespace

std::span<const Function> factory_functions() { return functions; }

}  // namespace fhir::path
