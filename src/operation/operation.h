// The row of one FHIR operation. One file of this folder per operation; each ends in its row:
//
//   extern constinit const Operation lookup{.code = "lookup", .definition = "http://hl7.org/fhir/…", .run = run, ...};
//
// Called at `[base]/$code`, `[type]/$code`, `[type]/[id]/$code` and, where it says so, on a version of an instance: by
// POST, and by GET when it changes nothing.
// What it is called with is read once (Input) and checked against its OperationDefinition: one of R4, or one of ours
// from profiles/definitions. FHIR R4: http://hl7.org/fhir/R4/operations.html
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/incoming.h"
#include "fhir/outcome.h"
#include "src/rest/interaction.h"

namespace alzette::operation {

// One in-parameter. A list is several of them with the same name.
struct Argument {
  std::string_view name;
  const fhir::Node* value = nullptr;      // value[x], bound
  const fhir::Node* resource = nullptr;   // a root: named by its type
  const fhir::Node* parameter = nullptr;  // Parameters.parameter, whose parts are children; null for what is none
};

struct Input {
  std::vector<Argument> arguments;                 // in the order of the call
  std::vector<fhir::Issue> faults;                 // of binding the body, when the row keeps them
  std::vector<fhir::Issue> ignored;                // lenient handling: what was left out, and why
  std::vector<std::shared_ptr<const void>> keeps;  // what the arguments live in
  std::shared_ptr<const void> texts;               // and what those were parsed from

  bool has_faults() const;
  const Argument* first(std::string_view name) const;
  std::vector<const Argument*> all(std::string_view name) const;
  std::string_view text(std::string_view name) const;  // of a primitive value, "" when there is none
  bool flag(std::string_view name, bool otherwise = false) const;
  const fhir::Node* value(std::string_view name) const;
  const fhir::Node* resource(std::string_view name) const;
};

inline constexpr std::uint8_t on_system = 1, on_type = 2, on_instance = 4, on_version = 8;

struct Operation {
  std::string_view code;        // without "$"
  std::string_view definition;  // canonical of its OperationDefinition
  std::uint8_t levels;
  std::string_view types;  // resource types that have it, separated by one space; "" = all
  rest::Lane lane;
  bool affects_state = false;  // POST alone
  bool raw = false;            // reads call.request.body itself; the input is that of the query
  bool keep_faults = false;    // gets a body that does not bind, with what is wrong in Input::faults
  fhir::Result<rest::Plan> (*run)(const rest::Call&, const Input&);

  bool applies_to(const fhir::Type& type) const;
};

// All rows, from the generated registry.
std::span<const Operation* const> operations();

// The row that has `code` at this level and type, or none.
const Operation* find_operation(std::string_view code, rest::Level level, const fhir::Type* type);

// The definition that the row names; our tests see that each has one.
const fhir::OperationDefinition& definition_of(const Operation& operation);

// Reads the query and the body of a call. Refuses, by name: parameters that the definition does not have, values of
// another type, too few, too many.
fhir::Result<Input> read_input(const rest::Call& call, const Operation& operation);

}  // namespace alzette::operation
