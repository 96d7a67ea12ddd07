// What a FHIR source says of an object beyond what a registry's record holds (extensions, custodian, tags, narrative,
// further codings and identifiers, references to resources of its own): it is kept in the FHIR view, and stays there
// as long as the attributes do not change which it was said with.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "fhir/node.h"

namespace ihe::xds {

// What a reference of the source leads to, where it is another resource here: "DocumentReference/1"; "" otherwise.
using Lead = std::function<std::string(std::string_view reference)>;

// Puts into `view`, the view of a record, what `said` says beyond it. `before`: the view of the record that was made
// of `said`, which may be `view` itself. Whether there was anything. Status, subject, relations, members and what the
// server says itself are the record's alone.
bool keep_said(fhir::Arena& arena, fhir::Node& view, const fhir::Node& before, const fhir::Node& said,
               const Lead& lead);

}  // namespace ihe::xds
