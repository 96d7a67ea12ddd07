// Patches of a resource: JSON Patch (RFC 6902), XML Patch (RFC 5261) and FHIRPath Patch.
// FHIR R4: http://hl7.org/fhir/R4/http.html#patch, http://hl7.org/fhir/R4/fhirpatch.html
//
// Each answers the changed resource as text, which is still to be read, bound and validated like any that comes in.
// malformed: what is no patch; unprocessable: a patch that does not fit this resource. Costs are bounded: operations,
// depth of paths, what is copied, steps of FHIRPath.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace fhir::patch {

inline constexpr std::size_t most_operations = 1000;

// `resource` and the result are JSON. Lists and objects that a patch leaves empty are left out.
Result<std::string> apply_json(std::string_view resource, std::string_view patch);

// `resource` and the result are FHIR XML; the patch is a document whose root is `diff`. In format/xml_patch.cpp.
Result<std::string> apply_xml(std::string_view resource, std::string_view patch);

// `resource` is bound and changed in place, also where the patch is refused half-way; `arena` takes what is added.
// `parameters` is a bound Parameters resource that outlives the changed tree. `now`: milliseconds since 1970 UTC.
Result<std::string> apply_fhirpath(Node& resource, const Node& parameters, Arena& arena, std::int64_t now);

}  // namespace fhir::patch
