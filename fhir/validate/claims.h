// The profiles that a resource must conform to: those that it claims (meta.profile), those that guides set for its type
// (ImplementationGuide.global) or R4 for its code (vital signs), and those that are asked for. FHIR R4:
// http://hl7.org/fhir/R4/resource.html#Meta
#pragma once

#include <memory>
#include <vector>

#include "fhir/validate/conform.h"

namespace fhir::validate {

// Appends what is wrong. A claim that is not known here is a warning.
void judge_claims(const Node& resource, const Place& place, const Scope& scope,
                  const std::vector<std::shared_ptr<const Profile>>& asked_for, Conformance& conformance,
                  std::vector<Issue>& issues);

}  // namespace fhir::validate
