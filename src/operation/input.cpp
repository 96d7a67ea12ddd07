// What an operation is called with. FHIR R4: http://hl7.org/fhir/R4/operations.html#executing
//
//   query, Parameters, or the one resource alone -> Argument… -> checked against the OperationDefinition
#include <algorithm>

#include "fhir/format/json.h"
#include "src/operation/operation.h"
#include "src/operation/refusal.h"
#include "src/rest/criteria.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Issue;
using fhir::Kind;
using fhir::Node;
using fhir::OperationParameter;
using fhir::Outcome;
using fhir::Result;

const OperationParameter* find(const fhir::OperationDefinition& definition, std::string_view name) {
  for (const auto& parameter : definition.parameters)
    if (!parameter.out && parameter.name.view() == name) return &parameter;
  return nullptr;
}

Outcome wrong(std::string_view code, std::string text, std::string_view name) {
  return {Kind::malformed, code, std::move(text), place_of(name)};
}

bool is_primitive(std::string_view type) {
  const auto* found = fhir::definitions().type(type);
  return found && found->kind == fhir::TypeKind::primitive;
}

// Parts may do without one; whether there is a resource is for the operation to say, as plain JSON may stand for it.
bool needs_value(const OperationParameter& parameter) {
  const auto* type = fhir::definitions().type(parameter.type);
  return type && type->kind != fhir::TypeKind::resource;
}

// Text-like primitives stand for each other: clients send a code as a string, a canonical as a uri.
bool fits(const fhir::Type& given, std::string_view wanted) {
  if (wanted.empty() || wanted == "*" || wanted == "Element" || wanted == "Any" || given.is(wanted)) return true;
  const auto* type = fhir::definitions().type(wanted);
  if (!type || type->kind != fhir::TypeKind::primitive || given.kind != fhir::TypeKind::primitive) return false;
  const auto class_of = [](fhir::Primitive primitive) {
    switch (primitive) {
      case fhir::Primitive::boolean:
        return 1;
      case fhir::Primitive::integer:
      case fhir::Primitive::positiveInt:
      case fhir::Primitive::unsignedInt:
        return 2;
      case fhir::Primitive::decimal:
        return 3;
      case fhir::Primitive::instant:
      case fhir::Primitive::date:
      case fhir::Primitive::dateTime:
        return 4;
      case fhir::Primitive::time:
        return 5;
      case fhir::Primitive::base64Binary:
        return 6;
      case fhir::Primitive::none:
      case fhir::Primitive::string:
      case fhir::Primitive::code:
      case fhir::Primitive::id:
      case fhir::Primitive::markdown:
      case fhir::Primitive::uri:
      case fhir::Primitive::url:
      case fhir::Primitive::canonical:
      case fhir::Primitive::oid:
      case fhir::Primitive::uuid:
      case fhir::Primitive::xhtml:
        return 7;
    }
    return 0;
  };
  return class_of(given.primitive) == class_of(type->primitive);
}

// "valueCode" of type "code".
std::string value_name(std::string_view type) {
  std::string name = "value" + std::string(type);
  name[5] = static_cast<char>(name[5] & ~0x20);
  return name;
}

class Reader {
 public:
  Reader(const rest::Call& call, const Operation& operation)
      : call_(call), operation_(operation), definition_(definition_of(operation)) {}

  Result<Input> read() {
    if (auto done = read_query(); !done) return std::move(done.outcome());
    if (!operation_.raw && call_.request.method != "GET")
      if (auto done = read_body(); !done) return std::move(done.outcome());
    if (auto done = check(); !done) return std::move(done.outcome());
    return std::move(input_);
  }

 private:
  // The query as a Parameters resource in JSON, so that it takes the same way as a body.
  Result<bool> read_query() {
    auto text = std::make_shared<std::string>(R"({"resourceType":"Parameters","parameter":[)");
    bool any = false;
    for (const auto& [name, value] : rest::without_format(call_.parameters)) {
      const auto* parameter = find(definition_, name);
      if (name == "_page" && find(definition_, "_count")) continue;  // of a link that we made
      if (!parameter) {
        auto refusal = unknown(name);
        if (!rest::lenient(call_.request)) return refusal;
        leave_out(refusal);
        continue;
      }
      const auto type = parameter->type.view();
      if (!is_primitive(type))
        return wrong("not-supported", name + " is of type " + std::string(type) + ": send it in the body", name);
      *text += any ? ",{\"name\":" : "{\"name\":";
      fhir::json::write_string(name, *text);
      text->append(",\"").append(value_name(type)).append("\":");
      const bool bare =
          type == "boolean" || type == "integer" || type == "positiveInt" || type == "unsignedInt" || type == "decimal";
      if (bare && (value.empty() || value.find_first_not_of("0123456789+-.eEtrufals") != value.npos))
        return wrong("value", "\"" + value + "\" is no " + std::string(type), name);
      if (bare)
        *text += value;
      else
        fhir::json::write_string(value, *text);
      *text += '}';
      any = true;
    }
    if (!any) return true;
    *text += "]}";
    auto incoming = rest::receive(*text);
    if (!incoming) return std::move(incoming.outcome());
    input_.texts = text;
    return take(std::make_shared<fhir::Incoming>(std::move(*incoming)));
  }

