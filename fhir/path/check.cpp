// Follows an expression with the types that each step may have.
#include "fhir/path/check.h"

#include <algorithm>
#include <array>

namespace fhir::path {
namespace {

// The FHIR types that may stand somewhere; open: others as well.
struct Kinds {
  std::vector<const Type*> types;
  bool open = false;

  void add(const Type* type) {
    if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
  }
};
const Kinds anything{{}, true};

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class Checker {
 public:
  std::optional<Outcome>& fault() { return fault_; }

  // `scope`: what $this is.
  Kinds infer(const Expr& expr, const Kinds& scope) {
    if (fault_) return anything;
    if (expr.op == Op::self) return scope;
    if (expr.op == Op::path) return path(expr, scope);
    if (expr.op == Op::unite) {
      Kinds both = infer(*expr.args[0], scope);
      const Kinds right = infer(*expr.args[1], scope);
      for (const Type* type : right.types) both.add(type);
      both.open = both.open || right.open;
      return both;
    }
    for (const Expr* arg : expr.args) infer(*arg, scope);
    return expr.op == Op::as ? only(expr.type) : anything;
  }

 private:
  static Kinds only(const TypeName& name) {
    if (!name.type || name.type->abstract) return anything;
    return {{name.type}, false};
  }

  Kinds path(const Expr& expr, const Kinds& scope) {
    const bool from_focus = expr.args[0]->op == Op::member || expr.args[0]->op == Op::call;
    Kinds at = from_focus ? scope : infer(*expr.args[0], scope);
    for (std::size_t i = from_focus ? 0 : 1; i < expr.args.size() && !fault_; ++i) at = step(*expr.args[i], at, scope);
    return at;
  }

  Kinds step(const Expr& expr, const Kinds& in, const Kinds& scope) {
    if (expr.op == Op::member) return member(expr, in);
    if (expr.op == Op::call) return call(expr, in, scope);
    if (expr.op != Op::at) return infer(expr, in);
    infer(*expr.args[0], scope);
    return in;
  }

  Kinds member(const Expr& expr, const Kinds& in) {
    if (in.open) return anything;
    Kinds out;
    bool known = in.types.empty();
    for (const Type* type : in.types) {
      if (expr.type.type && type->is(expr.type.type->name)) {  // Patient.name: the focus by its name
        known = true;
        out.add(type);
      } else if (type->kind == TypeKind::primitive || type->abstract) {
        return anything;
      }
      for (const Element& element : type->elements) {
        if (element.name.view() != expr.text) continue;
        known = true;
        for (const ElementType& each : element.types) {
          if (!each.type || each.type->abstract) return anything;
          out.add(each.type.get());
        }
      }
    }
    if (!known) refuse(expr, *in.types.front());
    return out.types.empty() ? anything : out;
  }

  Kinds call(const Expr& expr, const Kinds& in, const Kinds& scope) {
    const std::string_view name = expr.function->name;
    const bool each_item = is_one_of(name, {"where", "select", "all", "exists", "repeat", "sort"});
    if (is_one_of(name, {"iif", "aggregate", "trace", "defineVariable"})) return name == "trace" ? in : anything;
    Kinds last = anything;
    for (const Expr* arg : expr.args) last = infer(*arg, each_item ? in : scope);
    if (is_one_of(name, {"where", "first", "last", "tail", "skip", "take", "single", "distinct", "exclude"})) return in;
    if (name == "as" || name == "ofType") return only(expr.type);
    if (name == "select") return last;
    if (name == "extension") return {{definitions().type("Extension")}, false};
    return anything;
  }

  void refuse(const Expr& expr, const Type& type) {
    fault_ = Outcome(Kind::unprocessable, "processing",
                     "FHIRPath, column " + std::to_string(expr.column) + ": " + std::string(type.name.view()) +
                         " has no element " + std::string(expr.text));
  }

  std::optional<Outcome> fault_;
};

}  // namespace

std::optional<Outcome> check(const Program& program, const Type* focus) {
  if (!focus) return std::nullopt;
  Checker checker;
  checker.infer(*program.root, {{focus}, false});
  return std::move(checker.fault());
}

}  // namespace fhir::path
