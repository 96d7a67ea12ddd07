// %name: the context's, those of defineVariable(), and the fixed ones. FHIRPath N1, section 9;
// http://hl7.org/fhir/R4/fhirpath.html#vars
#include "fhir/path/evaluator.h"

namespace fhir::path {

void Evaluator::define(std::string_view name, Range values) {
  for (const Definition& each : definitions_)
    if (each.name == name) fail("the variable %" + std::string(name) + " is defined already");
  definitions_.push_back({name, {values.begin(), values.end()}});
}

void Evaluator::variable(const Expr& expr) {
  const std::string_view name = expr.text;
  for (auto it = definitions_.rbegin(); it != definitions_.rend(); ++it)
    if (it->name == name) {
      for (const Value& value : it->values) push(value);
      return;
    }
  if (const auto it = context_.variables.find(name); it != context_.variables.end()) {
    for (const Item& item : it->second) push(value_of(item));
    return;
  }
  if (!fixed_variable(name)) fail("there is no variable %" + std::string(name));
}

bool Evaluator::fixed_variable(std::string_view name) {
  const auto constant = [&](std::string_view text) {
    push(Value::of(ValueKind::string, text));
    return true;
  };
  if (name == "resource" || name == "rootResource") {
    const Node* node = name == "resource" ? context_.resource : context_.root_resource;
    if (!node) node = context_.resource;
    if (!node && !input_.empty()) node = input_.first->node;
    if (node) push(Value::of(*node));
    return true;
  }
  if (name == "context") {
    copy(input_);
    return true;
  }
  if (name == "ucum") return constant("http://unitsofmeasure.org");
  if (name == "sct") return constant("http://snomed.info/sct");
  if (name == "loinc") return constant("http://loinc.org");
  if (name.starts_with("vs-")) return constant(keep("http://hl7.org/fhir/ValueSet/" + std::string(name.substr(3))));
  if (name.starts_with("ext-"))
    return constant(keep("http://hl7.org/fhir/StructureDefinition/" + std::string(name.substr(4))));
  return false;
}

}  // namespace fhir::path
