// One evaluation. Collections are runs on one stack of values: a step reads the run on top and leaves its result in
// its place, so that walking a path allocates nothing. After a fault every expression is empty and the evaluation
// unwinds by itself.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/path/decimal.h"
#include "fhir/path/program.h"
#include "fhir/path/temporal.h"

namespace fhir::path {

// What $this, $index and $total mean where an expression runs.
struct Scope {
  Range focus;
  std::int64_t position = -1;
  Range total{nullptr, nullptr};
  bool has_total = false;
};

// As the definitions' own expressions are written, or to the letter (path.h).
enum class Reading : std::uint8_t { letter, definitions };

class Evaluator {
 public:
  Evaluator(const Context& context, Reading reading);
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;
  ~Evaluator();

  Range run(const Program& program, const Node& focus);
  Range run(const Program& program, const Collection& focus);
  std::optional<Outcome>& fault() { return fault_; }
  bool failed() const { return fault_.has_value(); }

  // The result lies on top of the stack.
  Range eval(const Expr& expr, const Scope& scope);
  // Evaluates an argument to at most one value; its place on the stack is free again.
  std::optional<Value> single(const Expr& expr, const Scope& scope);
  std::optional<Value> single(Range values);
  // A collection as a condition: empty, a boolean, or true for any other single value.
  std::optional<bool> truth(Range values);
  std::optional<std::string_view> text(const Expr& expr, const Scope& scope);
  std::optional<std::int64_t> integer(const Expr& expr, const Scope& scope);
  // Scope of one item for where(), select(), all() ...
  static Scope item(const Scope& outer, Range in, std::size_t position) {
    Scope inner = outer;
    inner.focus = {in.first + position, in.first + position + 1};
    inner.position = static_cast<std::int64_t>(position);
    return inner;
  }

  // Results: what stands at and above `base` is replaced.
  void drop(Value* base) { top_ = base; }
  void give(Range in, const Value& value) {
    top_ = in.first;
    push(value);
  }
  void push(const Value& value) {
    if (top_ == limit_) return overflow();
    std::construct_at(top_++, value);
    if (top_ > highest_) highest_ = top_;
  }
  void push_children(const Node& node);
  void settle(Value* base, const Value* from);  // moves the run [from, top) down to base
  Value* top() const { return top_; }
  // Of a text that is made, so many bytes cost as much as a step.
  std::string_view keep(std::string_view made) {
    constexpr std::size_t bytes_of_step = 64;
    return step(made.size() / bytes_of_step) ? arena_.copy(made) : std::string_view();
  }

  bool step(std::uint64_t count = 1);
  void fail(std::string_view diagnostics, Kind kind = Kind::unprocessable);
  const Context& context() const { return context_; }
  // Before the context's own functions are called: they may evaluate in turn, above this evaluation's values.
  void lend_stack() const;
  Reading reading() const { return reading_; }
  Range input() const { return input_; }

  bool is_type(const Value& value, const TypeName& type, bool exact = false) const;
  const Node* resolve(const Value& reference);
  void define(std::string_view name, Range values);

 private:
  Range run(const Program& program);
  void overflow();
  void leaf(const Expr& expr, const Scope& scope);
  void path(const Expr& expr, std::size_t count, const Scope& scope);
  void apply(const Expr& step, Range in, const Scope& scope);
  void member(const Expr& step, Range in);
  void first_member(const Expr& step, Range in);
  void element(const Value& value, const Expr& step, bool one = false);
  void missing(const Node& node, std::string_view name);
  void at(const Expr& step, Range in, const Scope& scope);
  void variable(const Expr& expr);
  bool fixed_variable(std::string_view name);
  void type_test(const Expr& expr, const Scope& scope);
  bool reference_is(const Value& reference, const TypeName& type);
  void logic(const Expr& expr, const Scope& scope);
  void copy(Range values);
  void binary(const Expr& expr, const Scope& scope);
  std::optional<bool> relation(Op op, Range left, Range right);

  struct Definition {
    std::string_view name;
    std::vector<Value> values;
  };

  const Context& context_;
  const Reading reading_;
  std::uint64_t steps_;
  Value* const base_;
  Value* top_;
  Value* const limit_;
  Value* highest_;  // for the stack's memory to be given back
  Range input_{nullptr, nullptr};
  Arena arena_{1024};
  std::vector<Definition> definitions_;
  std::optional<Outcome> fault_;
};

// What a node's value is in FHIRPath's own types; the value itself when it has none (an object, no value).
Value system(const Value& value);
// Whether the node's type is the wanted one or derives from it; a raw root is named by its resourceType.
bool is_of(const Node& node, const TypeName& wanted);
// "year" for the UCUM code "a"; "" for codes that are no durations.
std::string_view calendar_of(std::string_view code);
Value value_of(const Item& item);
Item item_of(const Value& value);
// The type's name in its namespace: "System.Integer", "FHIR.HumanName".
std::string_view system_type(ValueKind kind);

// operators.cpp
enum class Truth : std::uint8_t { no, yes, unknown };
Truth equal(Evaluator& evaluator, const Value& a, const Value& b);
bool equivalent(Evaluator& evaluator, const Value& a, const Value& b);
Truth equal(Evaluator& evaluator, Range a, Range b);
bool equivalent(Evaluator& evaluator, Range a, Range b);
// nullopt when it is uncertain; a fault when the two cannot be ordered.
std::optional<int> order(Evaluator& evaluator, const Value& a, const Value& b);
void arithmetic(Evaluator& evaluator, Op op, Range left, Range right);
void comparison(Evaluator& evaluator, Op op, Range left, Range right);
std::optional<Decimal> number(const Value& value);
std::optional<Temporal> temporal(const Value& value);

// Removes what equals an earlier value from the run on top of the stack that starts at `base`.
void distinct(Evaluator& evaluator, Value* base);
bool holds_value(Evaluator& evaluator, Range values, const Value& wanted);

}  // namespace fhir::path
