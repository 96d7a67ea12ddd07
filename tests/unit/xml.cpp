#include "fhir/format/xml.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "fhir/definitions.h"
#include "fhir/format/json.h"

namespace {

using namespace std::string_literals;

struct Read {
  fhir::Arena arena;
  std::vector<fhir::Issue> issues;
  std::optional<fhir::Outcome> refused;
  fhir::Node* resource = nullptr;

  explicit Read(std::string_view text) {
    auto read = fhir::xml::read(text, arena, issues);
    if (read)
      resource = *read;
    else
      refused = std::move(read.outcome());
  }
  std::string json() const {
    std::string out;
    if (resource) fhir::json::write(*resource, out);
    return out;
  }
  bool has_fault(std::string_view expression, std::string_view words) const {
    return std::any_of(issues.begin(), issues.end(), [&](const fhir::Issue& issue) {
      return issue.expression == expression && issue.diagnostics.find(words) != std::string::npos;
    });
  }
};

std::string patient(std::string_view inside) {
  return "<Patient xmlns=\"http://hl7.org/fhir\">" + std::string(inside) + "</Patient>";
}

// What the reader of XML makes of a text is what that of JSON makes of `json`.
void same(std::string_view xml, std::string_view json) {
  const Read read(xml);
  CHECK(!read.refused);
  for (const auto& issue : read.issues) FAIL_CHECK(issue.expression << ": " << issue.diagnostics);
  CHECK(read.json() == json);
}

bool refused(std::string_view text, std::string_view words) {
  const Read read(text);
  if (!read.refused || read.refused->kind != fhir::Kind::malformed) return false;
  const bool told = read.refused->issues.front().diagnostics.find(words) != std::string::npos;
  if (!told) MESSAGE(read.refused->issues.front().diagnostics);
  return told;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("xml: primitives, lists, choices, decimals as written") {
  same(
      patient(
          R"(<active value="true"/><name><given value="A"/><given value="B"/></name><deceasedBoolean value="false"/><multipleBirthInteger value="2"/>)"),
      R"({"resourceType":"Patient","active":true,"name":[{"given":["A","B"]}],"deceasedBoolean":false,"multipleBirthInteger":2})");
  same(
      R"(<Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><text value="x"/></code><valueQuantity><value value="1.50"/></valueQuantity></Observation>)",
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50}})");
}

TEST_CASE("xml: ids, extensions on primitives, gaps in lists") {
  same(
      patient(
          R"(<name id="n"><given id="g" value="A"/><given><extension url="http://x"><valueCode value="c"/></extension></given></name><birthDate><extension url="http://y"><valueString value="?"/></extension></birthDate>)"),
      R"({"resourceType":"Patient","name":[{"id":"n","given":["A",null],"_given":[{"id":"g"},{"extension":[{"url":"http://x","valueCode":"c"}]}]}],"_birthDate":{"extension":[{"url":"http://y","valueString":"?"}]}})");
}

TEST_CASE("xml: contained resources and bundles") {
  same(patient(R"(<contained><Organization><id value="o"/><name value="N"/></Organization></contained>)"),
       R"({"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"N"}]})");
  same(
      R"(<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><resource><Patient><id value="p"/></Patient></resource></entry></Bundle>)",
      R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"p"}}]})");
}

TEST_CASE("xml: entities, blanks and line ends of values") {
  same(patient(R"(<language value="a&amp;b&#x20;&lt;&quot;&#233;&#xA;&apos;"/>)"),
       "{\"resourceType\":\"Patient\",\"language\":\"a&b <\\\"é\\n'\"}");
  same(patient("<language value='a\nb\tc'/>"), R"({"resourceType":"Patient","language":"a b c"})");
}

TEST_CASE("xml: a narrative is kept as it stands") {
  same(
      patient("<text><status value=\"generated\"/><div xmlns=\"http://www.w3.org/1999/xhtml\">  <p title='a>b'>x &amp; "
              "y</p>\n<!-- > --><br /> </div></text>"),
      R"({"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">  <p title='a>b'>x &amp; y</p>\n<!-- > --><br /> </div>"}})");
}

