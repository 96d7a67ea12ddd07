#include "fhir/path/quantity.h"

#include "fhir/value.h"

namespace fhir::path {
namespace {

// Weeks and shorter calendar units have the length of their UCUM counterpart.
std::string_view ucum_of(std::string_view unit) {
  const std::string_view word = calendar_word(unit);
  if (word == "year" || word == "month") return unit;
  for (const std::string_view code : {"wk", "d", "h", "min", "s", "ms"})
    if (!word.empty() && calendar_of(code) == word) return code;
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

// Milliseconds of a calendar unit: a month is 30 days and a year 365 where one is converted into the other kind.
std::int64_t length_of(std::string_view word) {
  constexpr std::int64_t day = 86'400'000;
  return word == "year"     ? 365 * day
         : word == "month"  ? 30 * day
         : word == "week"   ? 7 * day
         : word == "day"    ? day
         : word == "hour"   ? day / 24
         : word == "minute" ? 60'000
         : word == "second" ? 1000
                            : 1;
}

std::optional<Decimal> scaled_by(Decimal value, std::int64_t from, std::int64_t to) {
  const auto product = multiply(value, Decimal::of(from));
  return product ? divide(*product, Decimal::of(to)) : std::nullopt;
}

std::optional<Decimal> between_calendar(Decimal value, std::string_view from, std::string_view to) {
  if (from == "year" && to == "month") return scaled_by(value, 12, 1);
  if (from == "month" && to == "year") return scaled_by(value, 1, 12);
  return scaled_by(value, length_of(from), length_of(to));
}

std::optional<Decimal> between_ucum(Decimal value, std::string_view from, std::string_view to) {
  const auto base = in_base_units(value, from);
  const auto one = in_base_units(Decimal::of(std::int64_t{1}), to);
  const auto zero = in_base_units(Decimal{}, to);
  if (!base || !one || !zero || base->unit != one->unit) return std::nullopt;
  const auto above = subtract(base->value, zero->value);
  const auto length = subtract(one->value, zero->value);
  return above && length ? divide(*above, *length) : std::nullopt;
}

// Weeks and shorter units are the same in both kinds; years and months are not, unless a FHIR quantity says so.
std::string_view calendar_like(std::string_view unit, bool read_from_fhir) {
  if (const std::string_view word = calendar_word(unit); !word.empty()) return word;
  return read_from_fhir || (unit != "a" && unit != "mo") ? calendar_of(unit) : std::string_view{};
}

// A number without unit, with percent and the like counted in ("2000 'g/kg'" is 2).
std::optional<Decimal> plain_number(const Value& quantity) {
  if (!calendar_word(quantity.unit).empty()) return std::nullopt;
  auto value = Decimal::parse(quantity.text);
  if (!value || is_one(quantity.unit)) return value;
  const auto base = in_base_units(*value, quantity.unit);
  return base && base->unit == "1" ? std::optional(base->value) : std::nullopt;
}

// Nothing is calculated with what is no unit of UCUM, nor with its logarithmic ones (N1, 6.6).
bool is_unit(std::string_view unit) { return is_one(unit) || !calendar_word(unit).empty() || canonical_unit(unit); }

std::string grouped(std::string_view unit) {
  const bool compound = unit.find_first_of("./") != std::string_view::npos;
  return compound ? "(" + std::string(unit) + ")" : std::string(unit);
}

// A product or quotient. Calendar durations take part with numbers only.
std::optional<Value> scaled(Evaluator& evaluator, Op op, const Value& a, const Value& b) {
  const auto left = Decimal::parse(a.text);
  const auto right = Decimal::parse(b.text);
  if (!left || !right) return std::nullopt;
  const auto calculate = [&](Decimal x, Decimal y) { return op == Op::multiply ? multiply(x, y) : divide(x, y); };
  const auto result = [&](const std::optional<Decimal>& amount, std::string_view unit,
                          bool read_from_fhir) -> std::optional<Value> {
    if (!amount) return std::nullopt;
    Value made = Value::of(ValueKind::quantity, evaluator.keep(amount->text()), evaluator.keep(unit));
    made.boolean = read_from_fhir;
    return made;
  };
  const bool durations = !calendar_word(a.unit).empty() || !calendar_word(b.unit).empty();
  if (a.unit == b.unit && !durations)
    return op == Op::divide ? result(divide(*left, *right), "1", false)
                            : result(multiply(*left, *right), std::string(a.unit) + "." + grouped(b.unit), false);
  if (const auto factor = plain_number(b)) return result(calculate(*left, *factor), a.unit, a.boolean);
  const auto factor = plain_number(a);
  if (factor && op == Op::multiply) return result(multiply(*factor, *right), b.unit, b.boolean);
  if (durations) return std::nullopt;
  const std::string front = factor ? std::string() : std::string(a.unit);
  return result(calculate(factor.value_or(*left), *right), front + (op == Op::multiply ? "." : "/") + grouped(b.unit),
                false);
}

}  // namespace

bool is_numeric(ValueKind kind) { return is_whole(kind) || kind == ValueKind::decimal; }

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

Value as_written_like(const Value& quantity, const Value& other) {
  Value read = quantity;
  if (quantity.boolean && !calendar_word(other.unit).empty()) read.unit = calendar_of(quantity.unit);
  return read;
}

Value quantity_of(Evaluator& evaluator, const Value& value) {
  if (is_whole(value.kind)) return Value::of(ValueKind::quantity, evaluator.keep(std::to_string(value.integer)), "1");
  return value.kind == ValueKind::decimal ? Value::of(ValueKind::quantity, value.text, "1") : value;
}

std::optional<Decimal> in_unit(const Value& quantity, std::string_view unit) {
  auto value = Decimal::parse(quantity.text);
  if (!value || quantity.unit == unit) return value;
  const std::string_view from = calendar_like(quantity.unit, quantity.boolean);
  const std::string_view to = calendar_like(unit, false);
  if (!from.empty() && !to.empty()) return between_calendar(*value, from, to);
  if (!calendar_word(quantity.unit).empty() || !calendar_word(unit).empty()) return std::nullopt;
  return between_ucum(*value, quantity.unit, unit);
}

std::optional<Value> combine(Evaluator& evaluator, Op op, const Value& left, const Value& right) {
  if (!is_unit(left.unit) || !is_unit(right.unit)) return std::nullopt;
  if (op == Op::multiply || op == Op::divide) return scaled(evaluator, op, left, right);
  const Value a = as_written_like(left, right);
  const Value b = as_written_like(right, left);
  // A sum is in the finer one of both units.
  const auto one_b = in_unit(Value{ValueKind::quantity, b.boolean, 0, nullptr, "1", b.unit}, a.unit);
  const bool finer_b = one_b && compare(*one_b, Decimal::of(std::int64_t{1})) < 0;
  const std::string_view unit = finer_b ? b.unit : a.unit;
  const auto x = in_unit(a, unit);
  const auto y = in_unit(b, unit);
  if (!x || !y) return std::nullopt;
  const auto result = op == Op::add ? add(*x, *y) : subtract(*x, *y);
  if (!result) return std::nullopt;
  return Value::of(ValueKind::quantity, evaluator.keep(result->text()), evaluator.keep(unit));
}

}  // namespace fhir::path
