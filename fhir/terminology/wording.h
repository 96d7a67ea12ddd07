// The sentences of validation, in one place: what is wrong, and with what. They quote what was sent and nothing else.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/terminology/display.h"
#include "fhir/terminology/validate.h"

namespace fhir::terminology::wording {

std::string unknown_system(std::string_view url, std::string_view version, const std::vector<std::string>& versions,
                           std::string_view so = "the code cannot be validated");
std::string unknown_code(std::string_view code, const System& system);
std::string not_in_fragment(std::string_view code, const System& system);
std::string not_in_set(const Candidate& candidate, const ValueSet& set);
std::string no_coding(const ValueSet& set);
std::string cannot_infer(std::string_view code, const ValueSet* set, const std::vector<std::string>& found);
std::string other_case(std::string_view given, std::string_view right, const System& system);
std::string other_version(const Misfit& misfit);
std::string status_of(const Concept& row);  // "retired and inactive"

std::string wrong_display(const Candidate& candidate, const Names& names, const std::vector<const Name*>& right,
                          const Languages& languages);
std::string default_display(const Candidate& candidate, const Languages& languages);
std::string retired_display(const Candidate& candidate, std::string_view status, const std::vector<const Name*>& right);
// Equal but for case and white space.
bool same_display(std::string_view a, std::string_view b);

// "draft", "experimental", "retired", "deprecated", "withdrawn": what should be known of a resource that `by` uses;
// "" when nothing, or when `by` is itself no further.
std::string_view standing(const System& system, const Node* by);
std::string_view standing(const Node& value_set, const Node* by);
std::string_view standing_id(std::string_view standing);  // "MSG_DRAFT"

}  // namespace fhir::terminology::wording
