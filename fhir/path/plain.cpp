// Plain JSON in and out. FHIRPath N1, section 3.
#include "fhir/path/plain.h"

#include "fhir/definitions.h"
#include "fhir/format/json.h"

namespace fhir::path {
namespace {

Node* first_named(Node& owner, std::string_view name) {
  for (Node* child = owner.first; child; child = child->next)
    if (child->name == name) return child;
  return nullptr;
}

bool is_object_or_gap(const Node& node) { return node.form == Node::Form::object || node.form == Node::Form::none; }

// A run of `_name` members without values called `name`: its members are these, each without a value.
void rename(Node* run, const Node* end) {
  const std::string_view name = run->name.substr(1);
  for (Node* node = run; node != end; node = node->next) {
    node->name = name;
    node->form = Node::Form::none;
  }
}

// A run of `_name` members, taken out of its object, goes to the values called `name`, one by one.
void join(Node* value, Node* run, const Node* end) {
  const std::string_view name = value->name;
  Node* last = value;
  for (; run != end && value && value->name == name; run = run->next, value = value->next) {
    value->first = run->first;
    last = value;
  }
  while (run != end) {  // more members than values: values that have none
    Node* next = run->next;
    if (run->first) {
      run->name = name;
      run->form = Node::Form::none;
      run->next = last->next;
      last = last->next = run;
    }
    run = next;
  }
}

void merge(Node& owner) {
  for (Node** link = &owner.first; *link;) {
    Node* run = *link;
    Node* last = run;
    bool beside = run->name.size() > 1 && run->name.front() == '_';
    for (Node* node = run; node && node->name == run->name; node = node->next) {
      beside = beside && is_object_or_gap(*node);
      merge(*node);
      last = node;
    }
    Node* const end = last->next;
    if (!beside) {
      link = &last->next;
    } else if (!first_named(owner, run->name.substr(1))) {
      rename(run, end);
      link = &last->next;
    } else {
      *link = end;
      join(first_named(owner, run->name.substr(1)), run, end);
    }
  }
}

// A member that is null says nothing; in a list it keeps its place.
void drop_nulls(Node& owner) {
  for (Node** link = &owner.first; *link;) {
    Node& node = **link;
    if (node.form == Node::Form::none && !node.first && !node.listed) {
      *link = node.next;
      continue;
    }
    drop_nulls(node);
    link = &node.next;
  }
}

void write_object(const Node& node, std::string& out);

void write_value(const Node& node, std::string& out) {
  switch (node.form) {
    case Node::Form::object:
      return write_object(node, out);
    case Node::Form::string:
      return json::write_string(node.text, out);
    case Node::Form::number:
    case Node::Form::boolean:
      out += node.text;
      return;
    case Node::Form::none:
      out += "null";
  }
}

// A run of one name: its values, or with `beside` what stands beside primitives.
void write_run(const Node* run, const Node* end, bool beside, std::string& out) {
  if (out.back() != '{') out += ',';
  json::write_string((beside ? "_" : "") + std::string(run->name), out);
  out += ':';
  const bool listed = run->listed || run->next != end;
  if (listed) out += '[';
  for (const Node* node = run; node != end; node = node->next) {
    if (node != run) out += ',';
    if (!beside)
      write_value(*node, out);
    else if (node->form != Node::Form::object && node->first)
      write_object(*node, out);
    else
      out += "null";
  }
  if (listed) out += ']';
}

void write_object(const Node& node, std::string& out) {
  out += '{';
  if (node.type && node.type->kind == TypeKind::resource)
    out += "\"resourceType\":\"" + std::string(node.type->name) + "\"";
  for (const Node* run = node.first; run;) {
    const Node* end = run;
    bool values = false;
    bool beside = false;
    for (; end && end->name == run->name; end = end->next) {
      values = values || end->form == Node::Form::object || end->has_value();
      beside = beside || (end->form != Node::Form::object && end->first);
    }
    if (values || !beside) write_run(run, end, false, out);
    if (beside) write_run(run, end, true, out);
    run = end;
  }
  out += '}';
}

void type_resource(Node& node);

void type_object(Node& node, const Type* type);

void type_value(Node& node, const Type& type) {
  node.type = &type;
  if (type.kind == TypeKind::resource)
    type_resource(node);
  else if (node.form == Node::Form::object || node.first)
    type_object(node, &type);
}

// Of a complex value, or of what stands beside a primitive. An extension is one wherever it stands.
void type_object(Node& node, const Type* type) {
  for (Node* child = node.first; child; child = child->next) {
    const Member* member = type ? type->member(child->name) : nullptr;
    if (!member && child->name == "extension") member = definitions().type("Element")->member("extension");
    if (!member) {
      type_object(*child, nullptr);
      continue;
    }
    child->element = member->element.get();
    child->listed = child->listed || member->element->repeats();
    type_value(*child, *member->type);
  }
}

void type_resource(Node& node) {
  Node** link = &node.first;
  while (*link && (*link)->name != "resourceType") link = &(*link)->next;
  const Type* type = *link ? definitions().resource((*link)->text) : nullptr;
  node.type = type;
  if (type) {
    *link = (*link)->next;
    if (!node.element) node.name = type->name;
  }
  type_object(node, type);
}

Result<std::vector<Node*>> read(std::string_view text, Arena& arena) {
  json::Limits limits;
  limits.plain = true;
  const std::string wrapped =
      "{\"value\":" + std::string(text) + "}";  // the reader wants an object; it copies the text
  auto root = json::parse(wrapped, arena, limits);
  if (!root) return std::move(root.outcome());
  merge(**root);
  drop_nulls(**root);
  std::vector<Node*> values;
  for (Node* node = (*root)->first; node; node = node->next) {
    if (node->name != "value")  // the text closed the object and opened another member
      return Outcome(Kind::malformed, "structure", "a single JSON value is needed");
    node->name = node->value_of("resourceType");
    values.push_back(node);
  }
  return values;
}

}  // namespace

Result<std::vector<const Node*>> read_typed(std::string_view text, Arena& arena) {
  auto values = read(text, arena);
  if (!values) return std::move(values.outcome());
  for (Node* value : *values)
    if (value->form == Node::Form::object) type_resource(*value);
  return std::vector<const Node*>(values->begin(), values->end());
}

Result<std::vector<const Node*>> read_plain(std::string_view text, Arena& arena) {
  auto values = read(text, arena);
  if (!values) return std::move(values.outcome());
  return std::vector<const Node*>(values->begin(), values->end());
}

void write_plain(const Node& node, std::string& out) { write_value(node, out); }

}  // namespace fhir::path
