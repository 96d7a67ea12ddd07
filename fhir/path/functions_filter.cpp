// Functions that run an expression on each item. FHIRPath N1, sections 5.1, 5.2, 5.5 (iif), 7 (aggregate) and 9.
#include <array>

#include "fhir/path/evaluator.h"

namespace fhir::path {
namespace {

// Keeps the items in place, so that filtering needs no room.
void where(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  Value* kept = in.first;
  for (std::size_t i = 0; i < in.size() && !e.failed(); ++i) {
    const auto truth = e.truth(e.eval(*call.args[0], Evaluator::item(scope, in, i)));
    e.drop(in.last);
    if (truth == true) *kept++ = in[i];
  }
  e.drop(kept);
}

void exists(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  bool found = call.args.empty() && !in.empty();
  for (std::size_t i = 0; !call.args.empty() && i < in.size() && !found && !e.failed(); ++i) {
    found = e.truth(e.eval(*call.args[0], Evaluator::item(scope, in, i))) == true;
    e.drop(in.last);
  }
  e.give(in, Value::of(found));
}

void all(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  bool every = true;
  for (std::size_t i = 0; i < in.size() && every && !e.failed(); ++i) {
    every = e.truth(e.eval(*call.args[0], Evaluator::item(scope, in, i))) == true;
    e.drop(in.last);
  }
  e.give(in, Value::of(every));
}

void select(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  for (std::size_t i = 0; i < in.size() && !e.failed(); ++i) e.eval(*call.args[0], Evaluator::item(scope, in, i));
  e.settle(in.first, in.last);
}

// Breadth first: the results, which grow on top of the stack, are themselves followed in turn. With `unique` an item
// that was found before is not followed again, which ends cycles.
void repeat_items(Evaluator& e, const Expr& call, Range in, const Scope& scope, bool unique) {
  Value* const results = in.last;
  for (Value* next = in.first; next != e.top() && e.step(); ++next) {
    Scope inner = scope;
    inner.focus = {next, next + 1};
    const Range found = e.eval(*call.args[0], inner);
    Value* kept = found.first;
    for (const Value& value : found)
      if (!unique || !holds_value(e, {results, kept}, value)) *kept++ = value;
    e.drop(kept);
  }
  e.settle(in.first, results);
}

void repeat(Evaluator& e, const Expr& call, Range in, const Scope& scope) { repeat_items(e, call, in, scope, true); }

void repeat_all(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  repeat_items(e, call, in, scope, false);
}

void of_type(Evaluator& e, const Expr& call, Range in, const Scope&) {
  Value* kept = in.first;
  for (const Value& value : in) {
    // Among primitives a code is not a string here (is() and as() do take subtypes).
    const bool exact = value.kind == ValueKind::node && value.node->type &&
                       value.node->type->kind == TypeKind::primitive && e.reading() == Reading::letter;
    if (e.is_type(value, call.type, exact)) *kept++ = value;
  }
  e.drop(kept);
}

void is(Evaluator& e, const Expr& call, Range in, const Scope&) {
  if (in.size() > 1) return e.fail("is() takes one item");
  if (!in.empty()) e.give(in, Value::of(e.is_type(*in.first, call.type)));
}

void as(Evaluator& e, const Expr& call, Range in, const Scope&) {
  if (in.size() > 1 && e.reading() == Reading::letter) return e.fail("as() takes one item; ofType() filters several");
  Value* kept = in.first;
  for (const Value& value : in)
    if (e.is_type(value, call.type)) *kept++ = value;
  e.drop(kept);
}

void iif(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  if (in.size() > 1) return e.fail("iif() takes one item");
  Scope inner = scope;
  if (!in.empty()) inner.focus = in;
  const auto found = e.single(e.eval(*call.args[0], inner));
  e.drop(in.last);
  if (e.failed()) return;
  if (found && found->kind != ValueKind::boolean) return e.fail("the condition of iif() is not a boolean");
  const bool truth = found && found->boolean;
  if (truth || call.args.size() > 2) e.eval(*call.args[truth ? 1 : 2], inner);
  e.settle(in.first, in.last);
}

void trace(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  e.text(*call.args[0], scope);  // nothing is logged: the collection may hold a patient's data
  e.drop(in.last);
}

void aggregate(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  Value* const base = in.last;
  if (call.args.size() > 1) e.eval(*call.args[1], scope);
  for (std::size_t i = 0; i < in.size() && !e.failed(); ++i) {
    Scope inner = Evaluator::item(scope, in, i);
    inner.total = {base, e.top()};
    inner.has_total = true;
    const Range result = e.eval(*call.args[0], inner);
    e.settle(base, result.first);
  }
  e.settle(in.first, base);
}

void define_variable(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto name = e.text(*call.args[0], scope);
  if (!name) return e.fail("defineVariable() needs a name");
  if (*name == "context" || *name == "resource" || *name == "rootResource" || *name == "ucum" || *name == "sct" ||
      *name == "loinc")
    return e.fail("the variable %" + std::string(*name) + " is fixed");
  if (call.args.size() == 1) return e.define(*name, in);
  Scope inner = scope;
  inner.focus = in;
  const Range values = e.eval(*call.args[1], inner);
  e.define(*name, values);
  e.drop(in.last);
}

void coalesce(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  for (const Expr* arg : call.args) {
    if (!e.eval(*arg, scope).empty()) break;
  }
  e.settle(in.first, in.last);
}

constexpr std::array<Function, 14> functions{{
    {"aggregate", 1, 2, aggregate},
    {"all", 1, 1, all},
    {"as", 1, 1, as},
    {"coalesce", 1, 16, coalesce},
    {"defineVariable", 1, 2, define_variable},
    {"exists", 0, 1, exists},
    {"iif", 2, 3, iif},
    {"is", 1, 1, is},
    {"ofType", 1, 1, of_type},
    {"repeat", 1, 1, repeat},
    {"repeatAll", 1, 1, repeat_all},
    {"select", 1, 1, select},
    {"trace", 1, 2, trace},
    {"where", 1, 1, where},
}};

}  // namespace

std::span<const Function> filter_functions() { return functions; }

}  // namespace fhir::path
