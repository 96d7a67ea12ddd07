// The parts of validation, behind validate.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fhir/definitions.h"
#include "fhir/node.h"
#include "fhir/path/path.h"

namespace fhir::validate {

// What is wrong with a narrative's div, or nothing: well-formed XHTML of the
// elements and attributes that narratives may have, without anything that runs
// or is fetched from elsewhere, and with some content.
std::optional<std::string> narrative_fault(std::string_view div);

// What is wrong with a coded value (code, string, uri, Coding, CodeableConcept,
// Quantity) under a required binding.
std::optional<std::string> binding_fault(const Node& node, const ValueSet& set);

// Attachment: size and hash must be those of the data, when it is inline.
std::optional<std::string> attachment_fault(const Node& attachment);

// Whether an extension may be used though its definition is not here: HL7's own, of other releases and of its tools,
// and those of examples. Everybody else's definition must be at hand to judge by (as HL7's validator has it).
bool may_lack_definition(std::string_view url);

// Why an extension may not stand in `parent`: its definition (a
// StructureDefinition) names the contexts.
std::optional<std::string> context_fault(const Node& definition, const Node& parent, const path::Context& resource);

// BCP 47 language tag and MIME type, by syntax.
bool language_syntax(std::string_view tag);
bool mime_syntax(std::string_view type);

}  // namespace fhir::validate
