// Gives each node of a raw tree its element and type and merges `_name` members into their primitives.
// FHIR R4 JSON: http://hl7.org/fhir/R4/json.html
#include "fhir/bind.h"

#include "fhir/definitions.h"
#include "fhir/place.h"
#include "fhir/utf8.h"

namespace fhir {

namespace {

constexpr std::size_t most_issues = 100;  // more tell a sender nothing new

using Form = Node::Form;

class Binder {
 public:
  explicit Binder(std::vector<Issue>& issues) : issues_(issues), defs_(definitions()) {}

  // `place` of the root is nullptr: its name is the type's.
  Node* resource(Node* node, const Place* place) {
    const Type* type = resource_type(*node, place);
    if (!type) return nullptr;
    node->type = type;
    if (!place) node->name = type->name;
    const Place root{nullptr, type->name, 0, false};
    object(*node, *type, place ? *place : root);
    return node;
  }

 private:
  void fault(const Place& place, std::string_view code, std::string text) {
    if (issues_.size() < most_issues)
      issues_.push_back({Severity::error, std::string(code), std::move(text), place.expression()});
  }

  // Takes `resourceType` out of the members, wherever it stands.
  const Type* resource_type(Node& node, const Place* place) {
    const Place here = place ? *place : Place{nullptr, "Resource", 0, false};
    for (Node** link = &node.first; *link; link = &(*link)->next) {
      const Node& member = **link;
      if (member.name != "resourceType") continue;
      *link = member.next;
      const Type* type = member.form == Form::string && !member.listed ? defs_.resource(member.text) : nullptr;
      if (!type)
        fault(here, "structure",
              "resourceType must be the name of a FHIR R4 resource type; got '" + shortened(member.text) + "'");
      return type;
    }
    fault(here, "structure", "resourceType is missing: name the resource's type, such as \"Patient\"");
    return nullptr;
  }

  // Binds the members of a complex value, or of what stands beside a primitive (id and extensions).
  void object(Node& node, const Type& type, const Place& place) {
    Node* rest = node.first;
    node.first = nullptr;
    Node** end = &node.first;
    bool gaps = false;
    while (rest) {
      Node* run = rest;
      Node* last = run;
      while (last->next && last->next->name == run->name) last = last->next;
      rest = last->next;
      last->next = nullptr;
      const bool beside = run->name.starts_with('_');
      if (beside && type.member(run->name.substr(1)) && defer(run, rest)) continue;
      Node* values = beside ? add_extensions(run, node, type, place) : members(run, node, type, place);
      *end = values;
      for (; *end; end = &(*end)->next) gaps = gaps || (*end)->form == Form::none;
    }
    if (gaps) drop_gaps(node, place);
  }

  // `_name` that comes before its `name` is put behind it.
  static bool defer(Node* run, Node* rest) {
    const auto name = run->name.substr(1);
    while (rest && rest->name != name) rest = rest->next;
    if (!rest) return false;
    while (rest->next && rest->next->name == name) rest = rest->next;
    Node* last = run;
    while (last->next) last = last->next;
    last->next = rest->next;
    rest->next = run;
    return true;
  }

  // A run of one name becomes bound; what cannot be is left out of the returned chain.
  Node* members(Node* run, const Node& parent, const Type& type, const Place& place) {
    const Member* member = type.member(run->name);
    if (!member || (type.kind == TypeKind::primitive && run->name == "value")) {
      unknown(*run, type, place);
      return nullptr;
    }
    const Element& element = *member->element;
    if (element.choice && second_choice(*run, parent, element, place)) return nullptr;
    if (run->listed != element.repeats()) {
      const Place here{&place, run->name, 0, false};
      fault(here, "structure",
            element.repeats() ? "'" + std::string(run->name) + "' repeats, so its value must be a list: [ … ]"
                              : "'" + std::string(run->name) + "' does not repeat, so its value must not be a list");
      return nullptr;
    }
    Node* first = nullptr;
    Node** end = &first;
    std::uint32_t index = 0;
    for (Node* node = run; node;) {
      Node* next = node->next;
      node->next = nullptr;
      node->element = &element;
      node->type = member->type.get();
      if (value(*node, place_of(place, *node, index++))) {
        *end = node;
        end = &node->next;
      }
      node = next;
    }
    return first;
  }

