#include <doctest/doctest.h>

#include <string>

#include "ihe/wire/xml.h"

using fhir::Kind;
using ihe::xml::Document;
using ihe::xml::Element;
using ihe::xml::parse;

namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

bool parsed(const std::string& bytes) { return static_cast<bool>(parse(bytes)); }

bool refused(std::string_view bytes, Kind kind = Kind::malformed) {
  const auto document = parse(bytes);
  return !document && document.outcome().kind == kind && document.outcome().issues.size() == 1;
}

}  // namespace

TEST_CASE("xml: a tree with namespaces, attributes and text") {
  const std::string bytes =
      "\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?><!-- c --><?pi x?>\n"
      "<a xmlns='urn:a' xmlns:b='urn:b' one='1 &lt; &#x32;' b:two=\"2\">x &amp; <b:c>in</b:c>y"
      "<![CDATA[<z>]]><d/><d k='\n'>second</d></a>\n";
  const auto document = parse(bytes);
  REQUIRE(document);
  const Element& a = *document->root;
  CHECK(a.is("urn:a", "a"));
  CHECK(a.text == "x & y<z>");
  CHECK(a.value_of("one") == "1 < 2");
  CHECK(a.value_of("two").empty());
  REQUIRE(a.attribute("urn:b", "two"));
  CHECK(a.attribute("urn:b", "two")->value == "2");
  CHECK(a.child("c") == nullptr);
  REQUIRE(a.child("urn:b", "c"));
  CHECK(a.child("urn:b", "c")->text == "in");
  CHECK(a.child("urn:b", "c")->parent == &a);
  const auto* d = a.child("d");
  REQUIRE(d);
  CHECK(d->text.empty());
  REQUIRE(d->again());
  CHECK(d->again()->text == "second");
  CHECK(d->again()->value_of("k") == " ");
  CHECK(d->again()->again() == nullptr);
  CHECK(d->namespace_of("b") == "urn:b");
  CHECK(d->namespace_of("") == "urn:a");
  CHECK(d->namespace_of("c").empty());
  CHECK(a.at({"d"}) == d);
  CHECK(a.at({"d", "e"}) == nullptr);
}

