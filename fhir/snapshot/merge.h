// One ElementDefinition laid over another.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fhir/node.h"

namespace fhir::snapshot {

// What a differential says about an element, onto what its base said. Texts that start with "..." add to the base's;
// aliases, mappings, constraints, conditions, examples and extensions join the base's; all else replaces it.
void lay_over(Node& base, const Node& differential, Arena& arena);

// What a profile says about its root, onto an element of which it is the only type's only profile: descriptions,
// and limits that are narrower.
void lay_profile_over(Node& element, const Node& root, bool extension, Arena& arena);

// Why a differential cannot be laid over its base: what a base has fixed stays so, types come from its own, and slices
// go on to be told apart by what tells them apart there.
struct Conflict {
  std::string_view code;
  std::string text;
};
std::optional<Conflict> conflict(const Node& base, const Node& differential);

}  // namespace fhir::snapshot
