// Compartments as conditions: a resource belongs to a compartment when one of the parameters that the definition
// names refers to the compartment's resource. http://hl7.org/fhir/R4/compartmentdefinition.html
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/search/query.h"

namespace fhir::search {

// `type` belongs to the compartment of one resource; nothing where no resource of that type does.
std::optional<Clause> in_compartment(const Type& type, const Compartment& compartment, std::string_view id);

// `type` belongs to any compartment whose resource satisfies `owner` (empty: to any that exists).
std::optional<Clause> in_compartment_of(const Type& type, const Compartment& compartment,
                                        const std::vector<Clause>& owner);

}  // namespace fhir::search
