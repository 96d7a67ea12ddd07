// FHIRPath: http://hl7.org/fhirpath/N1 with the additions of http://hl7.org/fhir/R4/fhirpath.html.
// An expression is compiled once into an immutable Program that any thread may evaluate.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/node.h"
#include "fhir/outcome.h"

namespace fhir::path {

// One item of a collection: a node of a resource, or a value made by the expression.
struct Item {
  enum class Kind : std::uint8_t { node, boolean, integer, decimal, string, date, date_time, time, quantity, type };
  Kind kind = Kind::node;
  const Node* node = nullptr;  // kind node; also kept beside a value that was read from a node
  bool boolean = false;
  std::int64_t integer = 0;
  std::string text;  // decimal as text, string, date and time literals without @, quantity's value, type's name
  std::string unit;  // quantity: UCUM code or calendar word
};

using Collection = std::vector<Item>;

struct Program;  // path.cpp
using Compiled = std::shared_ptr<const Program>;

struct Context {
  const Node* resource = nullptr;       // %resource: the resource that holds the focus (may be contained)
  const Node* root_resource = nullptr;  // %rootResource: its container
  std::map<std::string, Collection, std::less<>> variables;
  std::function<const Node*(std::string_view reference)> resolve;  // resolve(); without it only contained and Bundle
  std::int64_t now = 0;                                            // milliseconds since 1970 UTC, for now() and today()
  std::uint64_t steps = 1'000'000;  // budget; beyond it the evaluation ends with Kind::too_costly
};

// Syntax faults name the column. At most 1 MiB of source is looked at; nesting is limited.
Result<Compiled> compile(std::string_view expression);

Result<Collection> evaluate(const Program& program, const Node& focus, const Context& context);
Result<Collection> evaluate(const Program& program, const Collection& focus, const Context& context);

// Invariants: true when the result is empty or a single true (a constraint that does not apply holds).
Result<bool> holds(const Program& program, const Node& focus, const Context& context);

}  // namespace fhir::path
