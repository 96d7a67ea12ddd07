// How much of a resource is indexed: how many rows it may have before it is to be refused (index.h: most_rows), and
// which types go with few.
#pragma once

#include <cstddef>

#include "fhir/definitions.h"

namespace fhir::search {

// Code systems, value sets and concept maps have a row for each code: large ones come whole.
inline constexpr std::size_t most_code_rows = 250'000;

std::size_t most_rows_of(const Type& type);

// Types that machines write in masses and that are found by codes, identifiers, references and dates: AuditEvent.
// What its codes are called is not in its full text, and it has rows neither for that nor for systems alone
// (IndexValue::lean).
bool is_lean(const Type& type);

}  // namespace fhir::search
