// Runs a program: FHIRPath N1, sections 3 (path selection), 5.2 (filtering scopes), 6.3 (types), 9 (variables).
#include <algorithm>
#include <memory>

#include "fhir/path/check.h"
#include "fhir/path/evaluator.h"

namespace fhir::path {
namespace {

constexpr std::size_t stack_size = 1u << 20;  // values; pages that are never touched cost nothing
constexpr std::size_t stack_kept = 1u << 14;

// One stack for each thread; an evaluation started by another's resolver goes on above it.
struct Stack {
  Value* memory = nullptr;
  Value* top = nullptr;
  Value* highest = nullptr;
  Stack() = default;
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack() { release(); }
  Value* use() {
    if (!memory) {
      memory = std::allocator<Value>().allocate(stack_size);
      top = highest = memory;
    }
    return top;
  }
  void leave(Value* base, Value* used) {
    top = base;
    highest = std::max(highest, used);
    if (base == memory && highest - memory > static_cast<std::ptrdiff_t>(stack_kept)) release();
  }
  void release() {
    if (memory) std::allocator<Value>().deallocate(memory, stack_size);
    memory = top = highest = nullptr;
  }
};
thread_local Stack stack;

bool is_name_of(const Node& node, std::string_view wanted) {
  if (node.name.size() < wanted.size() || node.name[0] != wanted[0] || !node.name.starts_with(wanted)) return false;
  const bool choice = node.element && node.element->choice;
  if (node.name.size() == wanted.size()) return !choice;
  return choice && node.element->name.view() == wanted;
}

bool is_first(const Expr& step_expr) {
  static const Function* const first = find_function("first");
  return step_expr.op == Op::call && step_expr.function == first;
}

}  // namespace

Evaluator::Evaluator(const Context& context, Reading reading)
    : context_(context),
      reading_(reading),
      steps_(context.steps),
      base_(stack.use()),
      top_(base_),
      limit_(stack.memory + stack_size),
      highest_(base_) {}

Evaluator::~Evaluator() { stack.leave(base_, highest_); }

Range Evaluator::run(const Program& program, const Node& focus) {
  push(Value::of(focus));
  return run(program);
}

Range Evaluator::run(const Program& program, const Collection& focus) {
  for (const Item& item : focus) push(value_of(item));
  return run(program);
}

Range Evaluator::run(const Program& program) {
  input_ = {base_, top_};
  Scope scope;
  scope.focus = input_;
  return eval(*program.root, scope);
}

void Evaluator::overflow() { fail("the collection is too large", Kind::too_costly); }

void Evaluator::lend_stack() const { stack.top = top_; }

void Evaluator::copy(Range values) {
  for (const Value& value : values) push(value);
}

void Evaluator::settle(Value* base, const Value* from) {
  if (base != from)
    for (; from != top_; ++from) *base++ = *from;
  else
    base = top_;
  top_ = base;
}

bool Evaluator::step(std::uint64_t count) {
  if (fault_) return false;
  if (steps_ < count) {
    fail("the expression takes too many steps on this resource; make it simpler", Kind::too_costly);
    return false;
  }
  steps_ -= count;
  return true;
}

void Evaluator::fail(std::string_view diagnostics, Kind kind) {
  if (!fault_)
    fault_ =
        Outcome(kind, kind == Kind::too_costly ? "too-costly" : "processing", "FHIRPath: " + std::string(diagnostics));
}

std::optional<Value> Evaluator::single(Range values) {
  if (values.empty()) return std::nullopt;
  if (values.size() > 1) {
    fail("one item is needed here, and there are " + std::to_string(values.size()));
    return std::nullopt;
  }
  const Value value = system(*values.first);
  // A primitive that has only extensions has no value.
  if (value.kind == ValueKind::node && value.node->form == Node::Form::none) return std::nullopt;
  return value;
}

std::optional<Value> Evaluator::single(const Expr& expr, const Scope& scope) {
  const Range values = eval(expr, scope);
  drop(values.first);
  return single(values);
}

std::optional<bool> Evaluator::truth(Range values) {
  if (values.size() == 1 && values.first->kind == ValueKind::node && !values.first->node->has_value()) return true;
  const auto value = single(values);
  if (!value) return std::nullopt;
  return value->kind == ValueKind::boolean ? value->boolean : true;
}

std::optional<std::string_view> Evaluator::text(const Expr& expr, const Scope& scope) {
  const auto value = single(expr, scope);
  if (!value) return std::nullopt;
  if (value->kind != ValueKind::string) {
    fail("a string is needed here");
    return std::nullopt;
  }
  return value->text;
}

std::optional<std::int64_t> Evaluator::integer(const Expr& expr, const Scope& scope) {
  const auto value = single(expr, scope);
  if (!value) return std::nullopt;
  if (!is_whole(value->kind)) {
    fail("an integer is needed here");
    return std::nullopt;
  }
  return value->integer;
}

Range Evaluator::eval(const Expr& expr, const Scope& scope) {
  Value* const base = top_;
  if (!step()) return {base, base};
  const Op op = expr.op;
  if (op == Op::path) {
    path(expr, expr.args.size(), scope);
  } else if (op <= Op::variable) {
    leaf(expr, scope);
  } else if (op == Op::is || op == Op::as) {
    type_test(expr, scope);
  } else if (op >= Op::logical_and) {
    logic(expr, scope);
  } else if (op == Op::plus_sign || op == Op::minus_sign) {
    const Range operand = eval(*expr.args[0], scope);
    if (!operand.empty()) arithmetic(*this, op, operand, {top_, top_});
  } else {
    binary(expr, scope);
  }
  if (fault_) drop(base);
  return {base, top_};
}

void Evaluator::leaf(const Expr& expr, const Scope& scope) {
  if (expr.op == Op::literal) {
    push(expr.value);
  } else if (expr.op == Op::self) {
    copy(scope.focus);
  } else if (expr.op == Op::position) {
    if (scope.position >= 0) push(Value::of(scope.position));
  } else if (expr.op == Op::total) {
    if (!scope.has_total) fail("$total is known inside aggregate() only");
    copy(scope.total);
  } else if (expr.op == Op::variable) {
    variable(expr);
  }
}

void Evaluator::binary(const Expr& expr, const Scope& scope) {
  const std::size_t defined = definitions_.size();
  const Range left = eval(*expr.args[0], scope);
  definitions_.resize(defined);
  const Range right = eval(*expr.args[1], scope);
  definitions_.resize(defined);
  if (failed()) return;
  if (expr.op == Op::unite) return distinct(*this, left.first);
  if (expr.op >= Op::less && expr.op <= Op::greater_equal) return comparison(*this, expr.op, left, right);
  if (expr.op < Op::less) return arithmetic(*this, expr.op, left, right);
  const auto result = relation(expr.op, left, right);
  drop(left.first);
  if (result) push(Value::of(*result));
}

std::optional<bool> Evaluator::relation(Op op, Range left, Range right) {
  if (op == Op::equivalent || op == Op::not_equivalent) return equivalent(*this, left, right) == (op == Op::equivalent);
  if (op == Op::equal || op == Op::not_equal) {
    if (left.empty() || right.empty()) return std::nullopt;
    const Truth same = equal(*this, left, right);
    if (same == Truth::unknown) return std::nullopt;
    return (same == Truth::yes) == (op == Op::equal);
  }
  const Range one = op == Op::in ? left : right;
  if (one.size() > 1) fail("`in` and `contains` look for one item, and there are " + std::to_string(one.size()));
  if (one.size() != 1) return std::nullopt;
  return holds_value(*this, op == Op::in ? right : left, *one.first);
}

// Three-valued logic, N1 6.5; the right side is not looked at where the left one decides.
void Evaluator::logic(const Expr& expr, const Scope& scope) {
  Value* const base = top_;
  const auto operand = [&](std::size_t i) {
    const auto value = truth(eval(*expr.args[i], scope));
    drop(base);
    return value;
  };
  const auto left = operand(0);
  if (failed()) return;
  const bool decided = (expr.op == Op::logical_and && left == false) || (expr.op == Op::logical_or && left == true);
  if (decided || (expr.op == Op::implies && left == false)) {
    push(Value::of(expr.op != Op::logical_and));
    return;
  }
  const auto right = operand(1);
  std::optional<bool> result;
  if (expr.op == Op::logical_and) {
    if (right == false || (left && right)) result = *right;
  } else if (expr.op == Op::logical_xor) {
    if (left && right) result = *left != *right;
  } else if (right == true || (left && right)) {  // or; implies with a true or unknown left side
    result = expr.op == Op::logical_or ? right == true : *right;
  }
  if (result) push(Value::of(*result));
}

// The first `count` steps of a path.
void Evaluator::path(const Expr& expr, std::size_t count, const Scope& scope) {
  Value* const base = top_;
  const std::size_t defined = definitions_.size();
  std::size_t i = 0;
  const Op first = expr.args[0]->op;
  if (first == Op::member || first == Op::call)
    copy(scope.focus);
  else
    eval(*expr.args[i++], scope);
  for (; i < count && !failed(); ++i) {
    if (i + 1 < count && expr.args[i]->op == Op::member && is_first(*expr.args[i + 1]))
      first_member(*expr.args[i++], {base, top_});
    else
      apply(*expr.args[i], {base, top_}, scope);
  }
  definitions_.resize(defined);
}

// element.first(): the others are not gathered, of which invariants of definitions would make a square.
void Evaluator::first_member(const Expr& step_expr, Range in) {
  if (!step(in.size() + 1)) return;
  for (const Value* value = in.first; value != in.last && top_ == in.last; ++value) element(*value, step_expr, true);
  settle(in.first, in.last);
}

void Evaluator::apply(const Expr& step_expr, Range in, const Scope& scope) {
  if (!step(in.size() + 1)) return;
  if (step_expr.op == Op::member)
    member(step_expr, in);
  else if (step_expr.op == Op::call)
    step_expr.function->run(*this, step_expr, in, scope);
  else if (step_expr.op == Op::at)
    at(step_expr, in, scope);
  else {  // .$this, .$index
    Scope inner = scope;
    inner.focus = in;
    eval(step_expr, inner);
    settle(in.first, in.last);
  }
}

void Evaluator::member(const Expr& step_expr, Range in) {
  if (in.size() == 1) {
    const Value only = *in.first;
    drop(in.first);
    element(only, step_expr);
    return;
  }
  for (const Value& value : in) element(value, step_expr);
  settle(in.first, in.last);
}

// `one`: the first of them is enough.
void Evaluator::element(const Value& value, const Expr& step_expr, bool one) {
  const std::string_view name = step_expr.text;
  if (value.kind == ValueKind::node) {
    const Node& node = *value.node;
    if (!step_expr.type.name.empty() && is_of(node, step_expr.type)) {
      push(value);
      return;
    }
    const Value* before = top_;
    for (const Node* child = node.first; child && !(one && top_ != before); child = child->next)
      if (is_name_of(*child, name)) push(Value::of(*child));
    if (top_ == before && reading_ == Reading::letter && node.type && node.type->kind != TypeKind::primitive)
      missing(node, name);
    return;
  }
  if (value.kind == ValueKind::type) {
    const auto dot = value.text.find('.');
    if (name == "namespace") push(Value::of(ValueKind::string, value.text.substr(0, dot)));
    if (name == "name") push(Value::of(ValueKind::string, value.text.substr(dot + 1)));
  } else if (value.kind == ValueKind::quantity) {
    if (name == "value") push(Value::of(ValueKind::decimal, value.text));
    if (name == "unit" || name == "code") push(Value::of(ValueKind::string, value.unit));
  }
}

// The JSON name of a choice (valueQuantity) is no path, but is taken of an Extension, whose value is so often written
// valueCode, unless evaluation is strict; a name that the type does not have is one only in strict
// evaluation.
void Evaluator::missing(const Node& node, std::string_view name) {
  const Type& type = *node.type;
  const Member* member = type.member(name);
  if (member && !member->element->choice) return;
  if (member && type.name.view() == "Extension" && !context_.strict) {
    if (const Node* value = node.child(name)) push(Value::of(*value));
    return;
  }
  if (member)
    fail(std::string(name) + " is written " + std::string(member->element->name) + ".ofType(" +
         std::string(member->type->name) + ") in FHIRPath");
  if (!context_.strict) return;
  for (const Element& each : type.elements)
    if (each.name.view() == name) return;
  fail(std::string(type.name) + " has no element " + std::string(name));
}

void Evaluator::push_children(const Node& node) {
  for (const Node* child = node.first; child; child = child->next) {
    if (!node.type && child->name == "resourceType") continue;
    push(Value::of(*child));
  }
}

void Evaluator::at(const Expr& step_expr, Range in, const Scope& scope) {
  const auto index = integer(*step_expr.args[0], scope);
  if (!index || *index < 0 || static_cast<std::size_t>(*index) >= in.size()) {
    drop(in.first);
    return;
  }
  give(in, in[static_cast<std::size_t>(*index)]);
}

namespace {

const Type* type_of(const Node& focus) { return focus.type; }
const Type* type_of(const Collection& focus) {
  return focus.size() == 1 && focus.front().node ? focus.front().node->type : nullptr;
}

template <class Focus>
Result<Collection> evaluate_on(const Program& program, const Focus& focus, const Context& context, Reading reading) {
  if (context.strict)
    if (auto wrong = check(program, type_of(focus))) return std::move(*wrong);
  Evaluator evaluator(context, reading);
  const Range values = evaluator.run(program, focus);
  if (auto& fault = evaluator.fault()) return std::move(*fault);
  Collection items;
  items.reserve(values.size());
  for (const Value& value : values) items.push_back(item_of(value));
  return items;
}

}  // namespace

Result<Collection> evaluate(const Program& program, const Node& focus, const Context& context) {
  return evaluate_on(program, focus, context, Reading::letter);
}

Result<Collection> evaluate(const Program& program, const Collection& focus, const Context& context) {
  return evaluate_on(program, focus, context, Reading::letter);
}

Result<Collection> extract(const Program& program, const Node& focus, const Context& context) {
  return evaluate_on(program, focus, context, Reading::definitions);
}

Result<bool> holds(const Program& program, const Node& focus, const Context& context) {
  Evaluator evaluator(context, Reading::definitions);
  const auto truth = evaluator.truth(evaluator.run(program, focus));
  if (auto& fault = evaluator.fault()) return std::move(*fault);
  return truth == true;
}

bool nodes(const Program& program, const Node& focus, const Context& context, std::vector<const Node*>& out) {
  Evaluator evaluator(context, Reading::definitions);
  const Range values = evaluator.run(program, focus);
  if (evaluator.failed()) return false;
  for (const Value& value : values)
    if (value.node) out.push_back(value.node);
  return true;
}

}  // namespace fhir::path
