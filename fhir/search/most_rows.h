// How many index rows a resource may have before it is to be refused (index.h: most_rows).
#pragma once

#include <cstddef>

#include "fhir/definitions.h"

namespace fhir::search {

// Code systems, value sets and concept maps have a row for each code: large ones come whole.
inline constexpr std::size_t most_code_rows = 250'000;

std::size_t most_rows_of(const Type& type);

}  // namespace fhir::search
