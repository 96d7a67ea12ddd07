// FHIR XML: http://hl7.org/fhir/R4/xml.html. Only the files xml*.cpp know pugixml.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace fhir::xml {

inline constexpr std::string_view fhir_namespace = "http://hl7.org/fhir";
inline constexpr std::string_view xhtml_namespace = "http://www.w3.org/1999/xhtml";

struct Limits {
  std::size_t bytes = 64u << 20;
  std::size_t depth = 64;                    // values within values, counted as json::Limits::depth does
  std::size_t elements_deep = 256;           // markup within markup, narratives included
  std::size_t nodes = 250'000;               // elements and attributes; one more for every 24 bytes
  std::size_t attributes = 64;               // of one element
  std::size_t attribute_bytes = 10'000'000;  // of one value; larger content travels as a raw Binary
};

// A document that may be read: one element, well-formed, XML 1.0 in UTF-8, within the limits, without document type
// declaration and with no entities but the five of XML and numbers. The outcome names line and column.
std::optional<Outcome> refusal(std::string_view text, const Limits& limits = {});

// Text to a bound tree, the same that json::parse and bind() make of the resource's JSON. `text` need not outlive it.
// Refuses what refusal() refuses. Structural faults (unknown element or attribute, text where none belongs, another
// namespace, a value that JSON could not hold) are appended to `issues` with FHIRPath expressions, and what has them is
// left out; nullptr when there is no type to bind to. Elements out of the standard's order are put into it, with a
// warning. Narratives keep their text as it stands.
// Comments, processing instructions and xsi: attributes say nothing and are not kept.
Result<Node*> read(std::string_view text, Arena& arena, std::vector<Issue>& issues, const Limits& limits = {});

// A bound resource as a document, its elements in the standard's order. `pretty` adds two-blank indentation.
void write(const Node& resource, std::string& out, bool pretty = false);

// A resource in our own JSON (stored, or made as an answer) as a document; "" when it is none.
std::string from_json(std::string_view json, bool pretty = false);

}  // namespace fhir::xml
