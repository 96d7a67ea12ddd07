// Search parameters beyond those of R4, from SearchParameter resources. They are indexed from the moment they are
// published, and answer when `complete` says that what was stored before is indexed as well. Whoever publishes reads
// them from the store; here they are looked up without locks, and what was handed out stays valid for ever.
// FHIR R4: http://hl7.org/fhir/R4/searchparameter.html
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/definitions.h"
#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/search/expression.h"
#include "fhir/search/index.h"

namespace fhir::search {

// One of the values that a composite joins by '$'.
struct CustomComponent {
  std::string expression, definition;  // relative to what the composite's expression finds; canonical of its parameter
  ParameterType type = ParameterType::token;
  bool operator==(const CustomComponent&) const = default;
};

struct CustomDefinition {
  std::string code, url, expression;
  std::string generation;  // each change of the resource begins a new one: rows of former ones are never looked at
  ParameterType type = ParameterType::token;
  std::vector<std::string> bases, targets;
  std::vector<CustomComponent> components;
  bool complete = false;
};

// From a SearchParameter resource. Refuses what can never be: no code or base, a code that R4 has, values that no index
// of the parameter's type holds. What could be asked for but not answered (retired, an expression that does not compile
// or may cost too much, a composite of parameters that nobody knows) gives the reason in `inactive`.
Result<CustomDefinition> custom_definition(const Node& resource, std::string& inactive);

// One parameter of one type.
struct CustomParameter {
  const SearchParameter* parameter = nullptr;
  Expression expression;
  std::vector<TypedExpression> components;
  bool complete = false;
};

std::span<const CustomParameter> custom_parameters(const Type& type);

// R4's own, or a custom one that is complete; nullptr when there is neither.
const SearchParameter* find_parameter(const Type& type, std::string_view code);

// A parameter that is not one of the definitions, with the code of its rows. Every parameter outside of their image is
// one: custom ones, and those of rooms that index what no FHIR search knows.
struct MadeParameter : SearchParameter {
  Text stored;
};

// The code under which the rows of a parameter are stored: that of R4's own, with the generation behind it for others.
std::string_view stored_code(const SearchParameter& parameter);

// The rows that custom parameters alone give a bound resource, as extract() does (index.h).
std::vector<IndexRow> extract_custom(const Node& resource, std::string_view base);

// Another number after each publish(): for what is made from the parameters and kept.
std::uint64_t custom_state();

// Replaces what was published before. By one thread at a time.
void publish(const std::vector<CustomDefinition>& definitions);

}  // namespace fhir::search
