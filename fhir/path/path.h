// FHIRPath: http://hl7.org/fhirpath/N1 with the additions of http://hl7.org/fhir/R4/fhirpath.html.
// An expression is compiled once into an immutable Program that any thread may evaluate.
// Two ways of reading: evaluate() keeps to the letter; holds(), extract() and nodes(), which run the expressions that
// the R4 definitions ship, take `as` on several items as a filter and an unqualified `Boolean` as the FHIR type also,
// since those expressions are written so (Observation.component.value as Quantity; que-7).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/node.h"
#include "fhir/outcome.h"

namespace fhir::path {

// One item of a collection: a node of a resource, or a value made by the expression.
struct Item {
  enum class Kind : std::uint8_t {
    node,
    boolean,
    integer,
    long_integer,
    decimal,
    string,
    date,
    date_time,
    time,
    quantity,
    type,
  };
  Kind kind = Kind::node;
  const Node* node = nullptr;  // kind node; also kept beside a value that was read from a node
  bool boolean = false;
  std::int64_t integer = 0;  // integer and Long
  std::string text;          // decimal as text, string, date and time literals without @, quantity's value, type's name
  std::string unit;          // quantity: UCUM code or calendar word
};

using Collection = std::vector<Item>;

struct Program;  // program.h
using Compiled = std::shared_ptr<const Program>;

struct Context {
  const Node* resource = nullptr;       // %resource: the resource that holds the focus (may be contained)
  const Node* root_resource = nullptr;  // %rootResource: its container
  std::map<std::string, Collection, std::less<>> variables;
  std::function<const Node*(std::string_view reference)> resolve;  // resolve(); without it only contained and Bundle
  // memberOf() and conformsTo() beyond the linked value sets and base types; nullopt = not known.
  std::function<std::optional<bool>(const Node& focus, std::string_view url)> member_of;
  std::function<std::optional<bool>(const Node& focus, std::string_view url)> conforms_to;
  Arena* made = nullptr;            // where %factory makes elements, which must outlive the result; none: no %factory
  std::int64_t now = 0;             // milliseconds since 1970 UTC, for now() and today()
  std::uint64_t steps = 1'000'000;  // budget; beyond it the evaluation ends with Kind::too_costly
  bool strict = false;              // an element that the type does not have is an error, not empty
};

// Syntax faults name the column. At most 1 MiB of source is looked at; nesting is limited.
Result<Compiled> compile(std::string_view expression);

Result<Collection> evaluate(const Program& program, const Node& focus, const Context& context);
Result<Collection> evaluate(const Program& program, const Collection& focus, const Context& context);

// Invariants: true when the result is a single true; an empty result is no true (a constraint must evaluate to true).
Result<bool> holds(const Program& program, const Node& focus, const Context& context);

// Search extraction: nodes and computed values ("Patient.deceased.exists() and ..."). Without a resolver, `resolve() is
// T` is decided from the reference itself ("Patient/1", ".../Patient/1", the contained resource, Reference.type), as a
// server cannot fetch what others keep.
Result<Collection> extract(const Program& program, const Node& focus, const Context& context);

// The same without copies: the nodes of the result, in order, appended to `out`; computed values are left out.
// False when the evaluation failed.
bool nodes(const Program& program, const Node& focus, const Context& context, std::vector<const Node*>& out);

}  // namespace fhir::path