  bool value(Node& node, const Place& place) {
    const Type& type = *node.type;
    if (type.kind == TypeKind::primitive) return primitive(node, type.primitive, place);
    if (node.form != Form::object) {
      fault(place, "structure", "must be an object of type " + std::string(type.name) + ", not a single value");
      return false;
    }
    if (type.kind == TypeKind::resource) return resource(&node, &place) != nullptr;
    object(node, type, place);
    return true;
  }

  bool primitive(const Node& node, Primitive primitive, const Place& place) {
    if (node.form == Form::none) return true;  // judged when the extensions are known
    const Form wanted = form_of(primitive);
    if (node.form == wanted) return true;
    const char* text = wanted == Form::boolean  ? "must be true or false, without quotes"
                       : wanted == Form::number ? "must be a number, without quotes"
                                                : "must be a string in quotes";
    fault(place, "structure", std::string(text) + " (type " + std::string(node.type->name) + ")");
    return false;
  }

  bool second_choice(const Node& run, const Node& parent, const Element& element, const Place& place) {
    for (const Node& sibling : parent) {
      if (sibling.element != &element || sibling.name == run.name) continue;
      fault({&place, element.name, 0, false}, "structure",
            "only one of '" + std::string(sibling.name) + "' and '" + std::string(run.name) + "' may be given");
      return true;
    }
    return false;
  }

  void unknown(const Node& run, const Type& type, const Place& place) {
    const auto name = shortened(run.name);
    fault({&place, name, 0, false}, "structure",
          "'" + name + "' is not an element of " + std::string(type.name) + " in FHIR R4; remove or rename it");
  }

  // `_name`: to the primitives called `name` before it, or to new ones without a value. Returns those new ones.
  Node* add_extensions(Node* run, Node& parent, const Type& type, const Place& place) {
    const auto name = run->name.substr(1);
    const Member* member = type.member(name);
    if (!member || member->type->kind != TypeKind::primitive || (type.kind == TypeKind::primitive && name == "value")) {
      unknown(*run, type, place);
      return nullptr;
    }
    Node* values = parent.first;
    while (values && values->name != name) values = values->next;
    const Place here{&place, run->name, 0, false};
    if (run->listed != member->element->repeats()) {
      fault(here, "structure", "must be a list exactly when '" + std::string(name) + "' is one");
      return nullptr;
    }
    std::uint32_t index = 0;
    for (Node* node = run; node; node = node->next, ++index) {
      const Place at{&place, run->name, index, run->listed};
      if (node->form == Form::object)
        object(*node, *member->type, at);
      else if (node->form != Form::none)
        fault(at, "structure", "must be an object with id or extension, or null as a gap in a list");
    }
    if (!values) return without_value(run, *member, name, parent, place);
    for (Node* node = run; node || (values && values->name == name); node = node->next, values = values->next) {
      if (!node || !values || values->name != name) {
        fault(here, "structure", "must have as many members as '" + std::string(name) + "', with null for gaps");
        return nullptr;
      }
      values->first = node->first;
    }
    return nullptr;
  }

  Node* without_value(Node* run, const Member& member, std::string_view name, const Node& parent, const Place& place) {
    if (member.element->choice) {
      run->name = name;
      if (second_choice(*run, parent, *member.element, place)) return nullptr;
    }
    for (Node* node = run; node; node = node->next) {
      node->name = name;
      node->element = member.element.get();
      node->type = member.type.get();
      node->form = Form::none;
    }
    return run;
  }

  // A null without anything beside it says nothing. Outside lists it is what a fault left over.
  void drop_gaps(Node& node, const Place& place) {
    std::uint32_t index = 0;
    std::string_view name;
    for (Node** link = &node.first; *link;) {
      Node& child = **link;
      index = child.name == name ? index + 1 : 0;
      name = child.name;
      if (child.form == Form::none && !child.first) {
        if (child.listed)
          fault(place_of(place, child, index), "structure",
                "null needs an id or extension in '_" + std::string(name) + "'");
        *link = child.next;
      } else {
        link = &child.next;
      }
    }
  }

  std::vector<Issue>& issues_;
  const Definitions& defs_;
};

}  // namespace

Form form_of(Primitive primitive) {
  if (primitive == Primitive::boolean) return Form::boolean;
  const bool number = primitive == Primitive::integer || primitive == Primitive::positiveInt ||
                      primitive == Primitive::unsignedInt || primitive == Primitive::decimal;
  return number ? Form::number : Form::string;
}

Node* bind(Node* raw, Arena&, std::vector<Issue>& issues) { return Binder(issues).resource(raw, nullptr); }

}  // namespace fhir
