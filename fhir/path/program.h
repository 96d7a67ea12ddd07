// The compiled form of an expression: a tree of steps with resolved functions, types and patterns. Never changes once
// compiled. Chains (a.b.c) are flat, so that the depth of the tree is the depth of its nesting.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/path/value.h"

namespace re2 {
class RE2;
}

namespace fhir::path {

class Evaluator;
struct Expr;
struct Scope;

// Replaces `in`, which lies on top of the stack, by the function's result.
using Run = void (*)(Evaluator& evaluator, const Expr& call, Range in, const Scope& scope);

struct Function {
  std::string_view name;
  std::uint8_t least;  // number of arguments
  std::uint8_t most;
  Run run;
};
// `of`: the variable whose own function it is: "factory" (its functions have the names of types), "terminologies".
const Function* find_function(std::string_view name, std::string_view of = {});
// The tables, one for each functions_*.cpp, each sorted by name.
std::span<const Function> collection_functions();
std::span<const Function> filter_functions();
std::span<const Function> string_functions();
std::span<const Function> math_functions();
std::span<const Function> boundary_functions();
std::span<const Function> conversion_functions();
std::span<const Function> fhir_functions();
std::span<const Function> factory_functions();
std::span<const Function> terminology_functions();

enum class Op : std::uint8_t {
  literal,
  nothing,   // {}
  self,      // $this
  position,  // $index
  total,     // $total
  variable,  // %name
  path,      // args: steps; the first may be any expression, otherwise it starts from the focus
  member,    // step
  call,      // step
  at,        // step: [index]
  plus_sign,
  minus_sign,
  multiply,
  divide,
  whole_divide,
  modulo,
  add,
  subtract,
  concatenate,
  is,
  as,
  unite,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  equivalent,
  not_equivalent,
  in,
  contains,
  logical_and,
  logical_or,
  logical_xor,
  implies,
};

// "FHIR.Patient", "System.String", "Patient".
struct TypeName {
  std::string_view space;  // "" when not given
  std::string_view name;
  const Type* type = nullptr;  // the FHIR type of that name
};

struct Expr {
  Expr();
  ~Expr();
  Op op = Op::nothing;
  bool head = false;          // a member that starts a path: may also name the type of the focus
  bool by_reference = false;  // `is` on resolve(): decided from the reference alone where possible
  std::uint16_t depth = 1;
  std::uint32_t column = 0;
  std::string_view text;  // member's or variable's name
  const Function* function = nullptr;
  Value value{};  // literal
  TypeName type;  // is, as, ofType(...); of a head its type
  std::vector<const Expr*> args;
  std::unique_ptr<const re2::RE2> pattern;  // a literal regular expression
};

struct Program {
  std::string source;
  std::deque<Expr> expressions;
  std::deque<std::string> texts;  // unescaped literals and names
  const Expr* root = nullptr;
};

// null when the pattern is too long or not a regular expression.
std::unique_ptr<const re2::RE2> compile_pattern(std::string_view pattern, bool whole);
// Argument of these functions is a regular expression.
bool takes_pattern(std::string_view function);

}  // namespace fhir::path