  Result<bool> read_body() {
    auto body = call_.body;
    if (!body) {
      if (call_.request.body.empty()) return true;
      auto incoming = rest::receive(call_.request.body, call_.format, operation_.keep_faults);
      if (!incoming) return std::move(incoming.outcome());
      body = std::make_shared<fhir::Incoming>(std::move(*incoming));
    }
    input_.faults = body->issues;
    return take(body);
  }

  Result<bool> take(const std::shared_ptr<fhir::Incoming>& incoming) {
    input_.keeps.push_back(incoming);
    const Node& root = *incoming->resource;
    if (root.name != "Parameters") return take_alone(root);
    for (const Node& parameter : root) {
      if (parameter.name != "parameter") continue;
      Argument argument{parameter.value_of("name"), nullptr, nullptr, &parameter};
      for (const Node& child : parameter) {
        if (child.name == "resource" && child.type) argument.resource = as_root(child);
        if (child.name.starts_with("value")) argument.value = &child;
      }
      input_.arguments.push_back(argument);
    }
    return true;
  }

  // The tree itself is not ours to change: that of a batch's entry belongs to the whole bundle.
  const Node* as_root(const Node& node) {
    auto root = std::make_shared<Node>(node);
    root->name = node.type->name.view();
    root->next = nullptr;
    root->listed = false;
    input_.keeps.push_back(root);
    return root.get();
  }

  // A resource in place of Parameters stands for the one parameter that takes it.
  Result<bool> take_alone(const Node& root) {
    const OperationParameter* sole = nullptr;
    for (const auto& parameter : definition_.parameters)
      if (const auto* type = fhir::definitions().type(parameter.type);
          !parameter.out && type && root.type->is(type->name))
        sole = sole ? sole : &parameter;
    if (!sole)
      return Outcome(Kind::malformed, "invalid",
                     "$" + std::string(operation_.code) + " takes Parameters, not a " + std::string(root.name),
                     std::string(root.name));
    input_.arguments.push_back({sole->name, nullptr, &root, nullptr});
    return true;
  }

  Outcome unknown(std::string_view name) const {
    std::string names;
    for (const auto& parameter : definition_.parameters)
      if (!parameter.out) names.append(names.empty() ? "" : ", ").append(parameter.name.view());
    return wrong("not-supported",
                 "$" + std::string(operation_.code) + " has no parameter \"" + std::string(name) + "\"" +
                     (names.empty() ? std::string("; it takes none") : "; it takes " + names),
                 name);
  }

  void leave_out(Outcome& refusal) {
    for (auto& issue : refusal.issues) {
      issue.severity = fhir::Severity::warning;
      input_.ignored.push_back(std::move(issue));
    }
  }

  Result<bool> check() {
    std::vector<Argument> known;
    for (const auto& argument : input_.arguments) {
      const auto* parameter = find(definition_, argument.name);
      if (!parameter) {
        auto refusal = unknown(argument.name);
        if (!rest::lenient(call_.request)) return refusal;
        leave_out(refusal);
        continue;
      }
      const Node* given = argument.resource ? argument.resource : argument.value;
      if (!given && needs_value(*parameter))
        return wrong("required",
                     std::string(argument.name) + " needs a value of type " + std::string(parameter->type.view()),
                     argument.name);
      if (given && given->type && !fits(*given->type, parameter->type))
        return wrong("value",
                     std::string(argument.name) + " is of type " + std::string(parameter->type.view()) + ", not " +
                         std::string(given->type->name.view()),
                     argument.name);
      known.push_back(argument);
    }
    input_.arguments = std::move(known);
    for (const auto& parameter : definition_.parameters)
      if (auto done = count(parameter); !done) return done;
    return true;
  }

  Result<bool> count(const OperationParameter& parameter) const {
    if (parameter.out) return true;
    const auto given = input_.all(parameter.name).size();
    const std::string name(parameter.name.view());
    if (given > parameter.max) return wrong("structure", name + " may be given once", name);
    if (given < parameter.min && !operation_.raw && !input_.has_faults())
      return wrong("required", "$" + std::string(operation_.code) + " needs the parameter " + name, name);
    return true;
  }

  const rest::Call& call_;
  const Operation& operation_;
  const fhir::OperationDefinition& definition_;
  Input input_;
};

}  // namespace

const Argument* Input::first(std::string_view name) const {
  const auto found = std::find_if(arguments.begin(), arguments.end(), [&](const auto& a) { return a.name == name; });
  return found == arguments.end() ? nullptr : &*found;
}

std::vector<const Argument*> Input::all(std::string_view name) const {
  std::vector<const Argument*> found;
  for (const auto& argument : arguments)
    if (argument.name == name) found.push_back(&argument);
  return found;
}

const Node* Input::value(std::string_view name) const {
  const auto* argument = first(name);
  return argument ? argument->value : nullptr;
}

const Node* Input::resource(std::string_view name) const {
  const auto* argument = first(name);
  return argument ? argument->resource : nullptr;
}

std::string_view Input::text(std::string_view name) const {
  const auto* node = value(name);
  return node ? node->text : std::string_view();
}

bool Input::flag(std::string_view name, bool otherwise) const {
  const auto given = text(name);
  return given.empty() ? otherwise : given == "true";
}

bool Input::has_faults() const {
  return std::any_of(faults.begin(), faults.end(), [](const Issue& issue) { return issue.refuses(); });
}

Result<Input> read_input(const rest::Call& call, const Operation& operation) { return Reader(call, operation).read(); }

}  // namespace alzette::operation