TEST_CASE("xml: a narrative that cannot stand alone is written plainly") {
  same(
      R"(<f:Patient xmlns:f="http://hl7.org/fhir" xmlns="http://www.w3.org/1999/xhtml"><f:text><f:status value="generated"/><div> <p>a</p> </div></f:text></f:Patient>)",
      R"({"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"> <p>a</p> </div>"}})");
  same(
      patient(
          R"(<text><status value="generated"/><h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p h:title="&lt;">a<![CDATA[<&]]><h:br/></h:p></h:div></text>)"),
      R"({"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p title=\"&lt;\">a&lt;&amp;<br/></p></div>"}})");
}

TEST_CASE("xml: structural faults name their place") {
  CHECK(Read(patient(R"(<horse value="1"/>)")).has_fault("Patient.horse", "not an element of Patient"));
  CHECK(Read(patient(R"(<name><horse/></name>)")).has_fault("Patient.name[0].horse", "not an element of HumanName"));
  CHECK(Read(patient(R"(<active value="true" colour="red"/>)")).has_fault("Patient.active", "attribute 'colour'"));
  CHECK(
      Read(patient(R"(<name family="X"><given value="A"/></name>)")).has_fault("Patient.name[0]", "it is an element"));
  CHECK(Read(patient(R"(stray<active value="true"/>)")).has_fault("Patient", "text stands between"));
  CHECK(Read(patient(R"(<active>true</active>)")).has_fault("Patient.active", "text stands between"));
  CHECK(Read(patient(R"(<active value="1"/>)")).has_fault("Patient.active", "true or false"));
  CHECK(Read(patient(R"(<multipleBirthInteger value="+1"/>)")).has_fault("Patient.multipleBirth", "a number"));
  CHECK(Read(patient(R"(<birthDate/>)")).has_fault("Patient.birthDate", "is empty"));
  CHECK(Read(patient(R"(<name/>)")).has_fault("Patient.name[0]", "is empty"));
  CHECK(Read(patient(R"(<contained/>)")).has_fault("Patient.contained[0]", "one resource"));
  CHECK(Read(patient(R"(<contained><Horse/></contained>)")).has_fault("Patient.contained[0]", "resource type"));
}

TEST_CASE("xml: order, repetition and choices") {
  CHECK(Read(patient(R"(<birthDate value="1970"/><gender value="male"/>)"))
            .has_fault("Patient.gender", "comes too late"));
  const Read late(patient(
      R"(<gender value="male"/><name id="a"/><birthDate value="1970"/><name id="b"/><active value="true"/><name id="c"/>)"));
  CHECK(late.has_fault("Patient.name[1]", "comes too late"));
  CHECK(late.issues.front().severity == fhir::Severity::warning);
  CHECK(
      late.json() ==
      R"({"resourceType":"Patient","active":true,"name":[{"id":"a"},{"id":"b"},{"id":"c"}],"gender":"male","birthDate":"1970"})");
  const Read twice(patient(R"(<birthDate value="1970"/><gender value="male"/><gender value="male"/>)"));
  CHECK(twice.has_fault("Patient.gender", "does not repeat"));
  CHECK(twice.issues.back().severity == fhir::Severity::error);
  const Read never(patient("<birthDate value=\"1970\"/>" + repeated("<name id=\"a\"/><telecom id=\"b\"/>", 100)));
  CHECK(never.issues.back().severity == fhir::Severity::error);
  CHECK(
      Read(patient(R"(<gender value="male"/><gender value="male"/>)")).has_fault("Patient.gender", "does not repeat"));
  CHECK(Read(patient(R"(<deceasedBoolean value="true"/><deceasedDateTime value="2000"/>)"))
            .has_fault("Patient.deceased", "only one of"));
}

