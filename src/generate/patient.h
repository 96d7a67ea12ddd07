// A person as FHIR Patient.
#pragma once

#include <cstdint>
#include <string>

#include "src/generate/person.h"

namespace alzette::generate {

std::string patient_id(std::uint64_t seed, const Person& person);
std::string patient(std::uint64_t seed, const Person& person);

}  // namespace alzette::generate
