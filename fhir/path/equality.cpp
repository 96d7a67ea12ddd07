// = and ~, distinct() and membership. FHIRPath N1, sections 6.1 and 6.4.
#include <algorithm>
#include <functional>
#include <unordered_map>

#include "fhir/path/quantity.h"
#include "fhir/path/text.h"

namespace fhir::path {
namespace {

constexpr int max_depth = 128;

bool is_temporal(ValueKind kind) {
  return kind == ValueKind::date || kind == ValueKind::date_time || kind == ValueKind::time;
}

Truth of(bool truth) { return truth ? Truth::yes : Truth::no; }

const Node* occurrence(const Node& parent, std::string_view name, std::size_t nth) {
  for (const Node& child : parent)
    if (child.name == name && nth-- == 0) return &child;
  return nullptr;
}

std::size_t count(const Node& parent) {
  std::size_t children = 0;
  for (const Node* child = parent.first; child; child = child->next) ++children;
  return children;
}

// Pairs the children by name and place among their namesakes; `same` compares a pair.
template <class Same>
Truth pairwise(Evaluator& evaluator, const Node& a, const Node& b, Same same) {
  if (count(a) != count(b)) return Truth::no;
  std::string_view name;
  std::size_t nth = 0;
  Truth all = Truth::yes;
  for (const Node& child : a) {
    nth = child.name == name ? nth + 1 : 0;
    name = child.name;
    const Node* other = occurrence(b, name, nth);
    if (!other || !evaluator.step()) return Truth::no;
    const Truth one = same(Value::of(child), Value::of(*other));
    if (one == Truth::no) return Truth::no;
    if (one == Truth::unknown) all = one;
  }
  return all;
}

// Equal when rounded to the precision of the less precise one.
bool equivalent(Decimal a, Decimal b) {
  const int digits = std::min(a.trimmed().scale, b.trimmed().scale);
  return compare(a.rounded(digits), b.rounded(digits)) == 0;
}

Truth quantities_equal(const Value& left, const Value& right) {
  const Value a = as_written_like(left, right);
  const Value b = as_written_like(right, left);
  if (a.unit == b.unit) {
    const auto x = Decimal::parse(a.text);
    const auto y = Decimal::parse(b.text);
    return x && y ? of(compare(*x, *y) == 0) : Truth::unknown;
  }
  const auto x = canonical(a);
  const auto y = canonical(b);
  if (!x || !y) return Truth::unknown;
  if (x->calendar != y->calendar) return Truth::unknown;
  return of(x->unit == y->unit && compare(x->value, y->value) == 0);
}

bool quantities_equivalent(const Value& a, const Value& b) {
  const auto left = Decimal::parse(a.text);
  const auto right = Decimal::parse(b.text);
  if (!left || !right) return false;
  if (a.unit == b.unit) return equivalent(*left, *right);
  const auto x = canonical_definite(a);
  const auto y = canonical_definite(b);
  if (!x || !y || x->unit != y->unit) return false;
  // The precision that counts is that of the values as written: 4 'g' ~ 4040 'mg'.
  const auto unit_a = canonical_definite(Value::of(ValueKind::quantity, "1", a.unit));
  const auto unit_b = canonical_definite(Value::of(ValueKind::quantity, "1", b.unit));
  if (!unit_a || !unit_b) return false;
  const auto in_a = divide(y->value, unit_a->value);
  const auto in_b = divide(x->value, unit_b->value);
  const bool coarse_a = compare(unit_a->value, unit_b->value) > 0;
  if (coarse_a) return in_a && compare(in_a->rounded(left->trimmed().scale), *left) == 0;
  return in_b && compare(in_b->rounded(right->trimmed().scale), *right) == 0;
}

Truth temporals_equal(const Value& a, const Value& b) {
  const auto x = temporal(a);
  const auto y = temporal(b);
  if (!x || !y || (x->shape == Temporal::Shape::time) != (y->shape == Temporal::Shape::time)) return Truth::no;
  const Order found = compare(*x, *y);
  return found == Order::uncertain ? Truth::unknown : of(found == Order::equal);
}

Truth equal_at(Evaluator& evaluator, const Value& left, const Value& right, int depth) {
  if (left.kind == ValueKind::node && right.kind == ValueKind::node && left.node == right.node) return Truth::yes;
  const Value a = system(left);
  const Value b = system(right);
  if (a.kind == ValueKind::node || b.kind == ValueKind::node) {
    if (a.kind != b.kind || depth > max_depth) return Truth::no;
    return pairwise(evaluator, *a.node, *b.node,
                    [&](const Value& x, const Value& y) { return equal_at(evaluator, x, y, depth + 1); });
  }
  if (a.kind == ValueKind::string && b.kind == ValueKind::string) return of(a.text == b.text);
  if (a.kind == ValueKind::boolean && b.kind == ValueKind::boolean) return of(a.boolean == b.boolean);
  if (is_whole(a.kind) && is_whole(b.kind)) return of(a.integer == b.integer);
  if (is_temporal(a.kind) || is_temporal(b.kind)) return temporals_equal(a, b);
  if (is_numeric(a.kind) && is_numeric(b.kind)) {
    const auto x = number(a);
    const auto y = number(b);
    return of(x && y ? compare(*x, *y) == 0 : a.text == b.text);
  }
  const bool quantity = a.kind == ValueKind::quantity || b.kind == ValueKind::quantity;
  if (quantity && (is_numeric(a.kind) || is_numeric(b.kind) || a.kind == b.kind))
    return quantities_equal(quantity_of(evaluator, a), quantity_of(evaluator, b));
  return of(a.kind == b.kind && a.text == b.text);
}

bool equivalent_at(Evaluator& evaluator, const Value& left, const Value& right, int depth) {
  const Value a = system(left);
  const Value b = system(right);
  if (a.kind == ValueKind::node || b.kind == ValueKind::node) {
    if (a.kind != b.kind || depth > max_depth) return false;
    if (a.node == b.node) return true;
    return pairwise(evaluator, *a.node, *b.node, [&](const Value& x, const Value& y) {
             return of(equivalent_at(evaluator, x, y, depth + 1));
           }) == Truth::yes;
  }
  if (a.kind == ValueKind::string && b.kind == ValueKind::string) return folded(a.text) == folded(b.text);
  if (is_temporal(a.kind) || is_temporal(b.kind)) return temporals_equal(a, b) == Truth::yes;
  if (is_numeric(a.kind) && is_numeric(b.kind)) {
    const auto x = number(a);
    const auto y = number(b);
    return x && y && equivalent(*x, *y);
  }
  const bool quantity = a.kind == ValueKind::quantity || b.kind == ValueKind::quantity;
  if (quantity && (is_numeric(a.kind) || is_numeric(b.kind) || a.kind == b.kind))
    return quantities_equivalent(quantity_of(evaluator, a), quantity_of(evaluator, b));
  return equal_at(evaluator, a, b, depth) == Truth::yes;
}

// Equal values have equal hashes; kinds that convert into each other share one.
std::size_t hash(const Value& value) {
  const Value plain = system(value);
  switch (plain.kind) {
    case ValueKind::string:
      return std::hash<std::string_view>{}(plain.text);
    case ValueKind::integer:
    case ValueKind::long_integer:
      return std::hash<double>{}(static_cast<double>(plain.integer));
    case ValueKind::decimal: {
      const auto decimal = Decimal::parse(plain.text);
      return std::hash<double>{}(decimal ? decimal->approximate() : 0.0);
    }
    case ValueKind::boolean:
      return plain.boolean ? 1 : 2;
    case ValueKind::node:
      return 3 + count(*plain.node);
    case ValueKind::date:
    case ValueKind::date_time:
    case ValueKind::time:
    case ValueKind::quantity:
    case ValueKind::type:
      break;
  }
  return 0;
}

}  // namespace

std::optional<Decimal> number(const Value& value) {
  if (is_whole(value.kind)) return Decimal::of(value.integer);
  return value.kind == ValueKind::decimal ? Decimal::parse(value.text) : std::nullopt;
}

std::optional<Temporal> temporal(const Value& value) {
  if (value.kind == ValueKind::date) return Temporal::parse(value.text, Temporal::Shape::date);
  if (value.kind == ValueKind::date_time) return Temporal::parse(value.text, Temporal::Shape::date_time);
  if (value.kind == ValueKind::time) return Temporal::parse(value.text, Temporal::Shape::time);
  // In an untyped tree dates are strings.
  if (value.kind != ValueKind::string || !value.node || value.node->type) return std::nullopt;
  const bool time = value.text.size() > 2 && value.text[2] == ':';
  return Temporal::parse(value.text, time ? Temporal::Shape::time : Temporal::Shape::date_time);
}

Truth equal(Evaluator& evaluator, const Value& a, const Value& b) { return equal_at(evaluator, a, b, 0); }

bool equivalent(Evaluator& evaluator, const Value& a, const Value& b) { return equivalent_at(evaluator, a, b, 0); }

Truth equal(Evaluator& evaluator, Range a, Range b) {
  if (a.size() != b.size()) return Truth::no;
  Truth all = Truth::yes;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!evaluator.step()) return Truth::unknown;
    const Truth one = equal(evaluator, a[i], b[i]);
    if (one == Truth::no) return Truth::no;
    if (one == Truth::unknown) all = one;
  }
  return all;
}

