// Element lists to trees and back. FHIR R4: http://hl7.org/fhir/R4/elementdefinition.html#id
#include "fhir/snapshot/tree.h"

#include <algorithm>

#include "fhir/definitions.h"

namespace fhir::snapshot {

namespace {

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(mark);
    parts.push_back(text.substr(0, at));
    if (at == text.npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// "Patient.identifier:national.system" when its names are those of the path.
std::vector<Step> by_id(std::string_view id, std::string_view path) {
  const auto parts = split(id, '.'), names = split(path, '.');
  std::vector<Step> steps;
  if (parts.size() != names.size()) return steps;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto colon = std::min(parts[i].find(':'), parts[i].size());
    if (parts[i].substr(0, colon) != names[i]) return {};
    steps.push_back({std::string(names[i]), std::string(parts[i].substr(std::min(colon + 1, parts[i].size())))});
  }
  return steps;
}

bool matches(std::string_view name, std::string_view wanted) {
  if (!wanted.ends_with("[x]")) return name == wanted;
  const auto stem = wanted.substr(0, wanted.size() - 3);
  return name.size() > stem.size() && name.starts_with(stem) && name[stem.size()] >= 'A' && name[stem.size()] <= 'Z';
}

std::size_t order_of(const Node& parent, const Node& child) {
  if (!child.element || !parent.type) return 0;
  return static_cast<std::size_t>(child.element - parent.type->elements.data());
}

void write_branch(const Branch& branch, const std::string& path, const std::string& id, Node**& end, Arena& arena) {
  set_text(*branch.definition, "path", arena.copy(path), arena);
  set_text(*branch.definition, "id", arena.copy(id), arena);
  branch.definition->next = nullptr;
  *end = branch.definition;
  end = &branch.definition->next;
  for (const auto& child : branch.children)
    write_branch(*child, path + "." + child->name, id + "." + child->name, end, arena);
  const std::string whole = branch.slice.empty() ? id : id.substr(0, id.rfind(':'));
  for (const auto& slice : branch.slices) write_branch(*slice, path, whole + ":" + slice->slice, end, arena);
}

}  // namespace

Branch* Branch::child(std::string_view child_name) const {
  for (const auto& one : children)
    if (one->name == child_name) return one.get();
  return nullptr;
}

Branch* Branch::slice_named(std::string_view slice_name) const {
  for (const auto& one : slices) {
    if (one->slice == slice_name) return one.get();
    if (Branch* deeper = one->slice_named(slice_name)) return deeper;
  }
  return nullptr;
}

std::vector<Step> Ways::next(const Node& definition) {
  const auto path = definition.value_of("path"), slice = definition.value_of("sliceName");
  auto steps = by_id(definition.value_of("id"), path);
  if (!steps.empty() && (slice.empty() || steps.back().slice == slice)) {
    if (steps.back().slice.empty()) steps.back().slice = slice;
  } else {
    steps.clear();
    std::string prefix;
    for (const auto name : split(path, '.')) {
      prefix.append(prefix.empty() ? "" : ".").append(name);
      Step step{std::string(name), {}};
      if (prefix == path)
        step.slice = slice;
      else
        for (const auto& [open, named] : slices_)
          if (open == prefix) step.slice = named;
      steps.push_back(std::move(step));
    }
  }
  std::erase_if(slices_, [&](const auto& open) {
    return open.first == path ||
           (open.first.size() > path.size() && open.first.starts_with(path) && open.first[path.size()] == '.');
  });
  slices_.emplace_back(path, steps.back().slice);
  return steps;
}

Node* copy(const Node& node, Arena& arena) {
  Node* twin = arena.make<Node>(node);
  twin->next = nullptr;
  Node** end = &twin->first;
  for (const Node& child : node) {
    *end = copy(child, arena);
    end = &(*end)->next;
  }
  *end = nullptr;
  return twin;
}

void erase(Node& parent, std::string_view name) {
  for (Node** link = &parent.first; *link;) {
    if (matches((*link)->name, name))
      *link = (*link)->next;
    else
      link = &(*link)->next;
  }
}

void insert(Node& parent, Node* child) {
  const auto order = order_of(parent, *child);
  Node** link = &parent.first;
  while (*link && order_of(parent, **link) <= order) link = &(*link)->next;
  child->next = *link;
  *link = child;
}

Node* make_child(const Node& parent, std::string_view name, Arena& arena) {
  const Member* member = parent.type->member(name);
  Node* child = arena.make<Node>();
  child->name = member->name;
  child->element = member->element.get();
  child->type = member->type.get();
  child->listed = member->element->repeats();
  return child;
}

void set_text(Node& parent, std::string_view name, std::string_view text, Arena& arena) {
  erase(parent, name);
  Node* child = make_child(parent, name, arena);
  const auto primitive = child->type->primitive;
  const bool number = primitive == Primitive::unsignedInt || primitive == Primitive::integer;
  child->form = primitive == Primitive::boolean ? Node::Form::boolean
                : number                        ? Node::Form::number
                                                : Node::Form::string;
  child->text = text;
  insert(parent, child);
}

std::unique_ptr<Branch> read_tree(const Node& list, Arena& arena) {
  Ways ways;
  std::unique_ptr<Branch> root;
  for (const Node& definition : list) {
    if (definition.name != "element") continue;
    const auto steps = ways.next(definition);
    auto branch = std::make_unique<Branch>();
    branch->definition = copy(definition, arena);
    branch->name = steps.back().name;
    branch->slice = steps.back().slice;
    if (!root) {
      root = std::move(branch);
      continue;
    }
    if (steps.size() < 2) return nullptr;
    Branch* parent = root.get();
    for (std::size_t i = 1; i + 1 < steps.size() && parent; ++i) {
      parent = parent->child(steps[i].name);
      if (parent && !steps[i].slice.empty()) parent = parent->slice_named(steps[i].slice);
    }
    if (!parent) return nullptr;
    Branch* whole = branch->slice.empty() ? nullptr : parent->child(branch->name);
    const auto slash = branch->slice.rfind('/');
    if (whole && slash != std::string::npos)
      if (Branch* outer = whole->slice_named(std::string_view(branch->slice).substr(0, slash))) whole = outer;
    (whole ? whole->slices : parent->children).push_back(std::move(branch));
  }
  return root;
}

std::unique_ptr<Branch> copy(const Branch& branch, Arena& arena) {
  auto twin = std::make_unique<Branch>();
  twin->definition = copy(*branch.definition, arena);
  twin->name = branch.name;
  twin->slice = branch.slice;
  for (const auto& child : branch.children) twin->children.push_back(copy(*child, arena));
  for (const auto& slice : branch.slices) twin->slices.push_back(copy(*slice, arena));
  return twin;
}

void write_tree(const Branch& root, Node& list, Arena& arena) {
  Node** end = &list.first;
  while (*end && (*end)->name != "element") end = &(*end)->next;
  *end = nullptr;
  write_branch(root, root.name, root.name, end, arena);
}

}  // namespace fhir::snapshot