TEST_CASE("xml: namespaces") {
  CHECK(Read("<Patient/>").has_fault("Resource", "no namespace"));
  CHECK(Read("<Patient xmlns=\"urn:hl7-org:v3\"/>").resource == nullptr);
  CHECK(Read(patient(R"(<active xmlns="http://other" value="true"/>)")).has_fault("Patient", "http://other"));
  CHECK(
      Read(patient(R"(<x:active xmlns:y="http://hl7.org/fhir" value="true"/>)")).has_fault("Patient", "no namespace"));
  CHECK(Read(patient(R"(<text><status value="generated"/><div>a</div></text>)")).has_fault("Patient.text", "xmlns="));
  same(R"(<a:Patient xmlns:a="http://hl7.org/fhir"><a:active value="true"/></a:Patient>)",
       R"({"resourceType":"Patient","active":true})");
}

TEST_CASE("xml B39: a document type declaration is refused") {
  CHECK(refused("<!DOCTYPE Patient>" + patient(""), "<!DOCTYPE"));
  CHECK(refused("<?xml version=\"1.0\"?>\n<!DOCTYPE Patient SYSTEM \"file:///etc/passwd\">" + patient(""), "line 2"));
  CHECK(refused(patient("<!DOCTYPE x>"), "<!DOCTYPE"));
}

TEST_CASE("xml B40: entities are the five and numbers") {
  CHECK(refused("<!DOCTYPE l [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;\">]>" + patient("<language value=\"&c;\"/>"),
                "DOCTYPE"));
  CHECK(refused(patient(R"(<language value="&lol;"/>)"), "&lol;"));
  CHECK(refused(patient(R"(<language value="&nbsp;"/>)"), "&nbsp;"));
  CHECK(refused(patient(R"(<language value="&#0;"/>)"), "&#0;"));
  CHECK(refused(patient(R"(<language value="&#xD800;"/>)"), "&#xD800;"));
  CHECK(refused(patient(R"(<language value="a & b"/>)"), "&amp;"));
  CHECK(Read(patient(R"(<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>)"))
            .has_fault("Patient", "XInclude"));
}

TEST_CASE("xml B41: depth, attributes, length and namespaces have limits") {
  CHECK(refused(patient(repeated("<a>", 300) + repeated("</a>", 300)), "deeper than 256"));
  CHECK(Read(patient(repeated("<extension url=\"u\">", 70) + repeated("</extension>", 70))).issues.size() > 0);
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += " a" + std::to_string(i) + "=\"\"";
  CHECK(refused("<Patient" + many + "/>", "more than 64 attributes"));
  CHECK(refused(patient("<language value=\"" + std::string(10u << 20, 'x') + "\"/>"), "longer than"));
  std::string spaces;
  for (int i = 0; i < 1'000'000; ++i) spaces += "<a xmlns:b" + std::to_string(i) + "=\"\"/>";
  CHECK(refused(patient(spaces), "too many"));
}

TEST_CASE("xml B42: other encodings are refused") {
  const auto declared = [](std::string_view encoding) {
    return "<?xml version=\"1.0\" encoding=\"" + std::string(encoding) + "\"?>" + patient("<active value=\"true\"/>");
  };
  for (const auto encoding : {"UTF-16", "UTF-7", "IBM037", "ISO-8859-1"}) CHECK(refused(declared(encoding), "UTF-8"));
  same(declared("utf-8"), R"({"resourceType":"Patient","active":true})");
  CHECK(refused("\xFF\xFE<\0P\0"s, "UTF-16"));
  CHECK(refused("<\0P\0"s, "UTF-16"));
  CHECK(refused(patient("<language value=\"\xE9\"/>"), "UTF-8"));
  CHECK(refused("<?xml version=\"1.1\"?>" + patient(""), "XML 1.0"));
  same("\xEF\xBB\xBF" + patient("<active value=\"true\"/>"), R"({"resourceType":"Patient","active":true})");
}

TEST_CASE("xml B43: style sheets and schema locations say nothing") {
  same(
      R"(<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1/x.xsl"?><Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir http://127.0.0.1/x.xsd"><active value="true"/></Patient>)",
      R"({"resourceType":"Patient","active":true})");
}

TEST_CASE("xml: what is not well-formed is refused with line and column") {
  CHECK(refused("", "no element"));
  CHECK(refused("{\"resourceType\":\"Patient\"}", "outside"));
  CHECK(refused(patient("<name></Name>"), "does not end"));
  CHECK(refused("<Patient xmlns=\"http://hl7.org/fhir\">", "ends before"));
  CHECK(refused(patient("") + patient(""), "a second one"));
  CHECK(refused(patient("") + "x", "outside"));
  CHECK(refused("x" + patient(""), "outside"));
  CHECK(refused("</Patient>", "no element is open"));
  CHECK(refused(patient("<a b/>"), "no value"));
  CHECK(refused(patient("<a b=c/>"), "in quotes"));
  CHECK(refused(patient("<a b=\"1\" b=\"2\"/>"), "given twice"));
  CHECK(refused(patient("<a b=\"1\"c=\"2\"/>"), "not well-formed"));
  CHECK(refused(patient("<a b=\"<\"/>"), "&lt;"));
  CHECK(refused(patient("<a\x01/>"), "character that XML does not have"));
  CHECK(refused(patient("<!-- a -- b -->"), "comment"));
  CHECK(refused(patient("<![CDATA[ x"), "CDATA"));
  CHECK(refused(patient("<?xml version=\"1.0\"?>"), "very start"));
  CHECK(refused("<Patient\n xmlns=\"http://hl7.org/fhir\"><1/></Patient>", "line 2, column 30"));
}

TEST_CASE("xml: what is not well-formed is refused with the element as FHIRPath, as far as there is one") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", ""},
      {"<x>", ""},
      {"<diff><replace></diff>", ""},
      {patient("") + "x", ""},
      {patient("<1/>"), "Patient"},
      {patient("<name></Name>"), "Patient.name[0]"},
      {patient("<active value=\"1\"/><name/><name><given/><given value='&x;'/></name>"), "Patient.name[1].given[1]"},
      {patient("<name/><gender value=\"male\"/><deceasedBoolean value=1/>"), "Patient.deceased"},
      {patient("<contained><Organization><name value=\"a\"></contained>"), "Patient.contained[0].name"},
      {patient("<contained><Horse><name></contained>"), "Patient.contained[0]"},
      {patient("<name><nonsense><given></nonsense></name>"), "Patient.name[0]"},
      {patient("<text><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a<br></p></div></text>"), "Patient.text.div"},
      {patient("<extension url=\"u\"/><extension url=\"v\"><valueString value=\"&\"/></extension>"),
       "Patient.extension[1].value"}};
  for (const auto& [text, expression] : cases) {
    INFO(text);
    const Read read(text);
    REQUIRE(read.refused);
    CHECK(read.refused->issues.front().expression == expression);
  }
}

TEST_CASE("xml: written in the standard's order, attributes first") {
  const auto xml = fhir::xml::from_json(
      R"({"resourceType":"Patient","gender":"male","name":[{"given":["A",null],"_given":[null,{"extension":[{"valueCode":"c","url":"u"}]}],"id":"n"}],"id":"p","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a</p></div>","status":"empty"}})");
  CHECK(
      xml ==
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" +
          patient(
              R"(<id value="p"/><text><status value="empty"/><div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div></text><name id="n"><given value="A"/><given><extension url="u"><valueCode value="c"/></extension></given></name><gender value="male"/>)"));
}

TEST_CASE("xml: values are escaped so that they come back") {
  const std::string json = R"({"resourceType":"Patient","language":"<a href=\"x\">&amp;\t\r\n’\uE000</a>"})";
  const auto xml = fhir::xml::from_json(json);
  CHECK(xml.find(R"(&lt;a href=&quot;x&quot;&gt;&amp;amp;&#x9;&#xD;&#xA;’)") != xml.npos);
  const Read read(xml);
  CHECK(read.json() == "{\"resourceType\":\"Patient\",\"language\":\"<a href=\\\"x\\\">&amp;\\t\\r\\n’\uE000</a>\"}");
}

TEST_CASE("xml: pretty form holds the same") {
  const auto json =
      R"({"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}],"name":[{"family":"A"}]})";
  const auto xml = fhir::xml::from_json(json, true);
  CHECK(xml.find("\n  <contained>\n    <Organization>\n      <id value=\"o\"/>") != xml.npos);
  CHECK(Read(xml).json() == json);
}

TEST_CASE("xml: a narrative that is no XHTML cannot break the document") {
  for (const auto* div :
       {"", "a", "<div></p>", "<div/>x", "<p/>", "<div xmlns=\\\"u\\\"/>", "<div><x:p/></div>",
        "<div><![CDATA[a]]></div>", "<div><p xmlns=\\\"u\\\"/></div>", "<div>&nbsp;</div>", "<div>\\u0001</div>"}) {
    const auto json = R"({"resourceType":"Patient","text":{"status":"empty","div":")" + std::string(div) + "\"}}";
    const Read read(fhir::xml::from_json(json));
    CHECK_MESSAGE(read.issues.empty(), div);
    CHECK(read.json().find("<div xmlns=") != std::string::npos);
  }
  const auto xml =
      fhir::xml::from_json(R"({"resourceType":"Patient","text":{"status":"empty","div":"<div></p><script>"}})");
  CHECK(!fhir::xml::refusal(xml));
  CHECK(xml.find("&lt;script&gt;") != xml.npos);
}
