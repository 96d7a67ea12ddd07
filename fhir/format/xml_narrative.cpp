// Cuts narratives out of XML. FHIR R4: http://hl7.org/fhir/R4/narrative.html
#include "fhir/format/xml_narrative.h"

#include <algorithm>

#include "fhir/format/xml.h"
#include "fhir/format/xml_escape.h"
#include "fhir/format/xml_names.h"

namespace fhir::xml {

namespace {

// The element that `source` begins with, up to the end of its end tag; the document is well-formed.
std::string_view element_text(std::string_view source) {
  std::size_t at = 0, depth = 0;
  const auto skip_past = [&](std::string_view mark) { at = source.find(mark, at) + mark.size(); };
  do {
    at = source.find('<', at);
    const auto rest = source.substr(at);
    if (rest.starts_with("<!--")) {
      skip_past("-->");
    } else if (rest.starts_with("<![CDATA[")) {
      skip_past("]]>");
    } else if (rest.starts_with("<?")) {
      skip_past("?>");
    } else {
      const bool end = rest.starts_with("</");
      for (at = source.find_first_of("\"'>", at); source[at] != '>'; at = source.find_first_of("\"'>", at + 1))
        at = source.find(source[at], at + 1);
      const bool empty = source[at - 1] == '/';
      ++at;
      if (end)
        --depth;
      else if (!empty)
        ++depth;
    }
  } while (depth > 0);
  return source.substr(0, at);
}

// Whether all of it is XHTML; `prefixed` becomes true where a name has a prefix.
bool all_xhtml(pugi::xml_node element, std::string_view space, bool& prefixed) {
  space = default_namespace(element, space);
  const std::string_view name = element.name();
  const auto colon = name.find(':');
  prefixed = prefixed || colon != name.npos;
  if ((colon == name.npos ? space : namespace_of(element, name.substr(0, colon))) != xhtml_namespace) return false;
  for (const auto child : element.children())
    if (child.type() == pugi::node_element && !all_xhtml(child, space, prefixed)) return false;
  return true;
}

// Without what narratives may not have, though XML has it.
bool is_plain(std::string_view text) { return text.find("<![CDATA[") == text.npos && text.find("<?") == text.npos; }

std::string_view local(std::string_view name) { return name.substr(name.find(':') + 1); }

void write_plainly(pugi::xml_node node, bool outermost, std::string& out) {
  if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata)
    return escape(node.value(), Place::text, out);
  if (node.type() != pugi::node_element) return;
  out.append("<").append(local(node.name()));
  if (outermost) out.append(" xmlns=\"").append(xhtml_namespace).append("\"");
  for (const auto attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    if (name == "xmlns" || name.starts_with("xmlns:")) continue;
    out.append(" ").append(name.starts_with("xml:") ? name : local(name)).append("=\"");
    escape(attribute.value(), Place::attribute, out);
    out += '"';
  }
  if (!node.first_child()) {
    out += "/>";
    return;
  }
  out += '>';
  for (const auto child : node.children()) write_plainly(child, false, out);
  out.append("</").append(local(node.name())).append(">");
}

}  // namespace

std::optional<std::string> narrative_text(pugi::xml_node div, std::string_view source, std::string_view space) {
  bool prefixed = false;
  if (!all_xhtml(div, space, prefixed)) return std::nullopt;
  const auto text = element_text(source);
  const bool own = std::string_view(div.attribute("xmlns").value()) == xhtml_namespace;
  if (own && !prefixed && is_plain(text)) return std::string(text);
  pugi::xml_document again;  // the blanks between its elements, which the document was read without, count here
  constexpr unsigned options =
      pugi::parse_escapes | pugi::parse_eol | pugi::parse_wconv_attribute | pugi::parse_cdata | pugi::parse_ws_pcdata;
  if (!again.load_buffer(text.data(), text.size(), options, pugi::encoding_utf8)) return std::nullopt;
  std::string plain;
  write_plainly(again.document_element(), true, plain);
  return plain;
}

void write_narrative(std::string_view div, std::string& out) {
  constexpr std::string_view start = "<div";
  const auto begin = std::min(div.find_first_not_of(" \t\r\n"), div.size());
  const auto text = div.substr(begin);
  Limits limits;
  limits.elements_deep /= 2;  // the rest is for what stands around it
  pugi::xml_document document;
  if (text.starts_with(start) && is_plain(text) && !refusal(text, limits) &&
      document.load_buffer(text.data(), text.size(), pugi::parse_escapes, pugi::encoding_utf8)) {
    const auto root = document.document_element();
    const std::string_view space = root.attribute("xmlns") ? std::string_view() : xhtml_namespace;
    bool prefixed = false;
    if (std::string_view(root.name()) == "div" && all_xhtml(root, space, prefixed) && !prefixed) {
      out.append(start);
      if (!space.empty()) out.append(" xmlns=\"").append(space).append("\"");
      out.append(element_text(text).substr(start.size()));
      return;
    }
  }
  out.append(start).append(" xmlns=\"").append(xhtml_namespace).append("\">");
  escape(div, Place::attribute, out);
  out += "</div>";
}

}  // namespace fhir::xml
