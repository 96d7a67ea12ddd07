// Slices of an element, and the types of a choice, which are slices as well.
// FHIR R4: http://hl7.org/fhir/R4/profiling.html#slicing
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "fhir/snapshot/tree.h"

namespace fhir::snapshot {

// The slices of a choice.
struct Sliced {
  std::set<Branch*> slices;
  bool by_path = false;  // a path names one of them by its type alone
};

std::string_view last_part(std::string_view text, char mark);
bool is_choice(const Branch& branch);
// "valueQuantity" of "value[x]" -> "Quantity"
std::string_view choice_type(std::string_view name, const Branch& choice);
// Whether a type's code is what stands in a name: "string" and "String".
bool same_type(std::string_view code, std::string_view suffix);
// Takes all other types out.
void keep_type(Node& definition, std::string_view type);

// Extensions and choices are sliced without a word, and what has slices already is.
bool can_be_sliced(const Branch& branch);
// A new slice of `sliced`, or of the slice of it that the name begins with: "national/old".
Branch* make_slice(Branch& sliced, const std::string& name, Arena& arena);
// The types of a choice that its slices leave: without those that a slice excludes, or the one alone that is
// required. Where each that is left has its slice nothing else can come.
void close_choice(Branch& choice, const Sliced& sliced, Arena& arena);
// Extensions that are required together require as many of them.
void count_extensions(Branch& branch, Arena& arena);

}  // namespace fhir::snapshot
