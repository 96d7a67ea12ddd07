// Makes and changes bound trees: resources that a transaction, a rule or a job writes without having read them.
// Every node gets its element and type from its parent's, and stands where the standard's order puts it. Text is
// copied into the arena.
#pragma once

#include <string_view>

#include "fhir/node.h"

namespace fhir::build {

// A resource without elements. The type must exist.
Node& resource(Arena& arena, std::string_view type_name);

// One more occurrence of an element: an object, or a primitive with its text. The name is that of JSON
// ("valueQuantity"); it must be an element of the parent's type.
Node& add(Arena& arena, Node& parent, std::string_view name);
Node& add(Arena& arena, Node& parent, std::string_view name, std::string_view text);

// Adds, unless the text is empty.
void add_some(Arena& arena, Node& parent, std::string_view name, std::string_view text);

// A copy of `node` (and what is below it) as one more occurrence below `parent`, which must be of the type that it
// came from.
Node& add_copy(Arena& arena, Node& parent, const Node& node);

// A copy of a whole resource.
Node& copy(Arena& arena, const Node& resource);

// Takes all occurrences of an element away; or one occurrence.
void remove(Node& parent, std::string_view name);
void remove(Node& parent, const Node& child);

// Replaces all occurrences of a primitive by one.
void set(Arena& arena, Node& parent, std::string_view name, std::string_view text);

// A Coding, and a CodeableConcept of one Coding, as one more occurrence.
void add_coding(Arena& arena, Node& parent, std::string_view name, std::string_view system, std::string_view code,
                std::string_view display = {});
Node& add_concept(Arena& arena, Node& parent, std::string_view name, std::string_view system, std::string_view code,
                  std::string_view display = {});

// A Reference by its text: "Patient/1".
Node& add_reference(Arena& arena, Node& parent, std::string_view name, std::string_view reference);

}  // namespace fhir::build
