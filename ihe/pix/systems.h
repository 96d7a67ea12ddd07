// Code systems and an extension that a patient of HL7 v2 and one of v3 are told by in FHIR.
// FHIR R4: http://hl7.org/fhir/R4/terminologies-systems.html
#pragma once

#include <string_view>

namespace ihe::pix {

inline constexpr std::string_view identifier_type = "http://terminology.hl7.org/CodeSystem/v2-0203";
inline constexpr std::string_view marital_status = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
inline constexpr std::string_view role_code = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
inline constexpr std::string_view mothers_maiden_name =
    "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName";

}  // namespace ihe::pix
