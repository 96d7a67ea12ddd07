// From FHIR elements to FHIRPath's own types: http://hl7.org/fhir/R4/fhirpath.html#types
#include <array>
#include <charconv>
#include <utility>

#include "fhir/path/evaluator.h"

namespace fhir::path {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Value numeric(std::string_view text) {
  const auto whole = whole_number(text);
  return whole ? Value::of(*whole) : Value::of(ValueKind::decimal, text);
}

// A value of an untyped tree: as JSON wrote it.
Value plain(const Node& node) {
  switch (node.form) {
    case Node::Form::boolean:
      return Value::of(node.text == "true");
    case Node::Form::number:
      return numeric(node.text);
    case Node::Form::string:
      return Value::of(ValueKind::string, node.text);
    case Node::Form::object:
    case Node::Form::none:
      break;
  }
  return Value::of(node);
}

Value typed(const Node& node) {
  switch (node.type->primitive) {
    case Primitive::boolean:
      return Value::of(node.text == "true");
    case Primitive::integer:
    case Primitive::positiveInt:
    case Primitive::unsignedInt:
      return numeric(node.text);
    case Primitive::decimal:
      return Value::of(ValueKind::decimal, node.text);
    case Primitive::date:
      return Value::of(ValueKind::date, node.text);
    case Primitive::dateTime:
    case Primitive::instant:
      return Value::of(ValueKind::date_time, node.text);
    case Primitive::time:
      return Value::of(ValueKind::time, node.text);
    case Primitive::none:
    case Primitive::string:
    case Primitive::code:
    case Primitive::id:
    case Primitive::markdown:
    case Primitive::uri:
    case Primitive::url:
    case Primitive::canonical:
    case Primitive::oid:
    case Primitive::uuid:
    case Primitive::base64Binary:
    case Primitive::xhtml:
      break;
  }
  return Value::of(ValueKind::string, node.text);
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> durations{{{"a", "year"},
                                                                                  {"mo", "month"},
                                                                                  {"wk", "week"},
                                                                                  {"d", "day"},
                                                                                  {"h", "hour"},
                                                                                  {"min", "minute"},
                                                                                  {"s", "second"},
                                                                                  {"ms", "millisecond"}}};

// Quantity and its kin: the unit is the UCUM code where there is one, otherwise what was written. With a comparator it
// is not one value.
Value quantity(const Node& node) {
  const Node* value = node.child("value");
  if (!value || !value->has_value() || node.child("comparator")) return Value::of(node);
  const std::string_view code = node.value_of("code");
  const bool ucum = node.value_of("system") == "http://unitsofmeasure.org";
  std::string_view unit = ucum && !code.empty() ? code : node.value_of("unit");
  if (unit.empty()) unit = code.empty() ? std::string_view("1") : code;
  Value read = Value::of(ValueKind::quantity, value->text, unit);
  read.boolean = ucum && !calendar_of(unit).empty();
  return read;
}

}  // namespace

std::string_view calendar_of(std::string_view code) {
  for (const auto& [ucum, word] : durations)
    if (ucum == code) return word;
  return {};
}

Value system(const Value& value) {
  if (value.kind != ValueKind::node) return value;
  const Node& node = *value.node;
  Value read = value;
  if (node.has_value())
    read = node.type && node.type->primitive != Primitive::none ? typed(node) : plain(node);
  else if (node.form == Node::Form::object && node.type && node.type->kind == TypeKind::complex &&
           node.type->is("Quantity"))
    read = quantity(node);
  read.node = &node;
  return read;
}

Value value_of(const Item& item) { return {item.kind, item.boolean, item.integer, item.node, item.text, item.unit}; }

Item item_of(const Value& value) {
  return {value.kind, value.node, value.boolean, value.integer, std::string(value.text), std::string(value.unit)};
}

std::string_view system_type(ValueKind kind) {
  switch (kind) {
    case ValueKind::boolean:
      return "System.Boolean";
    case ValueKind::integer:
      return "System.Integer";
    case ValueKind::long_integer:
      return "System.Long";
    case ValueKind::decimal:
      return "System.Decimal";
    case ValueKind::string:
      return "System.String";
    case ValueKind::date:
      return "System.Date";
    case ValueKind::date_time:
      return "System.DateTime";
    case ValueKind::time:
      return "System.Time";
    case ValueKind::quantity:
      return "System.Quantity";
    case ValueKind::type:
    case ValueKind::node:
      break;
  }
  return "System.Any";
}

}  // namespace fhir::path
