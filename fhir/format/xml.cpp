// Reads FHIR XML into a bound tree with pugixml, in place on one copy of the text in the arena.
// FHIR R4 XML: http://hl7.org/fhir/R4/xml.html; names: https://www.w3.org/TR/xml-names/
//
//   refusal() -> pugixml -> each element gets its Element and Type as it is met; a narrative is cut out of the text
#include "fhir/format/xml.h"

#include <cstring>
#include <pugixml.hpp>

#include "fhir/bind.h"
#include "fhir/definitions.h"
#include "fhir/format/xml_names.h"
#include "fhir/format/xml_narrative.h"
#include "fhir/place.h"
#include "fhir/utf8.h"
#include "fhir/value.h"

namespace fhir::xml {

namespace {

constexpr std::size_t most_issues = 100;  // more tell a sender nothing new
constexpr std::size_t most_late = 100;  // elements out of order that are put into it; each costs a search for its place
constexpr std::string_view instance_namespace = "http://www.w3.org/2001/XMLSchema-instance";

using Form = Node::Form;

// An element's or attribute's name with the namespace that its prefix stands for.
struct Name {
  std::string_view space;
  std::string_view local;
};

class Reader {
 public:
  Reader(std::string_view text, Arena& arena, std::vector<Issue>& issues, const Limits& limits)
      : text_(text), arena_(arena), issues_(issues), limits_(limits), defs_(definitions()) {}

  Node* document(pugi::xml_node root) {
    Node* node = arena_.make<Node>();
    return resource(*node, root, nullptr, default_namespace(root, {}), 1) ? node : nullptr;
  }

 private:
  // Where the children of one element have come to.
  struct Run {
    Node** end;
    const Element* last = nullptr;
    std::string_view name = {};
    std::uint32_t index = 0;
  };

  void fault(const Place& place, std::string_view code, std::string text) {
    if (errors_++ < most_issues)
      issues_.push_back({Severity::error, std::string(code), std::move(text), place.expression()});
  }

  // ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────
  // `space` is the default namespace where the element stands.
  static Name name_of(pugi::xml_node element, std::string_view space) {
    const std::string_view name = element.name();
    const auto colon = name.find(':');
    if (colon == name.npos) return {space, name};
    return {namespace_of(element, name.substr(0, colon)), name.substr(colon + 1)};
  }

  bool in_fhir(const Name& name, const Place& place) {
    if (name.space == fhir_namespace) return true;
    fault(place, "structure",
          quoted(name.local) + " is in " +
              (name.space.empty() ? "no namespace" : "the namespace " + shortened(name.space, 100)) +
              "; FHIR's is xmlns=\"" + std::string(fhir_namespace) + "\"");
    return false;
  }

  // ── elements ──────────────────────────────────────────────────────────────────────────────────────────────────
  // `place` of the root is nullptr: its name is the type's.
  bool resource(Node& node, pugi::xml_node element, const Place* place, std::string_view space, std::size_t depth) {
    const auto name = name_of(element, space);
    const Place here = place ? *place : Place{nullptr, "Resource", 0, false};
    if (!in_fhir(name, here)) return false;
    const Type* type = defs_.resource(name.local);
    if (!type) {
      fault(here, "structure", "<" + shortened(name.local) + "> must be the name of a FHIR R4 resource type");
      return false;
    }
    node.type = type;
    if (!place) node.name = type->name;
    const Place root{nullptr, type->name, 0, false};
    object(node, *type, element, place ? *place : root, space, depth);
    return true;
  }

  // Attributes and children of a complex value, or of what stands beside a primitive (id and extensions).
  void object(Node& node, const Type& type, pugi::xml_node element, const Place& place, std::string_view space,
              std::size_t depth) {
    Run run{&node.first};
    for (const auto attribute : element.attributes()) attributes(attribute, element, type, run, place);
    for (const auto child : element.children()) {
      if (child.type() != pugi::node_element) {
        fault(place, "structure", "text stands between the elements; a value is written as the attribute 'value'");
        continue;
      }
      this->child(child, node, type, run, place, default_namespace(child, space), depth);
    }
  }

