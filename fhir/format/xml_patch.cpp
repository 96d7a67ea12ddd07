// XML Patch on the XML of a resource: RFC 5261; http://hl7.org/fhir/R4/http.html#patch
//
//   <diff xmlns="http://hl7.org/fhir"><replace sel="f:Patient/f:gender/@value">female</replace> … </diff>
//
// Comments and processing instructions are not kept with a resource: operations on those that are not there do nothing.
#include <pugixml.hpp>
#include <sstream>

#include "fhir/format/xml.h"
#include "fhir/format/xml_select.h"
#include "fhir/patch/patch.h"
#include "fhir/utf8.h"

namespace fhir::patch {
namespace {

using Kind = xml::Selected::Kind;

constexpr std::uint64_t most_visits = 5'000'000;  // nodes that the selectors of one patch look at
constexpr unsigned as_written = pugi::parse_default | pugi::parse_ws_pcdata | pugi::parse_comments | pugi::parse_pi;

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

std::string_view local_name(pugi::xml_node node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') + 1);
}

std::string_view space_of(pugi::xml_node node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return xml::space_at(node, colon == name.npos ? std::string_view() : name.substr(0, colon));
}

// `source` of the patch as `made` in the resource: by its namespace, without prefix.
void copy_into(pugi::xml_node made, pugi::xml_node source) {
  if (source.type() != pugi::node_element) {
    made.set_name(source.name());
    made.set_value(source.value());
    return;
  }
  const std::string space(space_of(source));
  made.set_name(std::string(local_name(source)).c_str());
  if (space != xml::space_at(made.parent(), {})) made.append_attribute("xmlns").set_value(space.c_str());
  for (auto attribute : source.attributes()) {
    const std::string_view name = attribute.name();
    if (name != "xmlns" && !name.starts_with("xmlns:")) made.append_attribute(attribute.name()) = attribute.value();
  }
  for (auto child : source.children()) copy_into(made.append_child(child.type()), child);
}

class Patcher {
 public:
  explicit Patcher(pugi::xml_document& resource) : resource_(resource) {}

  Result<bool> apply(pugi::xml_node operation, std::size_t index) {
    operation_ = operation;
    const auto name = local_name(operation);
    place_ = "operation " + std::to_string(index + 1) + " (" + shortened(name, 16) + ")";
    const auto space = space_of(operation);
    if (!space.empty() && space != xml::fhir_namespace) return malformed("is not in FHIR's namespace");
    const auto selector = operation.attribute("sel");
    if (!selector) return malformed("needs sel");
    if (name != "add" && name != "replace" && name != "remove") return malformed("is none of add, replace and remove");
    auto selection = xml::select(resource_, selector.value(), operation, visits_);
    if (!selection) return std::move(selection.outcome());
    const bool kept = selection->kind != Kind::comment && selection->kind != Kind::instruction;
    if (!kept && selection->found.empty()) return true;
    if (selection->found.size() != 1)
      return misfit("must select one node, and selects " + std::to_string(selection->found.size()));
    const auto& target = selection->found.front();
    return name == "add" ? add(target) : name == "replace" ? replace(target) : remove(target);
  }

 private:
  Outcome malformed(std::string_view what) const {
    return {fhir::Kind::malformed, "invalid", "XML Patch: " + place_ + " " + std::string(what)};
  }
  Outcome misfit(std::string_view what) const {
    return {fhir::Kind::unprocessable, "processing", "XML Patch: " + place_ + " " + std::string(what)};
  }

  std::string text() const {
    std::string text;
    for (auto child : operation_.children())
      if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
    return text;
  }
  bool has_elements() const {
    return operation_.find_child([](pugi::xml_node node) { return node.type() == pugi::node_element; });
  }

  Result<bool> add(const xml::Selected& target) {
    const std::string_view type = operation_.attribute("type").value();
    const std::string_view position = operation_.attribute("pos").value();
    if (!type.empty()) return add_attribute(target, type);
    if (position == "before" || position == "after") {
      if (target.kind == Kind::attribute) return misfit("cannot stand beside an attribute");
      if (target.node == resource_.document_element()) return misfit("cannot stand beside the resource");
      put(target.node.parent(), target.node, position == "before");
      return true;
    }
    if (target.kind != Kind::element) return misfit("needs an element to add to");
    if (!position.empty() && position != "prepend")
      return malformed("has a pos that is none of before, after, prepend");
    const auto first = target.node.first_child();
    put(target.node, position == "prepend" ? first : pugi::xml_node(), true);
    return true;
  }