// In any order.
bool equivalent(Evaluator& evaluator, Range a, Range b) {
  if (a.size() != b.size()) return false;
  std::vector<bool> used(b.size(), false);
  for (const Value& wanted : a) {
    bool found = false;
    for (std::size_t i = 0; i < b.size() && !found; ++i) {
      if (!evaluator.step()) return false;
      found = !used[i] && equivalent(evaluator, wanted, b[i]);
      if (found) used[i] = true;
    }
    if (!found) return false;
  }
  return true;
}

bool holds_value(Evaluator& evaluator, Range values, const Value& wanted) {
  for (const Value& value : values)
    if (!evaluator.step() || equal(evaluator, value, wanted) == Truth::yes) return !evaluator.failed();
  return false;
}

void distinct(Evaluator& evaluator, Value* base) {
  constexpr std::size_t few = 16;
  const Range all{base, evaluator.top()};
  Value* kept = base;
  if (all.size() <= few) {
    for (const Value& value : all)
      if (!holds_value(evaluator, {base, kept}, value)) *kept++ = value;
  } else {
    std::unordered_multimap<std::size_t, const Value*> seen;
    seen.reserve(all.size());
    for (const Value& value : all) {
      const std::size_t key = hash(value);
      auto [it, end] = seen.equal_range(key);
      while (it != end && evaluator.step() && equal(evaluator, *it->second, value) != Truth::yes) ++it;
      if (it != end || evaluator.failed()) continue;
      *kept = value;
      seen.emplace(key, kept++);
    }
  }
  evaluator.drop(kept);
}

}  // namespace fhir::path
