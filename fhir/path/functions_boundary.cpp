// Boundaries and precision, dates of the call and parts of dates. FHIRPath N1, sections 5.10 and 5.11 (boundaries of
// decimals: the range that the digits imply), 5.9 (now, today).
#include <array>

#include "fhir/path/quantity.h"

namespace fhir::path {
namespace {

constexpr int default_decimals = 8;
constexpr int max_decimals = 31;

std::optional<Decimal> boundary_of(const Decimal& value, bool high, int digits) {
  // Half a unit of the last digit given; one digit more holds it exactly.
  const auto wider = value.scaled(value.scale + 1);
  if (!wider) return std::nullopt;
  const Decimal edge{wider->units + (high ? 5 : -5), wider->scale};
  const auto rounded = edge.rounded(digits, high ? Decimal::Rounding::up : Decimal::Rounding::down);
  return rounded.scaled(digits);
}

void temporal_boundary(Evaluator& e, const Value& value, bool high, std::optional<std::int64_t> digits) {
  const auto start = temporal(value);
  if (!start) return;
  const int finest = value.kind == ValueKind::date ? 8 : value.kind == ValueKind::time ? 9 : 17;
  const std::int64_t wanted = digits.value_or(finest);
  if (wanted < 0 || wanted > finest) return;
  const auto edge = boundary(*start, high, static_cast<int>(wanted));
  if (!edge) return;
  std::string text = edge->text();
  if (text.ends_with('T')) text.pop_back();
  e.push(Value::of(value.kind, e.keep(text)));
}

void boundary_at(Evaluator& e, const Expr& call, Range in, const Scope& scope, bool high) {
  std::optional<std::int64_t> digits;
  if (!call.args.empty()) digits = e.integer(*call.args[0], scope);
  const auto value = e.single(in);
  e.drop(in.first);
  if (!value) return;
  const bool numeric = is_numeric(value->kind) || value->kind == ValueKind::quantity;
  if (!numeric && value->kind == ValueKind::string) return;
  if (!numeric) return temporal_boundary(e, *value, high, digits);
  const std::int64_t wanted = digits.value_or(default_decimals);
  if (wanted < 0 || wanted > max_decimals) return;
  const auto exact = value->kind == ValueKind::quantity ? Decimal::parse(value->text) : number(*value);
  const auto edge = exact ? boundary_of(*exact, high, static_cast<int>(wanted)) : std::nullopt;
  if (!edge) return;
  const ValueKind kind = value->kind == ValueKind::quantity ? ValueKind::quantity : ValueKind::decimal;
  e.push(Value::of(kind, e.keep(edge->text()), value->unit));
}

void low_boundary(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  boundary_at(e, call, in, scope, false);
}
void high_boundary(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  boundary_at(e, call, in, scope, true);
}

void precision(Evaluator& e, const Expr&, Range in, const Scope&) {
  const auto value = e.single(in);
  e.drop(in.first);
  if (!value) return;
  if (const auto decimal = number(*value)) return e.push(Value::of(static_cast<std::int64_t>(decimal->scale)));
  if (const auto moment = temporal(*value)) e.push(Value::of(static_cast<std::int64_t>(moment->digits())));
}

void comparable(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto other = e.single(*call.args[0], scope);
  const auto value = e.single(in);
  e.drop(in.first);
  if (!value || !other) return;
  if (value->kind != ValueKind::quantity || other->kind != ValueKind::quantity)
    return e.fail("comparable() works on quantities");
  const auto a = canonical(*value);
  const auto b = canonical(*other);
  e.push(Value::of(a && b ? a->unit == b->unit && a->calendar == b->calendar : value->unit == other->unit));
}

template <Temporal::Shape Shape>
void current(Evaluator& e, const Expr&, Range in, const Scope&) {
  constexpr ValueKind kind = Shape == Temporal::Shape::date        ? ValueKind::date
                             : Shape == Temporal::Shape::date_time ? ValueKind::date_time
                                                                   : ValueKind::time;
  e.give(in, Value::of(kind, e.keep(Temporal::at(e.context().now, Shape).text())));
}

// yearOf() and its kin: the part, or nothing where the precision does not reach it.
template <int Temporal::*Part, Temporal::Precision Needed>
void part_of(Evaluator& e, const Expr&, Range in, const Scope&) {
  const auto value = e.single(in);
  e.drop(in.first);
  const auto moment = value ? temporal(*value) : std::nullopt;
  if (moment && moment->precision >= Needed) e.push(Value::of(static_cast<std::int64_t>((*moment).*Part)));
}

using P = Temporal::Precision;
constexpr std::array<Function, 14> functions{{
    {"comparable", 1, 1, comparable},
    {"dayOf", 0, 0, part_of<&Temporal::day, P::day>},
    {"highBoundary", 0, 1, high_boundary},
    {"hourOf", 0, 0, part_of<&Temporal::hour, P::hour>},
    {"lowBoundary", 0, 1, low_boundary},
    {"millisecondOf", 0, 0, part_of<&Temporal::millisecond, P::millisecond>},
    {"minuteOf", 0, 0, part_of<&Temporal::minute, P::minute>},
    {"monthOf", 0, 0, part_of<&Temporal::month, P::month>},
    {"now", 0, 0, current<Temporal::Shape::date_time>},
    {"precision", 0, 0, precision},
    {"secondOf", 0, 0, part_of<&Temporal::second, P::second>},
    {"timeOfDay", 0, 0, current<Temporal::Shape::time>},
    {"today", 0, 0, current<Temporal::Shape::date>},
    {"yearOf", 0, 0, part_of<&Temporal::year, P::year>},
}};

}  // namespace

std::span<const Function> boundary_functions() { return functions; }

}  // namespace fhir::path