  // The operation's content into `owner`: before or behind `mark`, at the end without one.
  void put(pugi::xml_node owner, pugi::xml_node mark, bool before) {
    for (auto child : operation_.children()) {
      pugi::xml_node made = !mark    ? owner.append_child(child.type())
                            : before ? owner.insert_child_before(child.type(), mark)
                                     : owner.insert_child_after(child.type(), mark);
      copy_into(made, child);
      if (mark && !before) mark = made;
    }
  }

  Result<bool> add_attribute(const xml::Selected& target, std::string_view type) {
    if (target.kind != Kind::element) return misfit("needs an element to add to");
    const bool declaration = type.starts_with("namespace::");
    if (!declaration && !type.starts_with('@'))
      return malformed("has a type that is neither @name nor namespace::prefix");
    const auto name = declaration ? "xmlns:" + std::string(type.substr(11)) : std::string(type.substr(1));
    if (pugi::xml_node node = target.node; !node.attribute(name.c_str())) {
      node.append_attribute(name.c_str()).set_value(text().c_str());
      return true;
    }
    return misfit("adds an attribute that is there; replace it");
  }

  Result<bool> replace(const xml::Selected& target) {
    if (target.kind == Kind::attribute) {
      pugi::xml_attribute attribute = target.attribute;
      attribute.set_value(text().c_str());
      return true;
    }
    pugi::xml_node node = target.node;
    if (target.kind == Kind::text) {
      node.set_value(text().c_str());
      return true;
    }
    pugi::xml_node source;
    for (auto child : operation_.children()) {
      const bool wanted =
          target.kind == Kind::element ? child.type() == pugi::node_element : child.type() == node.type();
      if (wanted && source) return malformed("needs one node to put in its place");
      if (wanted)
        source = child;
      else if (!is_blank(child.value()))
        return malformed("needs a node of the same kind to put in its place");
    }
    if (!source) return malformed("needs a node to put in its place");
    auto owner = node.parent();
    copy_into(owner.insert_child_before(source.type(), node), source);
    owner.remove_child(node);
    return true;
  }

  // `ws` has nothing to take along: a stored resource has no white space between its elements.
  Result<bool> remove(const xml::Selected& target) {
    pugi::xml_node node = target.node;
    if (target.kind == Kind::attribute)
      node.remove_attribute(target.attribute);
    else if (node == resource_.document_element())
      return misfit("cannot take the whole resource away");
    else
      node.parent().remove_child(node);
    return true;
  }

  pugi::xml_document& resource_;
  pugi::xml_node operation_;
  std::string place_;
  std::uint64_t visits_ = most_visits;
};

Outcome no_patch(std::string text) { return {fhir::Kind::malformed, "invalid", "XML Patch: " + std::move(text)}; }

}  // namespace

Result<std::string> apply_xml(std::string_view resource, std::string_view patch) {
  if (auto refused = xml::refusal(patch)) return std::move(*refused);
  pugi::xml_document diff;
  if (!diff.load_buffer(patch.data(), patch.size(), as_written, pugi::encoding_utf8))
    return no_patch("the patch is not well-formed");
  pugi::xml_document document;
  if (!document.load_buffer(resource.data(), resource.size(), as_written, pugi::encoding_utf8))
    return Outcome(fhir::Kind::internal, "exception", "the stored resource has no XML form");
  const auto root = diff.document_element();
  if (local_name(root) != "diff") return no_patch("the root element is diff");
  Patcher patcher(document);
  std::size_t operations = 0;
  for (auto child : root.children()) {
    if (child.type() != pugi::node_element) continue;
    if (operations == most_operations)
      return Outcome(fhir::Kind::unprocessable, "too-long",
                     "A patch may have " + std::to_string(most_operations) + " operations; put the resource instead");
    if (auto done = patcher.apply(child, operations++); !done) return std::move(done.outcome());
  }
  if (operations == 0) return no_patch("there are no operations");
  std::ostringstream out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return std::move(out).str();
}

}  // namespace fhir::patch
