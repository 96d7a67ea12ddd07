#include "fhir/path/quantity.h"

#include "fhir/value.h"

namespace fhir::path {
namespace {

// Weeks and shorter calendar units have the length of their UCUM counterpart.
std::string_view ucum_of(std::string_view unit) {
  const std::string_view word = calendar_word(unit);
  if (word == "week") return "wk";
  if (word == "day") return "d";
  if (word == "hour") return "h";
  if (word == "minute") return "min";
  if (word == "second") return "s";
  if (word == "millisecond") return "ms";
  return unit;
}

std::optional<Canonical> in_base_units(Decimal value, std::string_view unit) {
  const auto base = canonical_unit(unit);
  if (!base) return std::nullopt;
  const auto factor = Decimal::of(base->factor);
  const auto offset = Decimal::of(base->offset);
  if (!factor || !offset) return std::nullopt;
  const auto product = multiply(value, *factor);
  const auto sum = product ? add(*product, *offset) : std::nullopt;
  if (!sum) return std::nullopt;
  return Canonical{*sum, base->unit, false};
}

bool is_one(std::string_view unit) { return unit.empty() || unit == "1"; }

std::string grouped(std::string_view unit) {
  const bool compound = unit.find_first_of("./") != std::string_view::npos;
  return compound ? "(" + std::string(unit) + ")" : std::string(unit);
}

std::string product_unit(Op op, std::string_view a, std::string_view b) {
  if (is_one(b)) return std::string(a);
  if (op == Op::multiply) return is_one(a) ? std::string(b) : std::string(a) + "." + grouped(b);
  if (a == b) return "1";
  return (is_one(a) ? "1" : std::string(a)) + "/" + grouped(b);
}

// `value` in the unit of `like`.
std::optional<Decimal> converted(const Value& value, const Value& like) {
  const auto amount = Decimal::parse(value.text);
  if (!amount || value.unit == like.unit) return amount;
  const auto from = canonical(value);
  const auto one = canonical(Value::of(ValueKind::quantity, "1", like.unit));
  const auto zero = canonical(Value::of(ValueKind::quantity, "0", like.unit));
  if (!from || !one || !zero || from->unit != one->unit || from->calendar != one->calendar) return std::nullopt;
  const auto above = subtract(from->value, zero->value);
  const auto length = subtract(one->value, zero->value);
  return above && length ? divide(*above, *length) : std::nullopt;
}

}  // namespace

bool is_numeric(ValueKind kind) { return kind == ValueKind::integer || kind == ValueKind::decimal; }

std::optional<Canonical> canonical(const Value& quantity) {
  const auto value = Decimal::parse(quantity.text);
  if (!value) return std::nullopt;
  const std::string_view word = calendar_word(quantity.unit);
  if (word == "year" || word == "month") {
    const auto months = multiply(*value, Decimal::of(word == "year" ? std::int64_t{12} : std::int64_t{1}));
    if (!months) return std::nullopt;
    return Canonical{*months, "month", true};
  }
  return in_base_units(*value, ucum_of(quantity.unit));
}

std::optional<Canonical> canonical_definite(const Value& quantity) {
  const auto value = Decimal::parse(quantity.text);
  if (!value) return std::nullopt;
  const std::string_view word = calendar_word(quantity.unit);
  return in_base_units(*value, word == "year" ? "a" : word == "month" ? "mo" : ucum_of(quantity.unit));
}

Value quantity_of(Evaluator& evaluator, const Value& value) {
  if (value.kind == ValueKind::integer)
    return Value::of(ValueKind::quantity, evaluator.keep(std::to_string(value.integer)), "1");
  return value.kind == ValueKind::decimal ? Value::of(ValueKind::quantity, value.text, "1") : value;
}

std::optional<Value> combine(Evaluator& evaluator, Op op, const Value& a, const Value& b) {
  std::optional<Decimal> result;
  std::string unit(a.unit);
  if (op == Op::add || op == Op::subtract) {
    const auto left = Decimal::parse(a.text);
    const auto right = converted(b, a);
    if (left && right) result = op == Op::add ? add(*left, *right) : subtract(*left, *right);
  } else {
    const auto left = Decimal::parse(a.text);
    const auto right = Decimal::parse(b.text);
    if (left && right) result = op == Op::multiply ? multiply(*left, *right) : divide(*left, *right);
    unit = product_unit(op, calendar_word(a.unit).empty() ? a.unit : ucum_of(a.unit), ucum_of(b.unit));
  }
  if (!result) return std::nullopt;
  return Value::of(ValueKind::quantity, evaluator.keep(result->text()), evaluator.keep(unit));
}

}  // namespace fhir::path
