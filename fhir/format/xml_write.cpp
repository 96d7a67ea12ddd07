// Writes a bound tree as FHIR XML. FHIR R4: http://hl7.org/fhir/R4/xml.html
#include <algorithm>
#include <vector>

#include "fhir/bind.h"
#include "fhir/definitions.h"
#include "fhir/format/json.h"
#include "fhir/format/xml.h"
#include "fhir/format/xml_escape.h"
#include "fhir/format/xml_narrative.h"

namespace fhir::xml {

namespace {

class Writer {
 public:
  Writer(std::string& out, bool pretty) : out_(out), pretty_(pretty) {}

  void resource(const Node& node, bool root) {
    open(node.type->name);
    if (root) out_.append(" xmlns=\"").append(fhir_namespace).append("\"");
    content(node, node.type->name);
  }

 private:
  void line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }
  void open(std::string_view name) {
    line();
    out_.append("<").append(name);
  }
  void attribute(std::string_view name, std::string_view text) {
    out_.append(" ").append(name).append("=\"");
    escape(text, Place::attribute, out_);
    out_ += '"';
  }
  // Attributes and children of `node`, whose start tag is still open, and its end tag.
  void content(const Node& node, std::string_view name) {
    const auto begin = in_order(node);
    const auto end = order_.size();
    auto at = begin;
    for (; at < end && order_[at]->element->attribute; ++at) attribute(order_[at]->name, order_[at]->text);
    if (node.has_value()) attribute("value", node.text);
    if (at == end) {
      out_ += "/>";
      order_.resize(begin);
      return;
    }
    out_ += '>';
    ++depth_;
    for (; at < end; ++at) element(*order_[at]);
    --depth_;
    line();
    out_.append("</").append(name).append(">");
    order_.resize(begin);
  }

  // The bound children at the end of `order_`: attributes, then elements in the order of the definition, which JSON
  // leaves free.
  std::size_t in_order(const Node& node) {
    const auto begin = order_.size();
    for (const Node& child : node)
      if (child.element) order_.push_back(&child);
    const auto first = order_.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto before = [](const Node* a, const Node* b) {
      return a->element->attribute != b->element->attribute ? a->element->attribute : a->element < b->element;
    };
    if (!std::is_sorted(first, order_.end(), before)) std::stable_sort(first, order_.end(), before);
    return begin;
  }

  void element(const Node& node) {
    if (node.type->kind == TypeKind::resource) return inside(node);
    if (node.type->primitive == Primitive::xhtml) {
      line();
      return write_narrative(node.text, out_);
    }
    open(node.name);
    content(node, node.name);
  }

  void inside(const Node& node) {
    open(node.name);
    out_ += '>';
    ++depth_;
    resource(node, false);
    --depth_;
    line();
    out_.append("</").append(node.name).append(">");
  }

  std::string& out_;
  bool pretty_;
  std::size_t depth_ = 0;
  std::vector<const Node*> order_;  // children of the elements that are open, innermost last
};

}  // namespace

void write(const Node& resource, std::string& out, bool pretty) {
  out += R"(<?xml version="1.0" encoding="UTF-8"?>)";
  if (!pretty) out += '\n';
  Writer(out, pretty).resource(resource, true);
}

std::string from_json(std::string_view json, bool pretty) {
  Arena arena(std::max<std::size_t>(4096, json.size() * 4));
  std::vector<Issue> issues;
  std::string out;
  out.reserve(json.size() * 3 / 2);
  json::Limits ours;  // what was let in goes out, be it in a bundle of many
  ours.bytes = ours.nodes = ours.array = json.size() + 1;
  ours.depth *= 2;
  const auto raw = json::parse(json, arena, ours);
  if (const Node* resource = raw ? bind(*raw, arena, issues) : nullptr) write(*resource, out, pretty);
  return out;
}

}  // namespace fhir::xml
