// Comparison and arithmetic. FHIRPath N1, sections 6.2, 6.6 and 6.8.
#include "fhir/path/quantity.h"

namespace fhir::path {
namespace {

std::optional<int> sign(Order found) {
  switch (found) {
    case Order::less:
      return -1;
    case Order::equal:
      return 0;
    case Order::greater:
      return 1;
    case Order::uncertain:
      break;
  }
  return std::nullopt;
}

std::string_view symbol(Op op) {
  return op == Op::multiply       ? "*"
         : op == Op::divide       ? "/"
         : op == Op::whole_divide ? "div"
         : op == Op::modulo       ? "mod"
         : op == Op::subtract     ? "-"
                                  : "+";
}

// Everything but /, whose result is always a decimal.
std::optional<Value> integers(Op op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  if (op == Op::add) {
    overflow = __builtin_add_overflow(a, b, &result);
  } else if (op == Op::subtract) {
    overflow = __builtin_sub_overflow(a, b, &result);
  } else if (op == Op::multiply) {
    overflow = __builtin_mul_overflow(a, b, &result);
  } else if (b == 0) {
    return std::nullopt;
  } else if (b == -1) {
    overflow = op == Op::whole_divide && __builtin_sub_overflow(std::int64_t{0}, a, &result);
  } else {
    result = op == Op::whole_divide ? a / b : a % b;
  }
  if (overflow) return std::nullopt;
  return Value::of(result);
}

std::optional<Value> decimals(Evaluator& evaluator, Op op, const Value& left, const Value& right) {
  const auto a = number(left);
  const auto b = number(right);
  if (!a || !b) return std::nullopt;
  const auto result = op == Op::add        ? add(*a, *b)
                      : op == Op::subtract ? subtract(*a, *b)
                      : op == Op::multiply ? multiply(*a, *b)
                      : op == Op::modulo   ? remainder(*a, *b)
                                           : divide(*a, *b);
  if (!result) return std::nullopt;
  if (op == Op::whole_divide) {
    const auto whole = result->rounded(0, Decimal::Rounding::toward_zero).whole();
    if (!whole) return std::nullopt;
    return Value::of(*whole);
  }
  return Value::of(ValueKind::decimal, evaluator.keep(result->text()));
}

bool is_temporal(ValueKind kind) {
  return kind == ValueKind::date || kind == ValueKind::date_time || kind == ValueKind::time;
}

std::optional<Value> moved(Evaluator& evaluator, Op op, const Value& start, const Value& by) {
  const auto from = temporal(start);
  auto amount = Decimal::parse(by.text);
  if (!from || !amount) return std::nullopt;
  const std::string_view unit = by.boolean ? calendar_of(by.unit) : by.unit;
  if (unit == "a" || unit == "mo") {
    evaluator.fail("dates move by calendar years and months (1 year), not by the UCUM units of mean length");
    return std::nullopt;
  }
  if (op == Op::subtract) amount->units = -amount->units;
  const auto end = add(*from, *amount, unit);
  if (!end) {
    if (from->shape == Temporal::Shape::time) evaluator.fail("a time moves by hours, minutes and seconds");
    return std::nullopt;
  }
  std::string text = end->text();
  const bool bare = start.kind == ValueKind::date_time && end->precision <= Temporal::Precision::day;
  if (bare && !start.text.ends_with('T')) text.pop_back();
  return Value::of(start.kind, evaluator.keep(text));
}

// div and mod count quantities without a unit as numbers.
Value without_unit(const Value& value) {
  const bool plain = value.kind == ValueKind::quantity && value.unit == "1";
  return plain ? Value::of(ValueKind::decimal, value.text) : value;
}

std::optional<Value> calculate(Evaluator& evaluator, Op op, const Value& left, const Value& right) {
  const bool whole = op == Op::whole_divide || op == Op::modulo;
  const Value a = whole ? without_unit(left) : left;
  const Value b = whole ? without_unit(right) : right;
  if (is_whole(a.kind) && is_whole(b.kind) && op != Op::divide) {
    auto result = integers(op, a.integer, b.integer);
    if (result && (a.kind == ValueKind::long_integer || b.kind == ValueKind::long_integer))
      result->kind = ValueKind::long_integer;
    return result;
  }
  if (is_numeric(a.kind) && is_numeric(b.kind)) return decimals(evaluator, op, a, b);
  if (a.kind == ValueKind::string && b.kind == ValueKind::string && op == Op::add)
    return Value::of(ValueKind::string, evaluator.keep(std::string(a.text) + std::string(b.text)));
  const bool sum = op == Op::add || op == Op::subtract;
  if (is_temporal(a.kind) && b.kind == ValueKind::quantity && sum) return moved(evaluator, op, a, b);
  if (a.kind == ValueKind::quantity && is_temporal(b.kind) && op == Op::add) return moved(evaluator, op, b, a);
  const bool quantities =
      (a.kind == ValueKind::quantity || is_numeric(a.kind)) && (b.kind == ValueKind::quantity || is_numeric(b.kind));
  if (quantities && (sum || op == Op::multiply || op == Op::divide))
    return combine(evaluator, op, quantity_of(evaluator, a), quantity_of(evaluator, b));
  evaluator.fail(std::string(symbol(op)) + " does not work on " + std::string(system_type(a.kind)) + " and " +
                 std::string(system_type(b.kind)));
  return std::nullopt;
}

void sign_of(Evaluator& evaluator, Op op, Range operand) {
  const auto value = evaluator.single(operand);
  if (!value) return;
  Value result = *value;
  result.node = nullptr;
  if (value->kind != ValueKind::quantity && !is_numeric(value->kind)) {
    evaluator.fail("a sign does not work on " + std::string(system_type(value->kind)));
    return;
  }
  if (op == Op::minus_sign && is_whole(value->kind)) {
    if (__builtin_sub_overflow(std::int64_t{0}, value->integer, &result.integer)) return evaluator.drop(operand.first);
  } else if (op == Op::minus_sign) {
    auto amount = Decimal::parse(value->text);
    if (!amount) return evaluator.drop(operand.first);
    amount->units = -amount->units;
    result.text = evaluator.keep(amount->text());
  }
  evaluator.give(operand, result);
}

void concatenate(Evaluator& evaluator, Range left, Range right) {
  const auto a = evaluator.single(left);
  const auto b = evaluator.single(right);
  if ((a && a->kind != ValueKind::string) || (b && b->kind != ValueKind::string))
    return evaluator.fail("& joins strings");
  const std::string joined = std::string(a ? a->text : "") + std::string(b ? b->text : "");
  evaluator.give(left, Value::of(ValueKind::string, evaluator.keep(joined)));
}

}  // namespace

std::optional<int> order(Evaluator& evaluator, const Value& left, const Value& right) {
  const Value a = system(left);
  const Value b = system(right);
  if (is_whole(a.kind) && is_whole(b.kind)) return a.integer < b.integer ? -1 : a.integer > b.integer ? 1 : 0;
  if (is_numeric(a.kind) && is_numeric(b.kind)) {
    const auto x = number(a);
    const auto y = number(b);
    if (!x || !y) return std::nullopt;
    return compare(*x, *y);
  }
  const auto x = temporal(a);
  const auto y = temporal(b);
  const bool dates = (is_temporal(a.kind) || is_temporal(b.kind)) && x && y &&
                     (x->shape == Temporal::Shape::time) == (y->shape == Temporal::Shape::time);
  if (dates) return sign(compare(*x, *y));
  if (a.kind == ValueKind::string && b.kind == ValueKind::string) {
    const int found = a.text.compare(b.text);
    return found < 0 ? -1 : found > 0 ? 1 : 0;
  }
  const bool quantities =
      (a.kind == ValueKind::quantity || is_numeric(a.kind)) && (b.kind == ValueKind::quantity || is_numeric(b.kind));
  if (quantities) {
    const Value p = as_written_like(quantity_of(evaluator, a), b);
    const Value q = as_written_like(quantity_of(evaluator, b), a);
    if (p.unit == q.unit) {
      const auto m = Decimal::parse(p.text);
      const auto n = Decimal::parse(q.text);
      if (!m || !n) return std::nullopt;
      return compare(*m, *n);
    }
    const auto m = canonical(p);
    const auto n = canonical(q);
    if (!m || !n || m->unit != n->unit || m->calendar != n->calendar) return std::nullopt;
    return compare(m->value, n->value);
  }
  evaluator.fail(std::string(system_type(a.kind)) + " and " + std::string(system_type(b.kind)) +
                 " have no order between them");
  return std::nullopt;
}

void comparison(Evaluator& evaluator, Op op, Range left, Range right) {
  if (left.size() > 1 || right.size() > 1) return evaluator.fail("a comparison takes one item on either side");
  if (left.empty() || right.empty()) return evaluator.drop(left.first);
  const auto found = order(evaluator, *left.first, *right.first);
  evaluator.drop(left.first);
  if (!found) return;
  const bool result = op == Op::less         ? *found < 0
                      : op == Op::less_equal ? *found <= 0
                      : op == Op::greater    ? *found > 0
                                             : *found >= 0;
  evaluator.push(Value::of(result));
}

void arithmetic(Evaluator& evaluator, Op op, Range left, Range right) {
  if (op == Op::plus_sign || op == Op::minus_sign) return sign_of(evaluator, op, left);
  if (op == Op::concatenate) return concatenate(evaluator, left, right);
  const auto a = evaluator.single(left);
  const auto b = evaluator.single(right);
  evaluator.drop(left.first);
  if (!a || !b || evaluator.failed()) return;
  if (const auto result = calculate(evaluator, op, *a, *b)) evaluator.push(*result);
}

}  // namespace fhir::path
