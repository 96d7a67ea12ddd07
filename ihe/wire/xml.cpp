// libxml2's push parser feeds the tree; a scan before it enforces what libxml2 would be slow or lenient about.
// Never set here: XML_PARSE_NOENT (reads local files), XML_PARSE_HUGE (lifts the depth limit), XML_PARSE_RECOVER.
#include "ihe/wire/xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "fhir/owned.h"
#include "fhir/value.h"

namespace ihe::xml {
namespace {

using fhir::Kind;
using fhir::Outcome;

constexpr std::string_view blanks = " \t\r\n";

std::string place(std::string_view bytes, std::size_t at) {
  const auto before = bytes.substr(0, std::min(at, bytes.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto start = before.rfind('\n');
  const auto column = before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

// Goes over the markup once, before the parser: no `<!DOCTYPE`, tags and counts within limits.
class Scan {
 public:
  Scan(std::string_view bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  std::optional<Outcome> run() {
    if (bytes_.size() > limits_.bytes) return too_large("the document", limits_.bytes, "bytes");
    if (auto refused = encoding()) return refused;
    if (const auto bad = fhir::bad_utf8(bytes_); bad != std::string_view::npos) {
      at_ = bad;
      return malformed("a byte that is no UTF-8");
    }
    while ((at_ = bytes_.find('<', at_)) != std::string_view::npos) {
      if (auto refused = markup()) return refused;
    }
    return std::nullopt;
  }

 private:
  Outcome malformed(const std::string& what) const {
    return {Kind::malformed, "structure", "XML, " + place(bytes_, at_) + ": " + what};
  }
  Outcome too_large(const std::string& what, std::size_t most, const std::string& unit) const {
    return {Kind::too_large, "too-long",
            "XML, " + place(bytes_, at_) + ": " + what + " is larger than " + std::to_string(most) + " " + unit};
  }

  std::optional<Outcome> encoding() const {
    auto text = bytes_;
    if (text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE") || text.starts_with(std::string_view("\0<", 2)) ||
        text.starts_with(std::string_view("<\0", 2)))
      return malformed("it is not UTF-8, the one encoding that is read here");
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (!text.starts_with("<?xml")) return std::nullopt;
    text = text.substr(0, text.find("?>"));
    auto at = text.find("encoding");
    if (at == std::string_view::npos) return std::nullopt;
    at = text.find_first_of("\"'", at);
    if (at == std::string_view::npos) return std::nullopt;
    std::string name(text.substr(at + 1, text.find(text[at], at + 1) - at - 1));
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
    if (name == "UTF-8" || name == "US-ASCII") return std::nullopt;
    return malformed("it declares an encoding other than UTF-8");
  }

  std::optional<Outcome> markup() {
    const auto rest = bytes_.substr(at_);
    if (rest.starts_with("<!--")) return skip("-->", 4);
    if (rest.starts_with("<![CDATA[")) return skip("]]>", 9);
    if (rest.starts_with("<!")) return malformed("a document type declaration is refused");
    if (rest.starts_with("<?")) return skip("?>", 2);
    if (rest.starts_with("</")) {
      if (depth_ > 0) --depth_;  // the parser sees to it that tags match
      return skip(">", 2);
    }
    if (++elements_ > limits_.elements) return too_large("the tree", limits_.elements, "elements");
    return tag();
  }

  std::optional<Outcome> skip(std::string_view end, std::size_t from) {
    const auto found = bytes_.find(end, at_ + from);
    if (found == std::string_view::npos) return malformed("it ends within markup");
    at_ = found + end.size();
    return std::nullopt;
  }

  std::optional<Outcome> tag() {
    std::size_t attributes = 0;
    for (auto at = bytes_.find_first_of("\"'>", at_); at != std::string_view::npos;
         at = bytes_.find_first_of("\"'>", at)) {
      if (bytes_[at] == '>') {
        if (bytes_[at - 1] != '/' && ++depth_ > most_depth) return too_large("the tree", most_depth, "levels");
        at_ = at + 1;
        return std::nullopt;
      }
      const auto end = bytes_.find(bytes_[at], at + 1);
      if (end == std::string_view::npos) break;
      if (end - at > limits_.attribute_bytes) return too_large("an attribute", limits_.attribute_bytes, "bytes");
      if (++attributes > limits_.attributes) return too_large("the list of attributes", limits_.attributes, "of them");
      at = end + 1;
    }
    return malformed("it ends within a tag");
  }

  std::string_view bytes_;
  const Limits& limits_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
  std::size_t depth_ = 0;
};

std::string_view view(const xmlChar* text) {
  return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

// An element while it is open.
struct Open {
  Element* element;
  Element* last = nullptr;
  std::size_t text_from;  // in Builder::text; children take theirs away when they end
  std::size_t begins;     // offset of its '<'
};

struct Builder {
  Builder(std::string_view all, Document& into) : bytes(all), document(into) {}

  std::string_view bytes;
  Document& document;
  xmlParserCtxtPtr context = nullptr;
  std::vector<Open> open;
  std::string text;
  std::string_view last_ns;

  std::size_t position() const { return static_cast<std::size_t>(xmlByteConsumed(context)); }

  // Most elements share the namespace of the one before.
  std::string_view keep_ns(const xmlChar* uri) {
    const auto ns = view(uri);
    if (ns != last_ns) last_ns = document.arena.copy(ns);
    return last_ns;
  }

  // Where no entities are expanded, libxml2 leaves an ampersand in an attribute as a reference.
  std::string_view keep(std::string_view value) {
    constexpr std::string_view ampersand = "&#38;";
    if (value.find(ampersand) == std::string_view::npos) return document.arena.copy(value);
    std::string plain(value);
    for (auto at = plain.find(ampersand); at != std::string::npos; at = plain.find(ampersand, at + 1))
      plain.replace(at, ampersand.size(), "&");
    return document.arena.copy(plain);
  }

  void start(const xmlChar* name, const xmlChar* uri, int declared, const xmlChar** namespaces, int count,
             const xmlChar** attributes) {
    auto& arena = document.arena;
    auto* element = arena.make<Element>();
    element->name = arena.copy(view(name));
    element->ns = keep_ns(uri);
    for (int i = declared; i-- > 0;)
      element->declared = arena.make<Namespace>(arena.copy(view(namespaces[2 * i])),
                                                arena.copy(view(namespaces[2 * i + 1])), element->declared);
    for (int i = count; i-- > 0;) {
      const auto** a = attributes + 5 * i;
      const std::string_view value(reinterpret_cast<const char*>(a[3]), static_cast<std::size_t>(a[4] - a[3]));
      element->attributes =
          arena.make<Attribute>(arena.copy(view(a[2])), arena.copy(view(a[0])), keep(value), element->attributes);
    }
    if (open.empty()) {
      document.root = element;
    } else {
      auto& up = open.back();
      element->parent = up.element;
      (up.last ? up.last->next : up.element->first) = element;
      up.last = element;
    }
    // The parser stands behind the attributes, and no '<' can stand within a tag.
    open.push_back({element, nullptr, text.size(), bytes.rfind('<', position() - 1)});
  }

  void end() {
    auto& closing = open.back();
    closing.element->text = document.arena.copy(std::string_view(text).substr(closing.text_from));
    text.resize(closing.text_from);
    closing.element->source = bytes.substr(closing.begins, position() - closing.begins);
    open.pop_back();
  }
};

extern "C" {

void on_start(void* builder, const xmlChar* name, const xmlChar*, const xmlChar* uri, int declared,
              const xmlChar** namespaces, int count, int, const xmlChar** attributes) {
  static_cast<Builder*>(builder)->start(name, uri, declared, namespaces, count, attributes);
}

void on_end(void* builder, const xmlChar*, const xmlChar*, const xmlChar*) { static_cast<Builder*>(builder)->end(); }

void on_text(void* builder, const xmlChar* text, int size) {
  static_cast<Builder*>(builder)->text.append(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
}

// Reported by the return code; without a handler libxml2 prints to the standard error.
void on_error(void*, xmlErrorPtr) {}
}

xmlSAXHandler make_handler() {
  xmlSAXHandler handler{};
  handler.initialized = XML_SAX2_MAGIC;
  handler.startElementNs = on_start;
  handler.endElementNs = on_end;
  handler.characters = on_text;
  handler.ignorableWhitespace = on_text;
  handler.cdataBlock = on_text;
  handler.serror = on_error;
  return handler;
}

Outcome not_well_formed(xmlParserCtxtPtr context) {
  const auto* error = xmlCtxtGetLastError(context);
  std::string what = error && error->message ? error->message : "it is not well-formed";
  what.erase(what.find_last_not_of(" \t\r\n") + 1);
  if (fhir::bad_utf8(what) != std::string::npos) what = "it is not well-formed";  // libxml2 cuts long names anywhere
  const auto line = error ? std::to_string(error->line) : "1";
  return {Kind::malformed, "structure", "XML, line " + line + ": " + what};
}

}  // namespace

fhir::Result<Document> parse(std::string_view bytes, const Limits& limits) {
  static const bool ready = (xmlInitParser(), true);
  static_cast<void>(ready);
  if (auto refused = Scan(bytes, limits).run()) return std::move(*refused);
  Document document;
  Builder builder(bytes, document);
  auto handler = make_handler();
  const fhir::Owned<xmlParserCtxt, xmlFreeParserCtxt> context(
      xmlCreatePushParserCtxt(&handler, &builder, nullptr, 0, nullptr));
  if (!context) throw std::bad_alloc();
  builder.context = context.get();
  // The scan has judged the encoding; a switch would also lose the offsets of `source`.
  xmlCtxtUseOptions(context.get(), XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
  constexpr std::size_t step = 64u << 10;
  bool good = true;
  for (std::size_t at = 0; good && at < bytes.size(); at += step) {
    const auto part = bytes.substr(at, step);
    good = xmlParseChunk(context.get(), part.data(), static_cast<int>(part.size()), 0) == XML_ERR_OK;
  }
  if (good) good = xmlParseChunk(context.get(), nullptr, 0, 1) == XML_ERR_OK;
  if (!good || !context->wellFormed || !context->nsWellFormed || !document.root) return not_well_formed(context.get());
  return document;
}

const Element* Element::child(std::string_view n, std::string_view local) const {
  for (const auto* c = first; c; c = c->next)
    if (c->is(n, local)) return c;
  return nullptr;
}

const Element* Element::at(std::initializer_list<std::string_view> path) const {
  const auto* e = this;
  for (const auto step : path) {
    e = e->child(step);
    if (!e) return nullptr;
  }
  return e;
}

const Element* Element::again() const {
  for (const auto* e = next; e; e = e->next)
    if (e->is(ns, name)) return e;
  return nullptr;
}

const Attribute* Element::attribute(std::string_view n, std::string_view local) const {
  for (const auto* a = attributes; a; a = a->next)
    if (a->name == local && a->ns == n) return a;
  return nullptr;
}

std::string_view Element::value_of(std::string_view attribute_name) const {
  const auto* a = attribute("", attribute_name);
  return a ? a->value : std::string_view();
}

std::string_view Element::word() const {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view Element::namespace_of(std::string_view prefix) const {
  for (const auto* e = this; e; e = e->parent)
    for (const auto* n = e->declared; n; n = n->next)
      if (n->prefix == prefix) return n->uri;
  return {};
}

}  // namespace ihe::xml
