// A person as FHIR Patient.
#pragma once

#include <cstdint>
#include <string>

#include "src/generate/person.h"

namespace alzette::generate {

// As the national register knows a person (`domain` 0), or as one of several sources does, each of which has a record
// and numbers of its own: identifier domains "urn:oid:2.999.7.1" and so on.
std::string patient_id(std::uint64_t seed, const Person& person, unsigned domain = 0);
std::string patient(std::uint64_t seed, const Person& person, unsigned domain = 0);

}  // namespace alzette::generate
