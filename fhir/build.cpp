// Makes and changes bound trees.
#include "fhir/build.h"

#include <cassert>

#include "fhir/definitions.h"

namespace fhir::build {
namespace {

Node::Form form_of(const Type& type) {
  const auto primitive = type.primitive;
  if (primitive == Primitive::none) return Node::Form::object;
  if (primitive == Primitive::boolean) return Node::Form::boolean;
  const bool number = primitive == Primitive::integer || primitive == Primitive::positiveInt ||
                      primitive == Primitive::unsignedInt || primitive == Primitive::decimal;
  return number ? Node::Form::number : Node::Form::string;
}

// Behind the last occurrence of its own element, else before the first element that comes later. Elements of one type
// lie in one table, in the standard's order.
void insert(Node& parent, Node& node) {
  Node** at = &parent.first;
  while (*at && (*at)->element && (*at)->element <= node.element) at = &(*at)->next;
  node.next = *at;
  *at = &node;
}

Node& make(Arena& arena, Node& parent, std::string_view name) {
  const Member* member = parent.type->member(name);
  assert(member && "not an element of the parent's type");
  auto& node = *arena.make<Node>();
  node.name = member->name;
  node.element = member->element.get();
  node.type = member->type.get();
  node.listed = node.element->repeats();
  node.form = Node::Form::object;
  insert(parent, node);
  return node;
}

// Names become those of the definitions: the ones of a tree that was read point into its text.
Node* copy_chain(Arena& arena, const Node* from, const Type* parent) {
  Node* first = nullptr;
  Node** end = &first;
  for (; from; from = from->next) {
    auto* node = arena.make<Node>(*from);
    const Member* member = parent ? parent->member(from->name) : nullptr;
    node->name = member ? member->name.view() : arena.copy(from->name);
    node->text = arena.copy(from->text);
    node->first = copy_chain(arena, from->first, from->type);
    node->next = nullptr;
    *end = node;
    end = &node->next;
  }
  return first;
}

}  // namespace

Node& resource(Arena& arena, std::string_view type_name) {
  const Type* type = definitions().resource(type_name);
  assert(type && "no such resource type");
  auto& node = *arena.make<Node>();
  node.name = type->name;
  node.type = type;
  return node;
}

Node& add(Arena& arena, Node& parent, std::string_view name) { return make(arena, parent, name); }

Node& add(Arena& arena, Node& parent, std::string_view name, std::string_view text) {
  auto& node = make(arena, parent, name);
  node.form = form_of(*node.type);
  node.text = arena.copy(text);
  return node;
}

void add_some(Arena& arena, Node& parent, std::string_view name, std::string_view text) {
  if (!text.empty()) add(arena, parent, name, text);
}

Node& add_copy(Arena& arena, Node& parent, const Node& node) {
  auto& made = *arena.make<Node>(node);
  made.text = arena.copy(node.text);
  made.name = parent.type->member(node.name)->name;
  made.first = copy_chain(arena, node.first, node.type);
  insert(parent, made);
  return made;
}

Node& copy(Arena& arena, const Node& resource) {
  auto& made = *arena.make<Node>(resource);
  made.name = resource.type ? resource.type->name.view() : arena.copy(resource.name);
  made.first = copy_chain(arena, resource.first, resource.type);
  made.next = nullptr;
  return made;
}

void remove(Node& parent, std::string_view name) {
  for (Node** at = &parent.first; *at;) {
    if ((*at)->name == name)
      *at = (*at)->next;
    else
      at = &(*at)->next;
  }
}

void remove(Node& parent, const Node& child) {
  for (Node** at = &parent.first; *at; at = &(*at)->next) {
    if (*at != &child) continue;
    *at = child.next;
    return;
  }
}

void set(Arena& arena, Node& parent, std::string_view name, std::string_view text) {
  remove(parent, name);
  add(arena, parent, name, text);
}

void add_coding(Arena& arena, Node& parent, std::string_view name, std::string_view system, std::string_view code,
                std::string_view display) {
  auto& coding = add(arena, parent, name);
  add_some(arena, coding, "system", system);
  add_some(arena, coding, "code", code);
  add_some(arena, coding, "display", display);
}

Node& add_concept(Arena& arena, Node& parent, std::string_view name, std::string_view system, std::string_view code,
                  std::string_view display) {
  auto& made = add(arena, parent, name);
  add_coding(arena, made, "coding", system, code, display);
  return made;
}

Node& add_reference(Arena& arena, Node& parent, std::string_view name, std::string_view reference) {
  auto& made = add(arena, parent, name);
  add(arena, made, "reference", reference);
  return made;
}

}  // namespace fhir::build
