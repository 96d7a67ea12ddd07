// toX() and convertsToX(). FHIRPath N1, section 5.5.
#include <array>
#include <charconv>

#include "fhir/path/quantity.h"

namespace fhir::path {
namespace {

using Conversion = std::optional<Value> (*)(Evaluator& evaluator, const Value& value);

bool same_word(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]) != lower[i]) return false;
  return true;
}

std::optional<Value> to_boolean(Evaluator&, const Value& value) {
  if (value.kind == ValueKind::boolean) return Value::of(value.boolean);
  if (const auto exact = number(value)) {
    if (compare(*exact, Decimal::of(std::int64_t{1})) == 0) return Value::of(true);
    if (exact->units == 0) return Value::of(false);
    return std::nullopt;
  }
  if (value.kind != ValueKind::string) return std::nullopt;
  for (const std::string_view yes : {"true", "t", "yes", "y", "1", "1.0"})
    if (same_word(value.text, yes)) return Value::of(true);
  for (const std::string_view no : {"false", "f", "no", "n", "0", "0.0"})
    if (same_word(value.text, no)) return Value::of(false);
  return std::nullopt;
}

std::optional<Value> to_integer(Evaluator&, const Value& value) {
  if (is_whole(value.kind)) return Value::of(value.integer);
  if (value.kind == ValueKind::boolean) return Value::of(std::int64_t{value.boolean ? 1 : 0});
  if (value.kind != ValueKind::string) return std::nullopt;
  std::string_view digits = value.text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int64_t whole = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  if (fault != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return Value::of(whole);
}

std::optional<Value> to_long(Evaluator& e, const Value& value) {
  auto whole = to_integer(e, value);
  if (whole) whole->kind = ValueKind::long_integer;
  return whole;
}

std::optional<Value> to_decimal(Evaluator& e, const Value& value) {
  if (value.kind == ValueKind::boolean) return Value::of(ValueKind::decimal, value.boolean ? "1.0" : "0.0");
  if (is_whole(value.kind)) return Value::of(ValueKind::decimal, e.keep(std::to_string(value.integer)));
  if (value.kind == ValueKind::decimal) return Value::of(ValueKind::decimal, value.text);
  const bool plain = value.kind == ValueKind::string && value.text.find_first_of("eE") == std::string_view::npos;
  const auto decimal = plain ? Decimal::parse(value.text) : std::nullopt;  // no exponent (N1 5.5, toDecimal)
  if (!decimal) return std::nullopt;
  return Value::of(ValueKind::decimal, e.keep(decimal->text()));
}

// "4", "4 days", "4.5 'mg'"
std::optional<Value> read_quantity(std::string_view text) {
  const auto end = text.find_first_not_of("+-.0123456789");
  const std::string_view digits = text.substr(0, end);
  if (!Decimal::parse(digits)) return std::nullopt;
  if (end == std::string_view::npos) return Value::of(ValueKind::quantity, digits, "1");
  std::string_view rest = text.substr(end);
  const auto start = rest.find_first_not_of(' ');
  if (start == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(start);
  if (rest.size() > 2 && rest.front() == '\'' && rest.back() == '\'')
    return Value::of(ValueKind::quantity, digits, rest.substr(1, rest.size() - 2));
  if (start == 0 || calendar_word(rest).empty()) return std::nullopt;
  return Value::of(ValueKind::quantity, digits, rest);
}

// A quantity of FHIR is one of FHIRPath when its unit is UCUM's and it has no comparator.
std::optional<Value> from_fhir(Evaluator& e, const Value& value) {
  const std::string_view system_url = value.node->value_of("system");
  if (value.node->child("comparator")) e.fail("a quantity with a comparator is not one value");
  const bool is_ucum = system_url.empty() || system_url == "http://unitsofmeasure.org";
  return is_ucum && value.kind == ValueKind::quantity ? std::optional(value) : std::nullopt;
}

std::optional<Value> to_quantity(Evaluator& e, const Value& value) {
  if (value.node && value.node->type && value.node->type->is("Quantity")) return from_fhir(e, value);
  if (value.kind == ValueKind::quantity) return value;
  if (value.kind == ValueKind::boolean) return Value::of(ValueKind::quantity, value.boolean ? "1.0" : "0.0", "1");
  if (value.kind == ValueKind::long_integer) return std::nullopt;  // the standard defines it for Integer only
  if (is_numeric(value.kind)) return quantity_of(e, value);
  return value.kind == ValueKind::string ? read_quantity(value.text) : std::nullopt;
}

std::optional<Value> to_text(Evaluator& e, const Value& value) {
  std::string text;
  switch (value.kind) {
    case ValueKind::string:
    case ValueKind::decimal:
    case ValueKind::time:
    case ValueKind::date:
      return Value::of(ValueKind::string, value.text);
    case ValueKind::date_time: {
      const bool bare = value.text.ends_with('T');
      return Value::of(ValueKind::string, value.text.substr(0, value.text.size() - (bare ? 1 : 0)));
    }
    case ValueKind::boolean:
      return Value::of(ValueKind::string, value.boolean ? "true" : "false");
    case ValueKind::integer:
    case ValueKind::long_integer:
      text = std::to_string(value.integer);
      break;
    case ValueKind::quantity:
      text = std::string(value.text) + " ";
      text += calendar_word(value.unit).empty() && !value.unit.starts_with('\'') ? "'" + std::string(value.unit) + "'"
                                                                                 : std::string(value.unit);
      break;
    case ValueKind::node:
    case ValueKind::type:
      return std::nullopt;
  }
  return Value::of(ValueKind::string, e.keep(text));
}

std::optional<Value> to_date(Evaluator&, const Value& value) {
  if (value.kind != ValueKind::string && value.kind != ValueKind::date && value.kind != ValueKind::date_time)
    return std::nullopt;
  const std::string_view text = value.text;
  if (!Temporal::parse(text, Temporal::Shape::date_time)) return std::nullopt;
  return Value::of(ValueKind::date, text.substr(0, text.find('T')));
}

std::optional<Value> to_date_time(Evaluator&, const Value& value) {
  if (value.kind != ValueKind::string && value.kind != ValueKind::date && value.kind != ValueKind::date_time)
    return std::nullopt;
  if (!Temporal::parse(value.text, Temporal::Shape::date_time)) return std::nullopt;
  return Value::of(ValueKind::date_time, value.text);
}

std::optional<Value> to_time(Evaluator&, const Value& value) {
  if (value.kind != ValueKind::string && value.kind != ValueKind::time) return std::nullopt;
  std::string_view text = value.text;
  if (!Temporal::parse(text, Temporal::Shape::time)) return std::nullopt;
  if (text.starts_with('T')) text.remove_prefix(1);
  return Value::of(ValueKind::time, text);
}

template <Conversion Convert>
void to(Evaluator& e, const Expr&, Range in, const Scope&) {
  const auto value = e.single(in);
  e.drop(in.first);
  if (!value) return;
  if (const auto result = Convert(e, *value)) e.push(*result);
}

template <Conversion Convert>
void converts(Evaluator& e, const Expr&, Range in, const Scope&) {
  const auto value = e.single(in);
  e.drop(in.first);
  if (value) e.push(Value::of(Convert(e, *value).has_value()));
}

// toQuantity('mg'): the value in that unit.
void quantity_in(Evaluator& e, const Expr& call, Range in, const Scope& scope, bool test) {
  std::optional<std::string_view> unit;
  if (!call.args.empty()) unit = e.text(*call.args[0], scope);
  const auto value = e.single(in);
  e.drop(in.first);
  if (!value) return;
  auto result = to_quantity(e, *value);
  if (result && unit) {
    const auto amount = in_unit(*result, *unit);
    result = amount ? std::optional(Value::of(ValueKind::quantity, e.keep(amount->text()), *unit)) : std::nullopt;
  }
  if (test)
    e.push(Value::of(result.has_value()));
  else if (result)
    e.push(*result);
}
void to_quantity_in(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  quantity_in(e, call, in, scope, false);
}
void converts_to_quantity(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  quantity_in(e, call, in, scope, true);
}

constexpr std::array<Function, 18> functions{{
    {"convertsToBoolean", 0, 0, converts<to_boolean>},
    {"convertsToDate", 0, 0, converts<to_date>},
    {"convertsToDateTime", 0, 0, converts<to_date_time>},
    {"convertsToDecimal", 0, 0, converts<to_decimal>},
    {"convertsToInteger", 0, 0, converts<to_integer>},
    {"convertsToLong", 0, 0, converts<to_long>},
    {"convertsToQuantity", 0, 1, converts_to_quantity},
    {"convertsToString", 0, 0, converts<to_text>},
    {"convertsToTime", 0, 0, converts<to_time>},
    {"toBoolean", 0, 0, to<to_boolean>},
    {"toDate", 0, 0, to<to_date>},
    {"toDateTime", 0, 0, to<to_date_time>},
    {"toDecimal", 0, 0, to<to_decimal>},
    {"toInteger", 0, 0, to<to_integer>},
    {"toLong", 0, 0, to<to_long>},
    {"toQuantity", 0, 1, to_quantity_in},
    {"toString", 0, 0, to<to_text>},
    {"toTime", 0, 0, to<to_time>},
}};

}  // namespace

std::span<const Function> conversion_functions() { return functions; }

}  // namespace fhir::path
