// Functions on whole collections. FHIRPath N1, sections 5.1 (existence), 5.3 (subsetting), 5.4 (combining), 5.8 (tree),
// 6.5 (not) and 7.
#include <algorithm>
#include <array>

#include "fhir/path/quantity.h"

namespace fhir::path {
namespace {

void empty(Evaluator& e, const Expr&, Range in, const Scope&) { e.give(in, Value::of(in.empty())); }

void count(Evaluator& e, const Expr&, Range in, const Scope&) {
  e.give(in, Value::of(static_cast<std::int64_t>(in.size())));
}

void negate(Evaluator& e, const Expr&, Range in, const Scope&) {
  const auto truth = e.truth(in);
  e.drop(in.first);
  if (truth) e.push(Value::of(!*truth));
}

// Whether every item is the boolean `wanted`; items that are no booleans are a fault.
bool every(Evaluator& e, Range in, bool wanted) {
  bool all = true;
  for (const Value& value : in) {
    const Value plain = system(value);
    if (plain.kind != ValueKind::boolean) {
      e.fail("only booleans can be tested so");
      return false;
    }
    all = all && plain.boolean == wanted;
  }
  return all;
}

void all_true(Evaluator& e, const Expr&, Range in, const Scope&) { e.give(in, Value::of(every(e, in, true))); }
void all_false(Evaluator& e, const Expr&, Range in, const Scope&) { e.give(in, Value::of(every(e, in, false))); }
void any_true(Evaluator& e, const Expr&, Range in, const Scope&) {
  e.give(in, Value::of(!in.empty() && !every(e, in, false)));
}
void any_false(Evaluator& e, const Expr&, Range in, const Scope&) {
  e.give(in, Value::of(!in.empty() && !every(e, in, true)));
}

bool contains_all(Evaluator& e, Range whole, Range part) {
  for (const Value& value : part)
    if (!holds_value(e, whole, value)) return false;
  return true;
}

void subset_of(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const bool inside = contains_all(e, e.eval(*call.args[0], scope), in);
  e.give(in, Value::of(inside));
}

void superset_of(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const bool inside = contains_all(e, in, e.eval(*call.args[0], scope));
  e.give(in, Value::of(inside));
}

void distinct_items(Evaluator& e, const Expr&, Range in, const Scope&) { distinct(e, in.first); }

void is_distinct(Evaluator& e, const Expr&, Range in, const Scope&) {
  const std::size_t before = in.size();
  distinct(e, in.first);
  const auto after = static_cast<std::size_t>(e.top() - in.first);
  e.give({in.first, in.first}, Value::of(before == after));
}

void single(Evaluator& e, const Expr&, Range in, const Scope&) {
  if (in.size() > 1) e.fail("single() found " + std::to_string(in.size()) + " items");
}

void slice(Evaluator& e, Range in, std::size_t from, std::size_t to) {
  from = std::min(from, in.size());
  to = std::clamp(to, from, in.size());
  std::copy(in.first + from, in.first + to, in.first);
  e.drop(in.first + (to - from));
}

void first(Evaluator& e, const Expr&, Range in, const Scope&) { slice(e, in, 0, 1); }
void last(Evaluator& e, const Expr&, Range in, const Scope&) {
  slice(e, in, in.empty() ? 0 : in.size() - 1, in.size());
}
void tail(Evaluator& e, const Expr&, Range in, const Scope&) { slice(e, in, 1, in.size()); }

void skip(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto count = e.integer(*call.args[0], scope);
  slice(e, in, static_cast<std::size_t>(std::clamp<std::int64_t>(count.value_or(0), 0, INT32_MAX)), in.size());
}

void take(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto count = e.integer(*call.args[0], scope);
  slice(e, in, 0, static_cast<std::size_t>(std::clamp<std::int64_t>(count.value_or(0), 0, INT32_MAX)));
}

void keep_if(Evaluator& e, const Expr& call, Range in, const Scope& scope, bool wanted) {
  const Range other = e.eval(*call.args[0], scope);
  Value* kept = in.first;
  for (const Value& value : in)
    if (holds_value(e, other, value) == wanted) *kept++ = value;
  e.drop(kept);
}

void intersect(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  keep_if(e, call, in, scope, true);
  distinct(e, in.first);
}

void exclude(Evaluator& e, const Expr& call, Range in, const Scope& scope) { keep_if(e, call, in, scope, false); }

void combine_with(Evaluator& e, const Expr& call, Range, const Scope& scope) { e.eval(*call.args[0], scope); }

void unite(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  e.eval(*call.args[0], scope);
  distinct(e, in.first);
}

void children(Evaluator& e, const Expr&, Range in, const Scope&) {
  if (e.context().strict) return e.fail("children() has no defined order: strict evaluation does not take it");
  for (const Value& value : in)
    if (value.kind == ValueKind::node) e.push_children(*value.node);
  e.settle(in.first, in.last);
}

void descendants(Evaluator& e, const Expr&, Range in, const Scope&) {
  for (const Value* next = in.first; next != e.top() && e.step(); ++next)
    if (next->kind == ValueKind::node) e.push_children(*next->node);
  e.settle(in.first, in.last);
}

void type(Evaluator& e, const Expr&, Range in, const Scope&) {
  for (Value& value : in) {
    const Value plain = system(value);
    if (value.kind == ValueKind::node && value.node->type)
      value = Value::of(ValueKind::type, e.keep("FHIR." + std::string(value.node->type->name)));
    else if (plain.kind == ValueKind::node && plain.node->child("resourceType"))
      value = Value::of(ValueKind::type, e.keep("FHIR." + std::string(plain.node->value_of("resourceType"))));
    else
      value = Value::of(ValueKind::type, system_type(plain.kind));
  }
}

// sum, min, max: the first item is the start, each further one is combined with it.
void sum(Evaluator& e, const Expr&, Range in, const Scope&) {
  if (in.empty()) return;
  Value* const base = in.last;
  e.push(system(*in.first));
  for (std::size_t i = 1; i < in.size() && !e.failed(); ++i) {
    e.push(in[i]);
    arithmetic(e, Op::add, {base, base + 1}, {base + 1, base + 2});
    if (e.top() == base) break;
  }
  e.settle(in.first, base);
}

void extreme(Evaluator& e, Range in, int wanted) {
  for (std::size_t i = 1; i < in.size() && !e.failed(); ++i) {
    const auto found = order(e, in[i], *in.first);
    if (!found) return e.drop(in.first);
    if (*found == wanted) *in.first = in[i];
  }
  if (!in.empty()) e.give(in, system(*in.first));
}

void minimum(Evaluator& e, const Expr&, Range in, const Scope&) { extreme(e, in, -1); }
void maximum(Evaluator& e, const Expr&, Range in, const Scope&) { extreme(e, in, 1); }

void average(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const auto items = static_cast<std::int64_t>(in.size());
  sum(e, call, in, scope);
  if (e.failed() || e.top() == in.first) return;
  e.push(Value::of(items));
  arithmetic(e, Op::divide, {in.first, in.first + 1}, {in.first + 1, in.first + 2});
}

struct SortKey {
  Value value;
  bool present;
};

// By each expression in turn; -expression sorts downwards; what is missing comes first either way.
void sort(Evaluator& e, const Expr& call, Range in, const Scope& scope) {
  const std::size_t width = std::max<std::size_t>(call.args.size(), 1);
  std::vector<SortKey> keys;
  keys.reserve(in.size() * width);
  for (std::size_t i = 0; i < in.size() && !e.failed(); ++i) {
    if (call.args.empty()) keys.push_back({in[i], true});
    for (const Expr* arg : call.args) {
      const Expr& key = arg->op == Op::minus_sign ? *arg->args[0] : *arg;
      const auto value = e.single(key, Evaluator::item(scope, in, i));
      keys.push_back({value.value_or(Value::of(false)), value.has_value()});
    }
  }
  if (e.failed()) return;
  std::vector<std::size_t> places(in.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    for (std::size_t k = 0; k < width && e.step(); ++k) {
      const SortKey& x = keys[a * width + k];
      const SortKey& y = keys[b * width + k];
      const bool down = k < call.args.size() && call.args[k]->op == Op::minus_sign;
      if (x.present != y.present) return y.present;
      const int found = x.present ? order(e, x.value, y.value).value_or(0) : 0;
      if (found != 0) return down ? found > 0 : found < 0;
    }
    return false;
  });
  const std::vector<Value> before(in.begin(), in.end());
  for (std::size_t i = 0; i < places.size(); ++i) in[i] = before[places[i]];
}

constexpr std::array<Function, 29> functions{{
    {"allFalse", 0, 0, all_false},
    {"allTrue", 0, 0, all_true},
    {"anyFalse", 0, 0, any_false},
    {"anyTrue", 0, 0, any_true},
    {"avg", 0, 0, average},
    {"children", 0, 0, children},
    {"combine", 1, 1, combine_with},
    {"count", 0, 0, count},
    {"descendants", 0, 0, descendants},
    {"distinct", 0, 0, distinct_items},
    {"empty", 0, 0, empty},
    {"exclude", 1, 1, exclude},
    {"first", 0, 0, first},
    {"intersect", 1, 1, intersect},
    {"isDistinct", 0, 0, is_distinct},
    {"last", 0, 0, last},
    {"max", 0, 0, maximum},
    {"min", 0, 0, minimum},
    {"not", 0, 0, negate},
    {"single", 0, 0, single},
    {"skip", 1, 1, skip},
    {"sort", 0, 16, sort},
    {"subsetOf", 1, 1, subset_of},
    {"sum", 0, 0, sum},
    {"supersetOf", 1, 1, superset_of},
    {"tail", 0, 0, tail},
    {"take", 1, 1, take},
    {"type", 0, 0, type},
    {"union", 1, 1, unite},
}};

}  // namespace

std::span<const Function> collection_functions() { return functions; }

}  // namespace fhir::path