  void attributes(pugi::xml_attribute attribute, pugi::xml_node element, const Type& type, Run& run,
                  const Place& place) {
    const std::string_view name = attribute.name();
    if (name == "xmlns" || name.starts_with("xmlns:")) return;
    if (name == "value" && type.kind == TypeKind::primitive) return;
    if (const auto colon = name.find(':');
        colon != name.npos && namespace_of(element, name.substr(0, colon)) == instance_namespace)
      return;
    const Member* member = type.member(name);
    if (!member || !member->element->attribute) {
      fault(place, "structure",
            "the attribute '" + shortened(name) + "' does not exist in " + std::string(type.name.view()) +
                (member ? ": it is an element" : ""));
      return;
    }
    Node* node = arena_.make<Node>(member->name, attribute.value(), member->element.get(), member->type.get(), nullptr,
                                   nullptr, Form::string, false);
    *run.end = node;
    run.end = &node->next;
  }

  void child(pugi::xml_node element, Node& parent, const Type& type, Run& run, const Place& place,
             std::string_view space, std::size_t depth) {
    const auto name = name_of(element, space);
    const Member* member = type.member(name.local);
    const bool narrative = member && member->type->primitive == Primitive::xhtml;
    if (narrative ? name.space != xhtml_namespace : !in_fhir(name, place)) {
      if (narrative)
        fault(place, "structure", "the narrative's div must have xmlns=\"" + std::string(xhtml_namespace) + "\"");
      return;
    }
    if (!member || member->element->attribute) {
      const auto shown = shortened(name.local);
      fault({&place, shown, 0, false}, "structure",
            "'" + shown + "' is not an element of " + std::string(type.name) + " in FHIR R4; remove or rename it");
      return;
    }
    Node* node = arena_.make<Node>();
    node->name = member->name;
    node->element = member->element.get();
    node->type = member->type.get();
    node->listed = node->element->repeats();
    run.index = run.name == node->name ? run.index + 1 : 0;
    Node** link = link_for(*node, parent, run, place);
    if (!link) return;
    run.name = node->name;
    const Place here = place_of(place, *node, run.index);
    if (narrative ? !this->narrative(*node, element, here, space) : !value(*node, element, here, space, depth)) return;
    node->next = *link;
    *link = node;
    if (!node->next) run.end = &node->next;
  }

  // Where the next child belongs: at the end, or where the standard has it when it comes too late. nullptr when there
  // is one already that it cannot stand beside.
  Node** link_for(const Node& node, Node& parent, Run& run, const Place& place) {
    const Element* element = node.element;
    if (element > run.last) {
      run.last = element;
      return run.end;
    }
    if (element == run.last && element->repeats() && node.name == run.name) return run.end;
    if (element == run.last && !element->repeats()) return once_alone(node, place), nullptr;
    Node** link = &parent.first;
    run.index = 0;
    for (; *link; link = &(*link)->next) {
      const Element* other = (*link)->element;
      if (other == element && !element->repeats()) return once_alone(node, place), nullptr;
      if (other == element) ++run.index;
      if (other > element && !other->attribute) break;
    }
    return element == run.last || late(node, run, place) ? link : nullptr;
  }

  void once_alone(const Node& node, const Place& place) {
    const std::string name(node.element->name.view());
    fault(place_of(place, node, 0), "structure",
          node.element->choice ? "only one of the types of " + name + "[x] may be given"
                               : "'" + name + "' does not repeat");
  }

  bool late(const Node& node, const Run& run, const Place& place) {
    const Place here = place_of(place, node, run.index);
    std::string text = "'" + std::string(node.name) +
                       "' comes too late: elements stand in the order of the definition, '" +
                       std::string(run.last->name.view()) + "' behind it";
    if (++late_ > most_late) return fault(here, "structure", std::move(text)), false;
    issues_.push_back({Severity::warning, "structure", std::move(text), here.expression()});
    return true;
  }

