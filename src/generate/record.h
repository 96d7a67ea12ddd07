// A thin health record: encounters with vital signs and laboratory values, conditions, the vaccination card.
#pragma once

#include <cstdint>

#include "src/generate/person.h"
#include "src/generate/resource.h"

namespace alzette::generate {

// Every resource refers to the patient; encounters come before what refers to them.
void record(std::uint64_t seed, const Person& person, const Sink& sink);

}  // namespace alzette::generate
