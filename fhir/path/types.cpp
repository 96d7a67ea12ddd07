// is, as and ofType(). FHIRPath N1, section 6.3; http://hl7.org/fhir/R4/fhirpath.html#types
#include "fhir/path/evaluator.h"

namespace fhir::path {

bool is_of(const Node& node, const TypeName& wanted) {
  if (!node.type) return node.name == wanted.name || node.value_of("resourceType") == wanted.name;
  for (const Type* type = node.type; type; type = type->base.get())
    if (type == wanted.type) return true;
  return false;
}

void Evaluator::type_test(const Expr& expr, const Scope& scope) {
  Value* const base = top_;
  const Expr& operand = *expr.args[0];
  if (expr.by_reference)
    path(operand, operand.args.size() - 1, scope);
  else
    eval(operand, scope);
  const Range values{base, top_};
  if (expr.op == Op::as && reading_ == Reading::definitions) {
    Value* kept = base;
    for (const Value& value : values)
      if (is_type(value, expr.type)) *kept++ = value;
    top_ = kept;
    return;
  }
  if (values.size() > 1) {
    fail("`is` and `as` take one item, and there are " + std::to_string(values.size()));
    return;
  }
  if (values.empty()) return;
  const Value value = *base;
  drop(base);
  if (expr.op == Op::is)
    push(Value::of(expr.by_reference ? reference_is(value, expr.type) : is_type(value, expr.type)));
  else if (is_type(value, expr.type))
    push(value);
}

bool Evaluator::is_type(const Value& value, const TypeName& type, bool exact) const {
  if (value.kind != ValueKind::node)
    return type.space != "FHIR" && system_type(value.kind).substr(7) == type.name && value.kind != ValueKind::type;
  const Node& node = *value.node;
  if (type.space == "System" || !node.type) {
    // Element.id and Extension.url are System.String in the definitions; untyped trees hold FHIRPath's own types.
    if (node.type) return type.name == "String" && node.element && (node.element->attribute || node.name == "id");
    const Value plain = system(value);
    return plain.kind == ValueKind::node ? is_of(node, type) : system_type(plain.kind).substr(7) == type.name;
  }
  if (type.type) return exact ? node.type == type.type : is_of(node, type);
  if (reading_ == Reading::letter || !type.space.empty()) return false;
  const Value plain = system(value);
  return plain.kind != ValueKind::node && system_type(plain.kind).substr(7) == type.name;
}

}  // namespace fhir::path