  bool value(Node& node, pugi::xml_node element, const Place& place, std::string_view space, std::size_t depth) {
    const Type& type = *node.type;
    if (type.kind == TypeKind::resource) return contained(node, element, place, space, depth);
    const bool primitive = type.kind == TypeKind::primitive;
    if (primitive) node.form = Form::none;
    if (depth >= limits_.depth && (!primitive || element.first_child())) {
      fault(place, "structure", "values are nested deeper than " + std::to_string(limits_.depth) + " levels");
      return !primitive;
    }
    object(node, type, element, place, space, depth + 1);
    if (primitive && !literal(node, element, place)) return false;
    if (node.has_value() || node.first) return true;
    fault(place, "structure",
          primitive ? "is empty: it needs a value or an extension" : "is empty; leave it out instead");
    return !primitive;  // an object stays, so that those behind it keep their number
  }

  // <contained><Patient>…</Patient></contained>
  bool contained(Node& node, pugi::xml_node element, const Place& place, std::string_view space, std::size_t depth) {
    const auto inner = element.first_child();
    bool alone = inner && !inner.next_sibling() && inner.type() == pugi::node_element;
    for (const auto attribute : element.attributes())
      alone = alone && std::string_view(attribute.name()).starts_with("xmlns");
    if (!alone) {
      fault(place, "structure", "must hold one resource and nothing else");
      return false;
    }
    if (depth >= limits_.depth) {
      fault(place, "structure", "values are nested deeper than " + std::to_string(limits_.depth) + " levels");
      return false;
    }
    return resource(node, inner, &place, default_namespace(inner, space), depth + 1);
  }

  // The attribute 'value' as JSON would hold it.
  bool literal(Node& node, pugi::xml_node element, const Place& place) {
    const auto attribute = element.attribute("value");
    if (!attribute) return true;
    node.text = attribute.value();
    node.form = form_of(node.type->primitive);
    if (node.form == Form::number ? valid_decimal(node.text)
                                  : node.form != Form::boolean || node.text == "true" || node.text == "false")
      return true;
    fault(place, "value",
          node.form == Form::boolean ? "must be true or false"
                                     : "must be a number of at most 512 characters and a magnitude within 1e±308");
    return false;
  }

  bool narrative(Node& node, pugi::xml_node div, const Place& place, std::string_view space) {
    const auto offset = div.offset_debug();
    const auto text = narrative_text(div, text_.substr(static_cast<std::size_t>(offset) - 1), space);
    if (!text) {
      fault(place, "structure", "the narrative holds elements that are not in " + std::string(xhtml_namespace));
      return false;
    }
    node.text = arena_.copy(*text);
    node.form = Form::string;
    return true;
  }

  std::string_view text_;
  Arena& arena_;
  std::vector<Issue>& issues_;
  const Limits& limits_;
  const Definitions& defs_;
  std::size_t late_ = 0;
  std::size_t errors_ = 0;
};

}  // namespace

Result<Node*> read(std::string_view text, Arena& arena, std::vector<Issue>& issues, const Limits& limits) {
  if (auto refused = refusal(text, limits)) return std::move(*refused);
  char* copy = static_cast<char*>(arena.allocate(text.size() + 1, 1));
  std::memcpy(copy, text.data(), text.size());
  pugi::xml_document document;
  constexpr unsigned options = pugi::parse_escapes | pugi::parse_eol | pugi::parse_wconv_attribute | pugi::parse_cdata;
  const auto parsed = document.load_buffer_inplace(copy, text.size(), options, pugi::encoding_utf8);
  if (!parsed) return Outcome(Kind::malformed, "structure", std::string("XML: ") + parsed.description());
  return Reader(text, arena, issues, limits).document(document.document_element());
}

}  // namespace fhir::xml
