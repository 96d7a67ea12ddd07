// The providers of the example nation: hospitals, laboratories, pharmacies, practices, and the people who work
// there. The directory is the same size however many patients there are, so their references stay right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/generate/resource.h"

namespace alzette::generate {

inline constexpr std::uint32_t hospitals = 5;
inline constexpr std::uint32_t laboratories = 4;
inline constexpr std::uint32_t pharmacies = 40;
inline constexpr std::uint32_t practices = 60;
inline constexpr std::uint32_t organizations = hospitals + laboratories + pharmacies + practices;
inline constexpr std::uint32_t practitioners = 300;

inline constexpr std::string_view hospital_patient_system = "urn:oid:1.3.182.3.1.1.9000001.1";

// Organisation numbers run hospitals, laboratories, pharmacies, practices.
std::string organization_id(std::uint64_t seed, std::uint32_t number);
std::string location_id(std::uint64_t seed, std::uint32_t number);  // where an organisation is: one each
std::string practitioner_id(std::uint64_t seed, std::uint32_t number);
std::uint32_t practice_of(std::uint32_t practitioner);  // the organisation number he or she works at
std::string practitioner_name(std::uint64_t seed, std::uint32_t number);

// All of them, in an order in which references point back.
void directory(std::uint64_t seed, const Sink& sink);

}  // namespace alzette::generate
