// The parts of the definitions image. Each function fills its own lists of `Definitions`; throws std::runtime_error
// when the source holds something that it does not know, so that nothing is left out in silence.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "profiles/compile/image.h"
#include "profiles/compile/source.h"

namespace profiles {

using ValueSets = std::map<std::string, const fhir::ValueSet*, std::less<>>;
using Types = std::map<std::string, fhir::Type*, std::less<>>;

ValueSets compile_terminology(Image& image, fhir::Definitions& definitions, const Source& source);
Types compile_types(Image& image, fhir::Definitions& definitions, const Source& source, const ValueSets& value_sets);
void compile_search(Image& image, const Source& source, const Types& types);
void compile_compartments(Image& image, fhir::Definitions& definitions, const Source& source);
void compile_operations(Image& image, fhir::Definitions& definitions, const Source& source);

// The resources themselves, as fhir/archive.h lays them out.
std::string compile_archive(const std::string& folder, const std::string& ours);

// The right text of an invariant (by its key) or of a search expression (by its type; that of a component by the
// component's definition) where the published one is wrong.
std::string_view corrected_constraint(std::string_view key, std::string_view expression);
std::string corrected_search_expression(std::string_view key, std::string_view expression);
// Throws when a correction was never needed: the source has changed.
void check_corrections_used();

}  // namespace profiles
