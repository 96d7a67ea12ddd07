// Selectors of XML Patch. RFC 5261, section 4.1; XPath 1.0, section 2 (abbreviated syntax).
#include "fhir/format/xml_select.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "fhir/format/xml.h"
#include "fhir/utf8.h"

namespace fhir::xml {
namespace {

using Kind = Selected::Kind;

bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

std::string_view local_name(std::string_view name) { return name.substr(name.find(':') + 1); }
std::string_view prefix_of(std::string_view name) {
  const auto colon = name.find(':');
  return colon == name.npos ? std::string_view() : name.substr(0, colon);
}

std::string text_of(const Selected& item) {
  if (item.kind == Kind::attribute) return item.attribute.value();
  if (item.kind != Kind::element) return item.node.value();
  std::string text;
  for (auto child : item.node.children())
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  return text;
}

// Reads a selector and follows it at once: a step takes the nodes found so far to the next ones.
class Walk {
 public:
  Walk(std::string_view selector, pugi::xml_node prefixes, std::uint64_t& visits)
      : rest_(selector), prefixes_(prefixes), visits_(visits) {}

  Result<Selection> run(pugi::xml_document& document) {
    blanks();
    take("/");
    Selection selection{{{Kind::element, document, {}}}, Kind::element};
    do step(selection);
    while (!fault_ && take("/"));
    blanks();
    if (!fault_ && !rest_.empty()) refuse("goes on with '" + shortened(rest_, 16) + "'");
    if (fault_) return std::move(*fault_);
    return selection;
  }

