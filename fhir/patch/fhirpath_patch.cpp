// FHIRPath Patch: http://hl7.org/fhir/R4/fhirpatch.html
// The tree is changed in place, each new node bound to its element, so that the paths of later operations see it.
#include <algorithm>
#include <optional>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/format/json.h"
#include "fhir/patch/patch.h"
#include "fhir/path/path.h"
#include "fhir/utf8.h"

namespace fhir::patch {
namespace {

constexpr std::uint64_t most_steps = 2'000'000;  // of FHIRPath, shared by the paths of a patch

const Node* part_named(const Node& parameter, std::string_view name) {
  for (const Node& part : parameter)
    if (part.name == "part" && part.value_of("name") == name) return &part;
  return nullptr;
}

// The value[x] or resource of a parameter, or null.
const Node* value_in(const Node& parameter) {
  for (const Node& child : parameter)
    if ((child.element && child.element->choice) || child.name == "resource") return &child;
  return nullptr;
}

std::string_view text_in(const Node& operation, std::string_view name) {
  const Node* part = part_named(operation, name);
  const Node* value = part ? value_in(*part) : nullptr;
  return value ? value->text : std::string_view();
}

Node** link_to(Node& owner, const Node& child) {
  for (Node** link = &owner.first; *link; link = &(*link)->next)
    if (*link == &child) return link;
  return nullptr;
}

// A node that has neither value nor children says nothing: what deletions leave over.
void prune(Node& owner) {
  for (Node** link = &owner.first; *link;) {
    prune(**link);
    if ((*link)->first || (*link)->has_value())
      link = &(*link)->next;
    else
      *link = (*link)->next;
  }
}

Node* owner_of(Node& root, const Node& wanted) {
  for (Node* child = root.first; child; child = child->next) {
    if (child == &wanted) return &root;
    if (Node* found = owner_of(*child, wanted)) return found;
  }
  return nullptr;
}

// Where a node of `element` belongs: behind its like, else before the first element that the type lists later.
Node** place_for(Node& owner, const Element& element, std::string_view name) {
  Node** after = nullptr;
  for (Node** link = &owner.first; *link; link = &(*link)->next)
    if ((*link)->name == name) after = &(*link)->next;
  if (after) return after;
  Node** link = &owner.first;
  while (*link && (!(*link)->element || (*link)->element < &element)) link = &(*link)->next;
  return link;
}

class Patcher {
 public:
  Patcher(Node& resource, Arena& arena, std::int64_t now, std::size_t operations) : resource_(resource), arena_(arena) {
    context_.resource = &resource;
    context_.now = now;
    context_.steps = most_steps / operations;
  }

  Result<bool> apply(const Node& operation, std::size_t index) {
    const auto type = text_in(operation, "type");
    place_ = "operation " + std::to_string(index + 1) + " (" + shortened(type, 16) + ")";
    const auto path = text_in(operation, "path");
    if (path.empty()) return malformed("needs a path");
    if (type == "add") return add(operation, path);
    if (type == "insert") return insert(operation, path);
    if (type == "delete") return remove(path);
    if (type == "replace") return replace(operation, path);
    if (type == "move") return move(operation, path);
    return malformed("is none of add, insert, delete, replace and move");
  }

 private:
  Outcome malformed(std::string_view what) const {
    return {Kind::malformed, "invalid", "FHIRPath Patch: " + place_ + " " + std::string(what)};
  }
  Outcome misfit(std::string_view what) const {
    return {Kind::unprocessable, "processing", "FHIRPath Patch: " + place_ + " " + std::string(what)};
  }

  Result<std::vector<Node*>> select(std::string_view path) {
    const auto program = path::compile(path);
    if (!program) return program.outcome();
    std::vector<Node*> found;
    const auto items = path::evaluate(**program, resource_, context_);
    if (!items) return items.outcome();
    for (const auto& item : *items) {
      if (item.kind != path::Item::Kind::node) return misfit("has a path that computes a value");
      found.push_back(const_cast<Node*>(item.node));  // of resource_, which is ours to change
    }
    return found;
  }

