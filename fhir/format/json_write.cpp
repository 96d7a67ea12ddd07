// Writes a bound tree as FHIR JSON, and lays a resource out as the store keeps it.
// FHIR R4 JSON: http://hl7.org/fhir/R4/json.html
#include <array>
#include <cstdint>

#include "fhir/definitions.h"
#include "fhir/format/json.h"
#include "fhir/store.h"

namespace fhir::json {

namespace {

constexpr auto needs_escape = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

void write_escape(unsigned char c, std::string& out) {
  constexpr char digits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += digits[c >> 4];
      out += digits[c & 15];
  }
}

// Siblings of one name: [first, end).
struct Run {
  const Node* first;
  const Node* end = nullptr;
  bool listed = false;
  bool values = false;      // one of them has a value or is an object
  bool extensions = false;  // one of them is a primitive with children

  explicit Run(const Node* start) : first(start) {
    for (end = start; end && end->name == start->name; end = end->next) {
      const bool object = end->form == Node::Form::object;
      listed = listed || end->listed || end != start;
      values = values || object || end->has_value();
      extensions = extensions || (!object && end->first);
    }
  }
};

void write_object(const Node& node, std::string& out);

void write_value(const Node& node, std::string& out) {
  switch (node.form) {
    case Node::Form::object:
      write_object(node, out);
      return;
    case Node::Form::string:
      write_string(node.text, out);
      return;
    case Node::Form::number:
    case Node::Form::boolean:
      out += node.text;
      return;
    case Node::Form::none:
      out += "null";
  }
}

void write_name(std::string_view prefix, std::string_view name, std::string& out) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += prefix;
  out += name;  // names come from the definitions: nothing to escape
  out += "\":";
}

void write_extensions(const Node& node, std::string& out) {
  if (node.first)
    write_object(node, out);
  else
    out += "null";
}

template <class Each>
void write_list(const Run& run, std::string& out, Each each) {
  if (run.listed) out += '[';
  for (const Node* node = run.first; node != run.end; node = node->next) {
    if (node != run.first) out += ',';
    each(*node, out);
  }
  if (run.listed) out += ']';
}

void write_run(const Run& run, std::string& out) {
  if (run.values) {
    write_name("", run.first->name, out);
    write_list(run, out, write_value);
  }
  if (run.extensions) {
    write_name("_", run.first->name, out);
    write_list(run, out, write_extensions);
  }
}

// Members without the braces; `skip` leaves some names out.
template <class Skip>
void write_members(const Node* first, std::string& out, Skip skip) {
  for (const Node* node = first; node;) {
    const Run run(node);
    if (!skip(node->name)) write_run(run, out);
    node = run.end;
  }
}

bool skip_nothing(std::string_view) { return false; }

void write_object(const Node& node, std::string& out) {
  out += '{';
  if (node.type && node.type->kind == TypeKind::resource) {
    out += "\"resourceType\":\"";
    out += node.type->name.view();
    out += '"';
  }
  write_members(node.first, out, skip_nothing);
  out += '}';
}

}  // namespace

void write_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!needs_escape[c]) continue;
    out.append(text, start, i - start);
    write_escape(c, out);
    start = i + 1;
  }
  out.append(text, start);
  out += '"';
}

void write(const Node& node, std::string& out, bool pretty) {
  if (!pretty) {
    write_object(node, out);
    return;
  }
  std::string compact;
  write_object(node, compact);
  out += indent(compact);
}

std::string indent(std::string_view compact) {
  std::string out;
  out.reserve(compact.size() * 2);
  std::size_t depth = 0;
  bool in_string = false;
  const auto line = [&] {
    out += '\n';
    out.append(depth * 2, ' ');
  };
  for (std::size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < compact.size()) out += compact[++i];
      in_string = c != '"';
      continue;
    }
    if (c == '}' || c == ']') {
      --depth;
      line();
    }
    out += c;
    if (c == '{' || c == '[') {
      ++depth;
      line();
    } else if (c == ',') {
      line();
    } else if (c == ':') {
      out += ' ';
    } else if (c == '"') {
      in_string = true;
    }
  }
  return out;
}

Body body_of(const Node& resource, std::string_view id) {
  Body body;
  auto& out = body.bytes;
  out.reserve(1024);
  out += "{\"resourceType\":\"";
  out += resource.type->name.view();
  out += "\",\"id\":";
  write_string(id, out);
  out += ",\"meta\":{";
  body.meta_at = out.size();
  if (const Node* meta = resource.child("meta"))
    write_members(meta->first, out, [](std::string_view name) { return name == "versionId" || name == "lastUpdated"; });
  out += '}';
  write_members(resource.first, out, [](std::string_view name) { return name == "id" || name == "meta"; });
  out += '}';
  return body;
}

}  // namespace fhir::json