 private:
  void refuse(std::string what) {
    if (!fault_) fault_ = Outcome(fhir::Kind::malformed, "invalid", "XML Patch: the selector " + std::move(what));
  }
  void blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool take(std::string_view mark) {
    if (!rest_.starts_with(mark)) return false;
    rest_.remove_prefix(mark.size());
    return true;
  }
  std::string_view word() {
    std::size_t size = 0;
    while (size < rest_.size() && in_name(rest_[size])) ++size;
    const auto text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  bool visit() {
    if (visits_ == 0)
      refuse("looks at too much");
    else
      --visits_;
    return !fault_;
  }

  // One step with its predicates. An empty document of found nodes is walked on, so that syntax is judged.
  void step(Selection& selection) {
    if (selection.kind != Kind::element) return refuse("goes on behind its last step");
    if (take("@")) return attributes(selection, word(), false);
    if (take("namespace::")) return attributes(selection, word(), true);
    if (take("text()")) return children(selection, Kind::text, {}, {});
    if (take("comment()")) return children(selection, Kind::comment, {}, {});
    if (take("processing-instruction(")) {
      const auto target = rest_.starts_with(')') ? std::string() : literal();
      if (!take(")")) return refuse("lacks a )");
      return children(selection, Kind::instruction, target, {});
    }
    std::string_view prefix;
    std::string_view name = take("*") ? std::string_view("*") : word();
    if (take(":")) {
      prefix = name;
      name = word();
    }
    if (name.empty()) return refuse("lacks the name of an element");
    const auto space = meaning(prefix);
    if (!fault_) children(selection, Kind::element, name, space);
  }

  std::string_view meaning(std::string_view prefix) {
    if (const auto declared = space_at(prefixes_, prefix); !declared.empty()) return declared;
    if (prefix.empty() || prefix == "f" || prefix == "fhir") return fhir_namespace;
    if (prefix == "h" || prefix == "xhtml") return xhtml_namespace;
    refuse("uses the prefix " + std::string(prefix) + ", which the patch does not declare");
    return {};
  }

  static Kind kind_of(pugi::xml_node node) {
    switch (node.type()) {
      case pugi::node_pcdata:
      case pugi::node_cdata:
        return Kind::text;
      case pugi::node_comment:
        return Kind::comment;
      case pugi::node_pi:
        return Kind::instruction;
      case pugi::node_null:
      case pugi::node_document:
      case pugi::node_element:
      case pugi::node_declaration:
      case pugi::node_doctype:
        break;
    }
    return Kind::element;
  }

  bool is(pugi::xml_node node, Kind kind, std::string_view name, std::string_view space) {
    if (kind_of(node) != kind) return false;
    const std::string_view own = node.name();
    if (kind == Kind::instruction) return name.empty() || own == name;
    if (kind != Kind::element || name == "*") return true;
    return local_name(own) == name && space_at(node, prefix_of(own)) == space;
  }

  void children(Selection& selection, Kind kind, std::string_view name, std::string_view space) {
    selection.kind = kind;
    const auto predicates = rest_;
    std::vector<Selected> found;
    for (const auto& parent : selection.found) {
      std::vector<Selected> own;
      for (auto child : parent.node.children())
        if (visit() && is(child, kind, name, space)) own.push_back({kind, child, {}});
      rest_ = predicates;
      filter(own);
      found.insert(found.end(), own.begin(), own.end());
    }
    if (selection.found.empty()) {
      std::vector<Selected> nothing;
      filter(nothing);
    }
    selection.found = std::move(found);
  }

  void attributes(Selection& selection, std::string_view name, bool declaration) {
    selection.kind = Kind::attribute;
    if (take(":")) return refuse("asks for an attribute with a prefix, which FHIR has none of");
    if (name.empty()) return refuse("lacks the name of an attribute");
    const auto wanted = (declaration ? "xmlns:" : "") + std::string(name);
    std::vector<Selected> found;
    for (const auto& parent : selection.found)
      if (const auto attribute = parent.node.attribute(wanted.c_str()); visit() && attribute)
        found.push_back({Kind::attribute, parent.node, attribute});
    selection.found = std::move(found);
  }

  // [2], [position() = 2], [last()], [path], [path = 'text'], joined by `and`.
  void filter(std::vector<Selected>& items) {
    blanks();
    while (!fault_ && take("[")) {
      if (++nesting_ > 8) return refuse("has conditions nested too deeply");
      do condition(items);
      while (!fault_ && (blanks(), take("and ")));
      --nesting_;
      blanks();
      if (!fault_ && !take("]")) refuse("lacks a ]");
      blanks();
    }
  }

  void condition(std::vector<Selected>& items) {
    blanks();
    if (take("last()")) {
      if (items.size() > 1) items.erase(items.begin(), items.end() - 1);
      return;
    }
    if (take("position()")) {
      blanks();
      if (!take("=")) return refuse("compares position() by = alone");
      blanks();
      if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') return refuse("compares position() with a number");
    }
    if (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      std::size_t place = 0;
      const auto digits = word();
      std::from_chars(digits.data(), digits.data() + digits.size(), place);
      const bool there = place >= 1 && place <= items.size();
      items = there ? std::vector<Selected>{items[place - 1]} : std::vector<Selected>{};
      return;
    }
    const auto here = rest_;
    std::vector<Selected> kept;
    for (const auto& item : items) {
      rest_ = here;
      if (holds(item)) kept.push_back(item);
      if (fault_) return;
    }
    if (items.empty()) holds({});
    items = std::move(kept);
  }

  bool holds(const Selected& item) {
    Selection inner{{item}, Kind::element};
    if (!take(".")) {
      do step(inner);
      while (!fault_ && take("/"));
    }
    blanks();
    if (fault_ || !take("=")) return !inner.found.empty();
    blanks();
    const auto wanted = literal();
    return std::any_of(inner.found.begin(), inner.found.end(),
                       [&](const auto& each) { return visit() && text_of(each) == wanted; });
  }

  std::string literal() {
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const auto end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : rest_.npos;
    if (end == rest_.npos) {
      refuse("lacks a quoted text");
      return {};
    }
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::string_view rest_;
  pugi::xml_node prefixes_;
  std::uint64_t& visits_;
  int nesting_ = 0;
  std::optional<Outcome> fault_;
};

}  // namespace

std::string_view space_at(pugi::xml_node element, std::string_view prefix) {
  const auto declaration = prefix.empty() ? std::string("xmlns") : "xmlns:" + std::string(prefix);
  for (; element; element = element.parent())
    if (const auto found = element.attribute(declaration.c_str())) return found.value();
  return {};
}

Result<Selection> select(pugi::xml_document& document, std::string_view selector, pugi::xml_node prefixes,
                         std::uint64_t& visits) {
  return Walk(selector, prefixes, visits).run(document);
}

}  // namespace fhir::xml
