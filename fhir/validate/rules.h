// The parts of validation, behind validate.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/node.h"
#include "fhir/path/path.h"

namespace fhir::validate {

// What is wrong with a narrative's div, or nothing: well-formed XHTML of the
// elements and attributes that narratives may have, without anything that runs
// or is fetched from elsewhere, and with some content.
std::optional<std::string> narrative_fault(std::string_view div);

// What a primitive's text must look like when it does not.
std::optional<std::string> primitive_fault(Primitive primitive, std::string_view text);

// csd-1: a code that a CodeSystem has twice.
std::optional<std::string> codes_fault(const Node& system);

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

// The languages of the sections that a narrative's div has.
std::vector<std::string_view> narrative_languages(std::string_view div);
// What is wrong with them under a profile's narrative-language-control ("_no", "_yes", "_resource" or a language);
// `language`: that of the resource.
std::optional<std::string> language_fault(std::string_view control, std::string_view div, std::string_view language);

// Why a text is no expression constraint of SNOMED CT (ECL), by its form alone.
std::optional<std::string> ecl_fault(std::string_view text);

// BCP 47 language tag and MIME type, by syntax.
bool language_syntax(std::string_view tag);
bool mime_syntax(std::string_view type);

}  // namespace fhir::validate
