// Variables, directives and filters. http://hl7.org/fhir/R4/graphql.html#list
#include "fhir/graphql/arguments.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace fhir::graphql {
namespace {

constexpr std::uint64_t filter_steps = 100'000;  // of FHIRPath, for one element

Value value_from(const Node& node) {
  Value value;
  value.text = node.text;
  switch (node.form) {
    case Node::Form::none:
      break;
    case Node::Form::boolean:
      value.form = Value::Form::boolean;
      break;
    case Node::Form::number:
      value.form = Value::Form::number;
      break;
    case Node::Form::string:
      value.form = Value::Form::string;
      break;
    case Node::Form::object:
      value.form = Value::Form::object;
      for (const Node& member : node) value.members.push_back({std::string(member.name), value_from(member)});
  }
  return value;
}

// The variable `name` as it was given: a list is a run of nodes.
std::optional<Value> given_value(const Node* given, std::string_view name) {
  std::optional<Value> found;
  if (!given) return found;
  for (const Node& each : *given) {
    if (each.name != name) continue;
    if (!each.listed) return value_from(each);
    if (!found) found = Value{Value::Form::list, {}, {}, {}};
    found->items.push_back(value_from(each));
  }
  return found;
}

std::optional<std::size_t> number(const std::optional<std::string>& text) {
  std::size_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

bool is_paging(std::string_view name) { return name == "fhirpath" || name == "_count" || name == "_offset"; }

}  // namespace

Outcome fault(std::string text) { return {Kind::malformed, "invalid", "GraphQL: " + std::move(text)}; }

Result<Arguments> Arguments::of(const Operation& operation, const Node* given) {
  Arguments made;
  for (const auto& variable : operation.variables) {
    auto value = given_value(given, variable.name);
    if (!value && variable.required) return fault("the variable $" + variable.name + " is not given");
    made.variables_[variable.name] = std::move(value).value_or(variable.fallback);
  }
  return made;
}

Result<const Value*> Arguments::value_of(const Value& value) const {
  if (value.form != Value::Form::variable) return &value;
  const auto found = variables_.find(value.text);
  if (found == variables_.end()) return fault("the query does not declare the variable $" + value.text);
  return &found->second;
}

Result<std::optional<std::string>> Arguments::text(const Value& written) const {
  const auto value = value_of(written);
  if (!value) return value.outcome();
  switch ((*value)->form) {
    case Value::Form::null:
      return std::optional<std::string>();
    case Value::Form::boolean:
    case Value::Form::number:
    case Value::Form::string:
    case Value::Form::word:
      return std::optional((*value)->text);
    case Value::Form::list:
    case Value::Form::object:
    case Value::Form::variable:
      break;
  }
  return fault("a single value is needed");
}

Result<std::optional<std::string>> Arguments::text(const Selection& field, std::string_view name) const {
  const Value* value = field.argument(name);
  return value ? text(*value) : Result(std::optional<std::string>());
}

Result<bool> Arguments::is_wanted(const Selection& selection) const {
  for (const auto& directive : selection.directives) {
    if (directive.name != "skip" && directive.name != "include") continue;
    const bool conditional = directive.arguments.size() == 1 && directive.arguments.front().name == "if";
    if (!conditional) return fault("@" + directive.name + " has the argument if");
    const auto condition = text(directive.arguments.front().value);
    if (!condition) return condition.outcome();
    if (*condition != "true" && *condition != "false") return fault("if of @" + directive.name + " is true or false");
    if ((*condition == "true") == (directive.name == "skip")) return false;
  }
  return true;
}

Result<bool> Arguments::matches(const Node& node, const Selection& field, const path::Program* filter,
                                const Node& resource) const {
  if (filter) {
    path::Context context;
    context.resource = &resource;
    context.steps = filter_steps;
    const auto holds = path::holds(*filter, node, context);
    if (!holds) return holds.outcome();
    if (!*holds) return false;
  }
  for (const auto& argument : field.arguments) {
    if (is_paging(argument.name)) continue;
    const auto wanted = text(argument.value);
    if (!wanted) return wanted.outcome();
    const bool found = std::any_of(node.begin(), node.end(), [&](const Node& child) {
      return child.name == argument.name && child.has_value() && child.text == *wanted;
    });
    if (*wanted && !found) return false;
  }
  return true;
}

Result<std::vector<const Node*>> Arguments::chosen(const Selection& field, const Type& type,
                                                   std::vector<const Node*> nodes, const Node& resource) const {
  if (field.arguments.empty()) return nodes;
  for (const auto& argument : field.arguments) {
    const Member* member = type.kind == TypeKind::primitive ? nullptr : type.member(argument.name);
    if (!is_paging(argument.name) && (!member || member->type->kind != TypeKind::primitive))
      return fault(std::string(type.name) + " cannot be chosen by " + argument.name + " (field " + field.name + ")");
  }
  path::Compiled filter;
  const auto fhirpath = text(field, "fhirpath");
  if (!fhirpath) return fhirpath.outcome();
  if (const auto& expression = *fhirpath) {
    auto compiled = path::compile(*expression);
    if (!compiled) return std::move(compiled.outcome());
    filter = std::move(*compiled);
  }
  const auto offset = text(field, "_offset");
  const auto count = text(field, "_count");
  if (!offset || !count) return !offset ? offset.outcome() : count.outcome();
  if ((*offset && !number(*offset)) || (*count && !number(*count))) return fault("_offset and _count are numbers");
  const std::size_t from = number(*offset).value_or(0);
  const std::size_t most = number(*count).value_or(nodes.size());
  std::vector<const Node*> kept;
  std::size_t matched = 0;
  for (const Node* node : nodes) {
    const auto match = matches(*node, field, filter.get(), resource);
    if (!match) return match.outcome();
    if (*match && matched++ >= from && kept.size() < most) kept.push_back(node);
  }
  return kept;
}

Result<search::Parameters> Arguments::parameters(const Selection& field,
                                                 const std::vector<std::string_view>& apart) const {
  search::Parameters made;
  for (const auto& argument : field.arguments) {
    if (std::find(apart.begin(), apart.end(), argument.name) != apart.end()) continue;
    // Names of GraphQL have no hyphen: general_practitioner.
    std::string name = argument.name;
    std::replace(name.begin() + 1, name.end(), '_', '-');
    const auto value = value_of(argument.value);
    if (!value) return value.outcome();
    std::string joined;
    const auto& items = (*value)->form == Value::Form::list ? (*value)->items : std::vector<Value>{**value};
    for (const auto& item : items) {
      auto written = text(item);
      if (!written) return std::move(written.outcome());
      const auto& one = *written;
      if (!one) continue;
      if (!joined.empty()) joined += ',';
      joined += *one;
    }
    if (!joined.empty()) made.emplace_back(std::move(name), std::move(joined));
  }
  return made;
}

}  // namespace fhir::graphql