  Result<Node*> one(std::string_view path) {
    auto found = select(path);
    if (!found) return std::move(found.outcome());
    if (found->size() != 1)
      return misfit("needs a path to one element; this one finds " + std::to_string(found->size()));
    return found->front();
  }

  // A new node for `owner`.`name` from a parameter's value or, for elements without a type of their own, its parts.
  Result<Node*> made(const Node& owner, std::string_view name, const Node& parameter) {
    const Node* value = value_in(parameter);
    const Member* member = member_for(owner, name, value);
    if (!member) return misfit("adds an element that is not there in FHIR, or a value that it cannot have");
    Node* node = arena_.make<Node>();
    if (value) *node = *value;
    node->name = member->name;
    node->element = member->element.get();
    if (!value || node->type->kind != TypeKind::resource) node->type = member->type.get();
    node->next = nullptr;
    node->listed = member->element->repeats();
    if (value) return value_fits(*node, *value) ? Result<Node*>(node) : misfit("has a value of another type");
    for (const Node& part : parameter) {
      if (part.name != "part") continue;
      auto child = made(*node, part.value_of("name"), part);
      if (!child) return child;
      Node** place = place_for(*node, *(*child)->element, (*child)->name);
      (*child)->next = *place;
      *place = *child;
    }
    if (!node->first) return malformed("needs a value");
    return node;
  }

  static const Member* member_for(const Node& owner, std::string_view name, const Node* value) {
    if (!owner.type) return nullptr;
    if (const Member* member = owner.type->member(name); member) return member;
    for (const Member& each : owner.type->members)
      if (each.element->choice && each.element->name.view() == name && value && each.type.get() == value->type)
        return &each;
    return nullptr;
  }

  // A primitive is read again as what its new place wants; anything else must be of the element's type.
  static bool value_fits(const Node& node, const Node& value) {
    const Type& wanted = *node.element->types.begin()->type;
    if (node.type->kind != TypeKind::primitive)
      return value.form == Node::Form::object && value.type->is(node.element->choice ? node.type->name : wanted.name);
    if (value.form == Node::Form::object) return false;
    const bool quoted = node.type->primitive != Primitive::boolean && !is_number(*node.type);
    return value.form == Node::Form::none || quoted == (value.form == Node::Form::string);
  }
  static bool is_number(const Type& type) {
    return type.primitive == Primitive::integer || type.primitive == Primitive::positiveInt ||
           type.primitive == Primitive::unsignedInt || type.primitive == Primitive::decimal;
  }

  Result<bool> add(const Node& operation, std::string_view path) {
    const auto name = text_in(operation, "name");
    const Node* value = part_named(operation, "value");
    if (name.empty() || !value) return malformed("needs a name and a value");
    const auto owner = one(path);
    if (!owner) return owner.outcome();
    auto node = made(**owner, name, *value);
    if (!node) return std::move(node.outcome());
    if (!(*node)->listed && is_there(**owner, *(*node)->element))
      return misfit("adds an element that may be there once only, and is; replace it");
    Node** place = place_for(**owner, *(*node)->element, (*node)->name);
    (*node)->next = *place;
    *place = *node;
    return true;
  }

  static bool is_there(const Node& owner, const Element& element) {
    return std::any_of(owner.begin(), owner.end(), [&](const Node& child) { return child.element == &element; });
  }

  Result<bool> insert(const Node& operation, std::string_view path) {
    const auto index = number_in(operation, "index");
    const Node* value = part_named(operation, "value");
    if (!index || !value) return malformed("needs an index and a value");
    auto list = list_at(path);
    if (!list) return std::move(list.outcome());
    if (*index > list->nodes.size()) return misfit("has an index beyond the end of the list");
    auto node = made(*list->owner, list->nodes.front()->name, *value);
    if (!node) return std::move(node.outcome());
    put(*list, *index, *node);
    return true;
  }

