// The expression of a search parameter, made ready: a plain path where it is one, else FHIRPath.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "fhir/path/path.h"
#include "fhir/search/walk.h"

namespace fhir::search {

using Expression = std::variant<Walk, path::Compiled>;

inline std::optional<Expression> compile(std::string_view text) {
  if (auto walk = Walk::parse(text)) return Expression(std::move(*walk));
  auto program = path::compile(text);
  if (!program) return std::nullopt;
  return Expression(std::move(*program));
}

// With the type of parameter that its values are indexed for.
struct TypedExpression {
  Expression how;
  ParameterType type;
};

inline std::optional<TypedExpression> compile(std::string_view text, ParameterType type) {
  auto how = compile(text);
  if (!how) return std::nullopt;
  return TypedExpression{std::move(*how), type};
}

}  // namespace fhir::search
