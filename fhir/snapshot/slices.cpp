// Slices: see slices.h.
#include "fhir/snapshot/slices.h"

#include <algorithm>
#include <charconv>

namespace fhir::snapshot {

namespace {

std::uint32_t number(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_type(const Node& node) { return node.name == "type"; }

std::string_view sole_type(const Branch& slice) {
  const Node& definition = *slice.definition;
  if (std::count_if(definition.begin(), definition.end(), is_type) != 1) return {};
  return last_part(definition.child("type")->value_of("code"), '/');
}

void drop_type(Node& definition, std::string_view type) {
  for (Node** link = &definition.first; *link;) {
    if (is_type(**link) && same_type(last_part((*link)->value_of("code"), '/'), type))
      *link = (*link)->next;
    else
      link = &(*link)->next;
  }
}

// Extensions are told apart by their url, choices by their type.
void imply_slicing(Branch& sliced, Arena& arena) {
  const bool extension = sliced.name == "extension" || sliced.name == "modifierExtension";
  if (!extension && !is_choice(sliced)) return;
  Node* slicing = make_child(*sliced.definition, "slicing", arena);
  Node* discriminator = make_child(*slicing, "discriminator", arena);
  set_text(*discriminator, "type", extension ? "value" : "type", arena);
  set_text(*discriminator, "path", extension ? "url" : "$this", arena);
  insert(*slicing, discriminator);
  set_text(*slicing, "ordered", "false", arena);
  set_text(*slicing, "rules", "open", arena);
  insert(*sliced.definition, slicing);
}

}  // namespace

std::string_view last_part(std::string_view text, char mark) { return text.substr(text.rfind(mark) + 1); }

bool is_choice(const Branch& branch) { return branch.name.ends_with("[x]"); }

std::string_view choice_type(std::string_view name, const Branch& choice) {
  const auto stem = std::string_view(choice.name).substr(0, choice.name.size() - 3);
  return is_choice(choice) && name.size() > stem.size() && name.starts_with(stem) ? name.substr(stem.size())
                                                                                  : std::string_view();
}

bool same_type(std::string_view code, std::string_view suffix) {
  return code.size() == suffix.size() && !code.empty() && (code[0] | 0x20) == (suffix[0] | 0x20) &&
         code.substr(1) == suffix.substr(1);
}

void keep_type(Node& definition, std::string_view type) {
  for (Node** link = &definition.first; *link;) {
    if ((*link)->name == "type" && !same_type(last_part((*link)->value_of("code"), '/'), type))
      *link = (*link)->next;
    else
      link = &(*link)->next;
  }
}

bool can_be_sliced(const Branch& branch) {
  return branch.definition->child("slicing") || is_choice(branch) || !branch.slices.empty() ||
         branch.name == "extension" || branch.name == "modifierExtension";
}

Branch* make_slice(Branch& sliced, const std::string& name, Arena& arena) {
  Branch* whole = &sliced;
  if (const auto slash = name.rfind('/'); slash != name.npos)
    if (Branch* outer = sliced.slice_named(std::string_view(name).substr(0, slash))) whole = outer;
  auto slice = std::make_unique<Branch>();
  slice->definition = copy(*whole->definition, arena);
  slice->name = whole->name;
  slice->slice = name;
  for (const auto& child : whole->children) slice->children.push_back(copy(*child, arena));
  erase(*slice->definition, "slicing");
  set_text(*slice->definition, "sliceName", arena.copy(name), arena);
  if (!is_choice(sliced)) set_text(*slice->definition, "min", "0", arena);
  if (!whole->definition->child("slicing")) imply_slicing(*whole, arena);
  whole->slices.push_back(std::move(slice));
  return whole->slices.back().get();
}

void close_choice(Branch& choice, const Sliced& sliced, Arena& arena) {
  const Branch& first = **sliced.slices.begin();
  Node& definition = *choice.definition;
  if (const auto type = sole_type(first);
      sliced.by_path && sliced.slices.size() == 1 && number(first.definition->value_of("min")) > 0 && !type.empty())
    keep_type(definition, type);
  // Those that the differential speaks of come before those of the base alone.
  std::stable_partition(choice.slices.begin(), choice.slices.end(),
                        [&](const auto& slice) { return sliced.slices.contains(slice.get()); });
  std::size_t open = sliced.slices.size();
  for (const Branch* slice : sliced.slices)
    if (const auto type = sole_type(*slice); !type.empty() && slice->definition->value_of("max") == "0") {
      drop_type(definition, type);
      --open;
    }
  const auto types = std::count_if(definition.begin(), definition.end(), is_type);
  const bool says = sliced.by_path || open < sliced.slices.size();
  const Node* slicing = definition.child("slicing");
  if (says && slicing && types > 0 && static_cast<std::size_t>(types) == open)
    set_text(const_cast<Node&>(*slicing), "rules", "closed", arena);
}

void count_extensions(Branch& branch, Arena& arena) {
  std::uint32_t least = 0;
  for (const auto& slice : branch.slices) {
    least += number(slice->definition->value_of("min"));
    count_extensions(*slice, arena);
  }
  if (branch.name == "extension" && branch.slice.empty() && least > number(branch.definition->value_of("min")))
    set_text(*branch.definition, "min", arena.copy(std::to_string(least)), arena);
  for (const auto& child : branch.children) count_extensions(*child, arena);
}

}  // namespace fhir::snapshot
