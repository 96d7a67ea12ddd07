// Items of a collection as Parameters.parameter.part. FHIR R4: http://hl7.org/fhir/R4/parameters.html
#include "fhir/path/results.h"

#include "fhir/format/json.h"
#include "fhir/format/json_commas.h"
#include "fhir/path/decimal.h"
#include "fhir/path/plain.h"
#include "fhir/path/temporal.h"
#include "fhir/path/value.h"

namespace fhir::path {
namespace {

constexpr std::string_view ucum = "http://unitsofmeasure.org";

void write_name(std::string_view name, std::string& out) { out += "{\"name\":\"" + std::string(name) + "\""; }

void write_member(std::string_view name, std::string_view text, std::string& out) {
  out += ",\"" + std::string(name) + "\":";
  json::write_string(text, out);
}

void write_json_value(std::string_view json, std::string& out) {
  out += ",\"extension\":[{\"url\":\"" + std::string(json_value_url) + "\"";
  write_member("valueString", json, out);
  out += "}]";
}

// A literal may be written in ways that JSON's numbers are not: 007, +5.
std::string plain_number(std::string_view text) {
  const auto decimal = Decimal::parse(text);
  return decimal ? decimal->text() : std::string(text);
}

void write_quantity(const Item& item, std::string& out) {
  const bool calendar = !calendar_word(item.unit).empty() || item.unit.starts_with('\'');
  out += ",\"valueQuantity\":{\"value\":" + plain_number(item.text);
  write_member("unit", item.unit, out);
  if (!calendar) {
    write_member("system", ucum, out);
    write_member("code", item.unit, out);
  }
  out += '}';
}

// "System.Integer": what type() tells.
void write_type(const Item& item, std::string& out) {
  const auto dot = item.text.find('.');
  std::string json = "{\"namespace\":";
  json::write_string(std::string_view(item.text).substr(0, dot), json);
  json += ",\"name\":";
  json::write_string(std::string_view(item.text).substr(dot + 1), json);
  json += '}';
  write_name("TypeInfo", out);
  write_json_value(json, out);
}

std::string_view without_bare_t(std::string_view text) {
  return text.ends_with('T') ? text.substr(0, text.size() - 1) : text;
}

std::string value_member(std::string_view type) {
  std::string name = "value" + std::string(type);
  if (name[5] >= 'a') name[5] = static_cast<char>(name[5] - 'a' + 'A');
  return name;
}

void write_untyped(const Node& node, std::string& out) {
  const std::string_view type = node.value_of("resourceType");
  std::string json;
  write_plain(node, json);
  std::string name;
  json::write_string(type.empty() ? std::string_view("object") : type, name);
  out += "{\"name\":" + name;
  write_json_value(json, out);
}

void write_element(const Node& node, std::string& out) {
  const Type& type = *node.type;
  const bool backbone = type.kind == TypeKind::backbone;
  write_name(backbone ? std::string_view("BackboneElement") : type.name.view(), out);
  if (type.kind == TypeKind::resource) {
    out += ",\"resource\":";
    json::write(node, out);
    return;
  }
  const std::string member = value_member(type.name);
  const bool carried = !backbone && definitions().type("Parameters.parameter")->member(member);
  if (!carried) {
    std::string json;
    write_plain(node, json);
    write_json_value(json, out);
    return;
  }
  if (node.form != Node::Form::none) {
    out += ",\"" + member + "\":";
    write_plain(node, out);
  }
  if (type.kind == TypeKind::primitive && node.first) {
    Node beside = node;
    beside.form = Node::Form::object;
    out += ",\"_" + member + "\":";
    write_plain(beside, out);
  }
}

// Node and value both: an untyped primitive is shown as the value it has.
Item shown(const Item& item) {
  if (item.kind != Item::Kind::node || item.node->type || !item.node->has_value()) return item;
  const Node& node = *item.node;
  Item value;
  value.text = node.text;
  value.kind = node.form == Node::Form::string ? Item::Kind::string : Item::Kind::decimal;
  if (node.form == Node::Form::boolean) {
    value.kind = Item::Kind::boolean;
    value.boolean = node.text == "true";
  }
  const bool whole = value.kind == Item::Kind::decimal && node.text.find_first_of(".eE") == std::string_view::npos;
  if (whole) value.kind = Item::Kind::integer;
  return value;
}

void write_part(const Item& item, std::string& out) {
  switch (item.kind) {
    case Item::Kind::node:
      item.node->type ? write_element(*item.node, out) : write_untyped(*item.node, out);
      break;
    case Item::Kind::boolean:
      write_name("boolean", out);
      out += item.boolean ? ",\"valueBoolean\":true" : ",\"valueBoolean\":false";
      break;
    case Item::Kind::integer:
      write_name("integer", out);
      out += ",\"valueInteger\":" + (item.text.empty() ? std::to_string(item.integer) : item.text);
      break;
    case Item::Kind::long_integer:  // R5's integer64, which JSON writes as a string; R4 has no element for it
      write_name("integer64", out);
      write_member("valueString", std::to_string(item.integer), out);
      break;
    case Item::Kind::decimal:
      write_name("decimal", out);
      out += ",\"valueDecimal\":" + plain_number(item.text);
      break;
    case Item::Kind::string:
      write_name(item.text.empty() ? "empty-string" : "string", out);
      if (!item.text.empty()) write_member("valueString", item.text, out);
      break;
    case Item::Kind::date:
      write_name("date", out);
      write_member("valueDate", item.text, out);
      break;
    case Item::Kind::date_time:
      write_name("dateTime", out);
      write_member("valueDateTime", without_bare_t(item.text), out);
      break;
    case Item::Kind::time:
      write_name("time", out);
      write_member("valueTime", item.text, out);
      break;
    case Item::Kind::quantity:
      write_name("Quantity", out);
      write_quantity(item, out);
      break;
    case Item::Kind::type:
      write_type(item, out);
      break;
  }
  out += '}';
}

}  // namespace

void write_parts(const Collection& items, std::string& out) {
  json::Commas commas(out);
  for (const Item& item : items) write_part(shown(item), commas.next());
}

}  // namespace fhir::path
