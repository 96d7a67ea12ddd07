// Math functions. FHIRPath N1, section 5.7. Roots, logarithms and real powers are computed in binary, and shown with
// the digits that tell them apart.
#include <array>
#include <cmath>
#include <cstdio>

#include "fhir/path/quantity.h"

namespace fhir::path {
namespace {

// The focus as one number or quantity; a fault when it is something else.
std::optional<Value> subject(Evaluator& e, Range in) {
  const auto value = e.single(in);
  e.drop(in.first);
  if (!value) return std::nullopt;
  if (!is_numeric(value->kind) && value->kind != ValueKind::quantity) {
    e.fail("this function works on numbers, not on " + std::string(system_type(value->kind)));
    return std::nullopt;
  }
  return value;
}

std::optional<Decimal> amount(const Value& value) {
  return value.kind == ValueKind::quantity ? Decimal::parse(value.text) : number(value);
}

// The focus beside its amount; nothing where there is none.
struct Subject {
  Value value;
  Decimal amount;
};
std::optional<Subject> exact_subject(Evaluator& e, Range in) {
  const auto value = subject(e, in);
  if (!value) return std::nullopt;
  const auto exact = amount(*value);
  if (!exact) return std::nullopt;
  return Subject{*value, *exact};
}

// A double knows no more than 16 digits.
std::optional<Decimal> decimal_of(double number) {
  if (!std::isfinite(number)) return std::nullopt;
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%.16g", number);
  const auto decimal = Decimal::parse({text, static_cast<std::size_t>(size)});
  return decimal ? std::optional(decimal->trimmed()) : std::nullopt;
}

void give_decimal(Evaluator& e, const std::optional<Decimal>& result) {
  if (result) e.push(Value::of(ValueKind::decimal, e.keep(result->text())));
}

// A result in the unit of `like`.
void give_like(Evaluator& e, const Value& like, Decimal result) {
  if (like.kind == ValueKind::quantity)
    e.push(Value::of(ValueKind::quantity, e.keep(result.text()), like.unit));
  else
    give_decimal(e, result);
}

void absolute(Evaluator& e, const Expr&, Range in, const Scope&) {
  const auto value = subject(e, in);
  if (!value) return;
  if (is_whole(value->kind) && value->integer != INT64_MIN) {
    Value result = *value;
    result.node = nullptr;
    if (result.integer < 0) result.integer = -result.integer;
    return e.push(result);
  }
  auto result = amount(*value);
  if (!result) return;
  if (result->negative()) result->units = -result->units;
  give_like(e, *value, *result);
}

template <Decimal::Rounding How>
void whole(Evaluator& e, const Expr&, Range in, const Scope&) {
  const auto exact = exact_subject(e, in);
  if (!exact) return;
  const Decimal rounded = exact->amount.rounded(0, How);
  if (exact->value.kind == ValueKind::quantity) return give_like(e, exact->value, rounded);
  if (const auto integer = rounded.whole()) e.push(Value::of(*integer));
}

void round(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  std::int64_t digits = 0;
  if (!call.args.empty()) {
    digits = std::min<std::int64_t>(e.integer(*call.args[0], scope).value_or(0), 38);
    if (digits < 0) return e.fail("round() needs a precision of 0 or more");
  }
  const auto exact = exact_subject(e, in);
  if (exact) give_like(e, exact->value, exact->amount.rounded(static_cast<int>(digits)));
}

template <double (*Function)(double)>
void real(Evaluator& e, const Expr&, Range in, const Scope&) {
  const auto exact = exact_subject(e, in);
  if (exact) give_decimal(e, decimal_of(Function(exact->amount.approximate())));
}

// The argument as a number; its place is free again.
std::optional<Decimal> argument(Evaluator& e, const Expr& call, const Scope& scope) {
  const auto value = e.single(*call.args[0], scope);
  if (!value) return std::nullopt;
  if (!is_numeric(value->kind)) e.fail("a number is needed here");
  return number(*value);
}

void logarithm(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto base = argument(e, call, scope);
  const auto exact = exact_subject(e, in);
  if (base && exact) give_decimal(e, decimal_of(std::log(exact->amount.approximate()) / std::log(base->approximate())));
}

std::optional<Decimal> multiplied(const Decimal& base, std::int64_t times) {
  auto result = Decimal::of(std::int64_t{1});
  for (std::int64_t i = 0; i < times; ++i) {
    const auto next = multiply(result, base);
    if (!next) return std::nullopt;
    result = *next;
  }
  return result;
}

void power(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto exponent = argument(e, call, scope);
  const auto base = exact_subject(e, in);
  if (!exponent || !base) return;
  const auto times = exponent->whole();
  if (times && *times >= 0 && *times <= 1024) {  // exact as long as it fits
    const auto result = multiplied(base->amount, *times);
    if (!result) return;
    const auto integer = is_whole(base->value.kind) ? result->whole() : std::nullopt;
    return integer ? e.push(Value::of(*integer)) : give_decimal(e, *result);
  }
  give_decimal(e, decimal_of(std::pow(base->amount.approximate(), exponent->approximate())));
}

constexpr std::array<Function, 10> functions{{
    {"abs", 0, 0, absolute},
    {"ceiling", 0, 0, whole<Decimal::Rounding::up>},
    {"exp", 0, 0, real<std::exp>},
    {"floor", 0, 0, whole<Decimal::Rounding::down>},
    {"ln", 0, 0, real<std::log>},
    {"log", 1, 1, logarithm},
    {"power", 1, 1, power},
    {"round", 0, 1, round},
    {"sqrt", 0, 0, real<std::sqrt>},
    {"truncate", 0, 0, whole<Decimal::Rounding::toward_zero>},
}};

}  // namespace

std::span<const Function> math_functions() { return functions; }

}  // namespace fhir::path
