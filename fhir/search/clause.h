// One name=value pair as a condition: parameter, modifier, chain, _has. FHIR R4: http://hl7.org/fhir/R4/search.html
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "fhir/search/query.h"
#include "fhir/search/term.h"

namespace fhir::search {

// The types that a query is about: one, or at system level several.
using Scope = std::span<const Type* const>;

// The parameter that all types of the scope have under this code, that of the first; nullptr when one lacks it.
const SearchParameter* parameter_of(Scope scope, std::string_view code);

// "address, birthdate, family, …" for messages.
std::string valid_names(Scope scope);

// Refusals carry the issue code "not-supported" for unknown parameters and modifiers (lenient handling leaves these
// out), "invalid" for values and "too-costly" for limits.
Result<Clause> read_clause(Scope scope, std::string_view name, std::string_view value, Reading& reading);

}  // namespace fhir::search
