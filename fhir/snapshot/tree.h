// The elements of a StructureDefinition as a tree, in which slices stand beside the children of what they slice:
//
//   Patient ─ children → identifier ─ children → system, value
//                            └ slices → identifier:national ─ children → system, value
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace fhir::snapshot {

struct Branch {
  Node* definition = nullptr;  // an ElementDefinition of its own
  std::string name;            // last part of the path: "value[x]"
  std::string slice;           // sliceName: "national", of a slice of that slice "national/old"
  std::vector<std::unique_ptr<Branch>> children;
  std::vector<std::unique_ptr<Branch>> slices;

  Branch* child(std::string_view child_name) const;
  Branch* slice_named(std::string_view slice_name) const;
};

// One part of an element's way from the root.
struct Step {
  std::string name;
  std::string slice;
};

// The ways of a differential's or snapshot's elements, one after the other: by their ids where these fit their paths,
// otherwise by path and sliceName, where children follow the slice that they belong to.
class Ways {
 public:
  std::vector<Step> next(const Node& definition);

 private:
  std::vector<std::pair<std::string, std::string>> slices_;  // path, slice: those that are open
};

// ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────
// A copy of the tree, not of its texts.
Node* copy(const Node& node, Arena& arena);
// Takes all children of that name (or choice: "fixed[x]") out.
void erase(Node& parent, std::string_view name);
// Puts `child` behind those that come before it in the type's order.
void insert(Node& parent, Node* child);
// One primitive child in place of what is there: id, path, min.
void set_text(Node& parent, std::string_view name, std::string_view text, Arena& arena);
// A new child without content of the element `name`.
Node* make_child(const Node& parent, std::string_view name, Arena& arena);

// ── trees ───────────────────────────────────────────────────────────────────────────────────────────────────────
// From the elements of `list` (a snapshot); null when the first is not the root of all others.
std::unique_ptr<Branch> read_tree(const Node& list, Arena& arena);
std::unique_ptr<Branch> copy(const Branch& branch, Arena& arena);
// The elements in the standard's order, with their ids and paths set, below `list`.
void write_tree(const Branch& root, Node& list, Arena& arena);

}  // namespace fhir::snapshot