TEST_CASE("xml: source is each element's own bytes, wherever the parser's buffers end") {
  std::string bytes = "<?xml version='1.0' encoding='US-ASCII'?><r>";
  for (int i = 0; i < 20'000; ++i) bytes += "<e a='>" + std::to_string(i) + "'>&amp;<f/></e>";
  bytes += "</r >";
  const auto document = parse(bytes);
  REQUIRE(document);
  CHECK(document->root->source == std::string_view(bytes).substr(41));
  int i = 0;
  bool same = true;
  for (const auto& e : *document->root) {
    same = same && e.source == "<e a='>" + std::to_string(i++) + "'>&amp;<f/></e>" && e.first->source == "<f/>";
  }
  CHECK(same);
  CHECK(i == 20'000);
}

TEST_CASE("xml: a long text comes whole") {
  const auto text = repeat("0123456789abcde\n", 1'500'000);
  const auto document = parse("<r>" + text + "</r>");
  REQUIRE(document);
  CHECK(document->root->text == text);
}

TEST_CASE("xml: B39 a document type is refused, whatever is in it") {
  CHECK(refused("<!DOCTYPE r><r/>"));
  CHECK(refused("<?xml version='1.0'?>\n<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><r>&e;</r>"));
  CHECK(refused("<!-- -->\n<!DOCTYPE r PUBLIC 'x' 'http://127.0.0.1:1/x.dtd'><r/>"));
  CHECK(refused("<r><!DOCTYPE r></r>"));
  CHECK_FALSE(refused("<r><!-- <!DOCTYPE r> --><![CDATA[<!DOCTYPE r>]]></r>"));
}

TEST_CASE("xml: B40 no entity is known but XML's own; XInclude is an element like any") {
  CHECK(refused("<!DOCTYPE l [<!ENTITY a '1'><!ENTITY b '&a;&a;'>]><l>&b;</l>"));
  CHECK(refused("<!DOCTYPE l [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><l/>"));
  CHECK(refused("<l>&unknown;</l>"));
  const std::string bytes =
      "<l xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='file:///etc/passwd' parse='text'/></l>";
  const auto document = parse(bytes);
  REQUIRE(document);
  CHECK(document->root->first->name == "include");
  CHECK(document->root->first->text.empty());
}

TEST_CASE("xml: B41 depth, attributes, values, namespaces and elements have limits") {
  CHECK(parsed(repeat("<a>", 256) + repeat("</a>", 256)));
  CHECK(parsed(repeat("<a><b/>", 255) + repeat("</a>", 255)));
  CHECK(refused(repeat("<a>", 257) + repeat("</a>", 257), Kind::too_large));
  CHECK(refused(repeat("<a>", 1'000'000), Kind::too_large));
  std::string attributes;
  for (int i = 0; i < 100'000; ++i) attributes += " a" + std::to_string(i) + "=''";
  CHECK(refused("<r" + attributes + "/>", Kind::too_large));
  CHECK(refused("<r a='" + repeat("x", 10 << 20) + "'/>", Kind::too_large));
  std::string namespaces;
  for (int i = 0; i < 100'000; ++i) namespaces += " xmlns:n" + std::to_string(i) + "='urn:" + std::to_string(i) + "'";
  CHECK(refused("<r" + namespaces + "/>", Kind::too_large));
  CHECK(refused("<r>" + repeat("<x/>", 600'000) + "</r>", Kind::too_large));
  CHECK(refused("<r>" + repeat(" ", 33 << 20) + "</r>", Kind::too_large));
}

TEST_CASE("xml: B42 UTF-8 alone is read") {
  CHECK(refused("<?xml version='1.0' encoding='UTF-16'?><r/>"));
  CHECK(refused("<?xml version='1.0' encoding=\"utf-7\"?><r/>"));
  CHECK(refused("<?xml version='1.0' encoding='ISO-8859-1'?><r/>"));
  CHECK(refused(std::string_view("\xFF\xFE<\0r\0/\0>\0", 10)));
  CHECK(refused(std::string_view("\0<\0r\0/\0>", 8)));
  CHECK(refused("\x4C\x6F\xA7\x94\x93"));
  CHECK(refused("<r>\xC0\xAF</r>"));
  CHECK(refused("<r>\xED\xA0\x80</r>"));
  CHECK(refused("<r>Jos\xE9 Weber</r>"));
  CHECK(refused("<r a='\xFF'/>"));
  const auto place = parse("<r\n xmlns:x='http://\xFF'/>");
  CHECK(place.outcome().issues.front().diagnostics == "XML, line 2, column 18: a byte that is no UTF-8");
}

TEST_CASE("xml: B43 a stylesheet or a schema's place is not followed") {
  const auto document = parse(
      "<?xml-stylesheet href='http://127.0.0.1:1/x.xsl'?>"
      "<r xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='urn:x http://127.0.0.1:1/x.xsd'/>");
  CHECK(document);
}

TEST_CASE("xml: what is not well-formed is refused with its place") {
  for (const auto* bytes : {"", " ", "x", "<r>", "<r></s>", "<r/><r/>", "<r a=1/>", "<r a='1' a='2'/>", "<p:r/>",
                            "<r p:a=''/>", "<r><", "<r a='", "<r><!-- ", "<r>]]></r>", "<r>\x01</r>", "<r/>x",
                            "<r xmlns:a='urn:a' xmlns:b='urn:a' a:x='' b:x=''/>", "<r>&#0;</r>", "<r>&#x110000;</r>"}) {
    CAPTURE(bytes);
    CHECK(refused(bytes));
  }
  CHECK(parse("<r>\n</s>").outcome().issues.front().diagnostics.starts_with("XML, line 2: "));
}

TEST_CASE("xml: what must be escaped is found wherever it stands") {
  const auto look = [](char c, std::size_t size, std::size_t at) {
    std::string value(size, 'x'), text, attribute;
    value[at] = c;
    ihe::xml::escape(value, text);
    ihe::xml::Writer(attribute).open("a").attribute("b", value);
    const bool markup = std::string_view("<>&\"").find(c) != std::string_view::npos;
    const bool blank = c == '\n' || c == '\t';
    const bool control = static_cast<unsigned char>(c) < 0x20;
    CHECK((text == value) == (!markup && (!control || blank)));
    CHECK((attribute == "<a b=\"" + value + '"') == (!markup && !control));
  };
  for (int c = 1; c < 256; ++c)
    for (const std::size_t size : {3, 8, 13, 16, 20, 29, 40})
      for (std::size_t at = 0; at < size; ++at) look(static_cast<char>(c), size, at);
}

TEST_CASE("xml: characters that XML does not have are replaced wherever they stand, their neighbours are not") {
  for (const auto& [character, written] :
       std::vector<std::pair<std::string, std::string>>{{"\xEF\xBF\xBE", "\xEF\xBF\xBD"},
                                                        {"\xEF\xBF\xBF", "\xEF\xBF\xBD"},
                                                        {"\xEF\xBF\xBD", "\xEF\xBF\xBD"},
                                                        {"\xEF\xBC\xA1", "\xEF\xBC\xA1"}})
    for (std::size_t at = 0; at <= 20; ++at) {
      std::string value(20, 'x'), expected = value, text;
      ihe::xml::escape(value.insert(at, character), text);
      CHECK(text == expected.insert(at, written));
    }
}

TEST_CASE("xml: the writer escapes, closes and shortens") {
  std::string out;
  ihe::xml::Writer writer(out);
  writer.open("a").attribute("x", "<\"&'\n>").attribute_if("y", "");
  writer.element("b", "1 < 2 & \"3\"\x01").open("c").close().open("d").text("").close().raw("<e/>").close();
  CHECK(out == "<a x=\"&lt;&quot;&amp;'&#xA;&gt;\"><b>1 &lt; 2 &amp; &quot;3&quot;\xEF\xBF\xBD</b><c/><d/><e/></a>");
  const auto document = parse(out);
  REQUIRE(document);
  CHECK(document->root->value_of("x") == "<\"&'\n>");
}
