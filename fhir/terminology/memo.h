// What was compiled from resources that the server holds, so that it is compiled once. A resource that changes is
// another resource here: nothing has to be told. Thread safe.
#pragma once

#include <memory>

#include "fhir/canonical.h"
#include "fhir/terminology/code_system.h"

namespace fhir::terminology {

std::shared_ptr<const CodeSystem> compiled(const std::shared_ptr<const Canonical>& resource);
std::shared_ptr<const CodeSystem> compiled(const fhir::CodeSystem& table);

}  // namespace fhir::terminology