  Result<bool> remove(std::string_view path) {
    auto found = select(path);
    if (!found) return std::move(found.outcome());
    if (found->size() > 1)
      return misfit("deletes one element at most; its path finds " + std::to_string(found->size()));
    if (found->empty()) return true;
    Node* owner = owner_of(resource_, *found->front());
    if (!owner) return misfit("cannot delete the resource itself");
    Node** link = link_to(*owner, *found->front());
    *link = (*link)->next;
    return true;
  }

  Result<bool> replace(const Node& operation, std::string_view path) {
    const Node* value = part_named(operation, "value");
    if (!value) return malformed("needs a value");
    const auto old = one(path);
    if (!old) return old.outcome();
    Node* owner = owner_of(resource_, **old);
    if (!owner) return misfit("cannot replace the resource itself; put it");
    const Element* element = (*old)->element;
    auto node = made(*owner, element ? element->name.view() : (*old)->name, *value);
    if (!node) return std::move(node.outcome());
    Node** link = link_to(*owner, **old);
    (*node)->next = (*old)->next;
    *link = *node;
    return true;
  }

  Result<bool> move(const Node& operation, std::string_view path) {
    const auto source = number_in(operation, "source");
    const auto destination = number_in(operation, "destination");
    if (!source || !destination) return malformed("needs a source and a destination");
    auto list = list_at(path);
    if (!list) return std::move(list.outcome());
    if (*source >= list->nodes.size() || *destination >= list->nodes.size())
      return misfit("has a source or destination beyond the end of the list");
    Node* moved = list->nodes[*source];
    Node** link = link_to(*list->owner, *moved);
    *link = moved->next;
    list->nodes.erase(list->nodes.begin() + static_cast<std::ptrdiff_t>(*source));
    put(*list, *destination, moved);
    return true;
  }

  struct List {
    Node* owner;
    std::vector<Node*> nodes;
  };

  // All items of one list; the path finds one at least.
  Result<List> list_at(std::string_view path) {
    auto found = select(path);
    if (!found) return std::move(found.outcome());
    if (found->empty()) return misfit("finds no list at its path");
    Node* owner = owner_of(resource_, *found->front());
    for (const Node* node : *found)
      if (!owner || !node->listed || !link_to(*owner, *node) || node->name != found->front()->name)
        return misfit("needs a path to the items of one list");
    return List{owner, std::move(*found)};
  }

  // Before the item that now has that index, or behind the last.
  static void put(const List& list, std::size_t index, Node* node) {
    const bool last = index == list.nodes.size();
    if (list.nodes.empty()) {
      Node** place = place_for(*list.owner, *node->element, node->name);
      node->next = *place;
      *place = node;
      return;
    }
    Node** place = last ? &list.nodes.back()->next : link_to(*list.owner, *list.nodes[index]);
    node->next = *place;
    *place = node;
  }

  static std::optional<std::size_t> number_in(const Node& operation, std::string_view name) {
    const auto text = text_in(operation, name);
    if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string_view::npos)
      return std::nullopt;
    return static_cast<std::size_t>(std::stoul(std::string(text)));
  }

  Node& resource_;
  Arena& arena_;
  path::Context context_;
  std::string place_;
};

}  // namespace

Result<std::string> apply_fhirpath(Node& resource, const Node& parameters, Arena& arena, std::int64_t now) {
  std::vector<const Node*> operations;
  for (const Node& parameter : parameters)
    if (parameter.name == "parameter") operations.push_back(&parameter);
  if (operations.empty())
    return Outcome(Kind::malformed, "required", "A FHIRPath Patch has parameters called operation, one at least",
                   "Parameters.parameter");
  if (operations.size() > most_operations)
    return Outcome(Kind::unprocessable, "too-long",
                   "A patch may have " + std::to_string(most_operations) + " operations; put the resource instead");
  Patcher patcher(resource, arena, now, operations.size());
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations[i]->value_of("name") != "operation")
      return Outcome(Kind::malformed, "invalid", "Every parameter of a FHIRPath Patch is called operation",
                     "Parameters.parameter[" + std::to_string(i) + "]");
    if (auto done = patcher.apply(*operations[i], i); !done) return std::move(done.outcome());
  }
  prune(resource);
  std::string out;
  json::write(resource, out);
  return out;
}

}  // namespace fhir::patch
