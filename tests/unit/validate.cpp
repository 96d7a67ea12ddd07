#include "fhir/validate/validate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "fhir/bind.h"
#include "fhir/definitions.h"
#include "fhir/format/json.h"
#include "fhir/path/path.h"
#include "fhir/validate/rules.h"
#include "tests/unit/cost.h"

namespace {

std::vector<fhir::Issue> faults(std::string_view text, const fhir::validate::Options& options = {}) {
  fhir::Arena arena;
  auto parsed = fhir::json::parse(text, arena);
  REQUIRE(parsed);
  std::vector<fhir::Issue> issues;
  const auto* resource = fhir::bind(*parsed, arena, issues);
  for (const auto& issue : issues) MESSAGE(issue.expression, ": ", issue.diagnostics);
  REQUIRE(issues.empty());
  return fhir::validate::resource(*resource, options);
}

// "code expression" of each fault, in order.
std::string places(std::string_view text) {
  std::string found;
  for (const auto& issue : faults(text)) found += (found.empty() ? "" : "; ") + issue.code + " " + issue.expression;
  return found;
}

std::string narrative(std::string_view div) { return fhir::validate::narrative_fault(div).value_or(""); }

std::string div(std::string_view content) {
  return "<div xmlns=\"http://www.w3.org/1999/xhtml\">" + std::string(content) + "</div>";
}

std::string patient(std::string_view members) { return R"({"resourceType":"Patient",)" + std::string(members) + "}"; }

std::string observation(std::string_view members) {
  return R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)" + std::string(members) + "}";
}

}  // namespace

TEST_CASE("validate: what is right has no faults") {
  CHECK(places(patient(R"("id":"p","birthDate":"2024-02-29","gender":"female","active":true)")) == "");
  CHECK(places(observation(R"("subject":{"reference":"Patient/1"},"valueQuantity":{"value":1.50,"unit":"mg"})")) == "");
}

TEST_CASE("validate: all invariants of R4 compile") {
  const auto check = [](const fhir::List<fhir::Constraint>& constraints) {
    for (const auto& constraint : constraints)
      CHECK_MESSAGE(fhir::path::compile(constraint.expression), std::string(constraint.key));
  };
  for (const auto& type : fhir::definitions().types) {
    check(type.constraints);
    for (const auto& element : type.elements) check(element.constraints);
  }
}

TEST_CASE("validate: required elements, at the root and below") {
  CHECK(places(R"({"resourceType":"Observation","id":"x"})") ==
        "required Observation.status; required Observation.code");
  CHECK(places(patient(R"("communication":[{"preferred":true}],"link":[{"type":"refer"}])")) ==
        "required Patient.communication[0].language; required Patient.link[0].other");
  CHECK(places(patient(R"("extension":[{"valueCode":"x"}])")).starts_with("required Patient.extension[0].url"));
}

TEST_CASE("validate: formats of primitives, also in extensions of primitives") {
  CHECK(places(patient(R"("id":"a_b","birthDate":"2024-02-30","meta":{"lastUpdated":"2024-01-01"})")) ==
        "value Patient.id; value Patient.birthDate; value Patient.meta.lastUpdated");
  CHECK(places(patient(R"("_birthDate":{"extension":[{"url":"http://e.org","valueInteger":1.5}]})")) ==
        "value Patient.birthDate.extension[0].value");
  CHECK(places(patient(R"("name":[{"given":["a","",""]}])")) ==
        "value Patient.name[0].given[1]; value Patient.name[0].given[2]");
  CHECK(places(patient(R"("photo":[{"contentType":"text/plain","data":"%%%"}])")) == "value Patient.photo[0].data");
}

TEST_CASE("validate: required bindings") {
  CHECK(places(patient(R"("gender":"f")")) == "code-invalid Patient.gender");
  CHECK(places(patient(R"("gender":"Female")")) == "code-invalid Patient.gender");
  const auto condition = [](std::string_view status) {
    return places(R"({"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":)" +
                  std::string(status) + "}");
  };
  const std::string system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
  CHECK(condition(R"({"coding":[{"system":")" + system + R"(","code":"active"}]})") == "");
  CHECK(condition(R"({"coding":[{"system":"http://e.org","code":"a"},{"system":")" + system +
                  R"(","code":"active"}]})") == "");
  CHECK(condition(R"({"coding":[{"system":")" + system + R"(","code":"horse"}]})") ==
        "code-invalid Condition.clinicalStatus");
  CHECK(condition(R"({"coding":[{"code":"active"}]})") == "code-invalid Condition.clinicalStatus");
  CHECK(condition(R"({"text":"active"})") == "code-invalid Condition.clinicalStatus");
}

TEST_CASE("validate: codes of systems without content are judged by syntax") {
  CHECK(places(patient(R"("photo":[{"contentType":"image/png"}],"language":"lb-LU")")) == "");
  CHECK(places(patient(R"("photo":[{"contentType":"image/"}])")) == "code-invalid Patient.photo[0].contentType");
  CHECK(fhir::validate::language_syntax("de"));
  CHECK(fhir::validate::language_syntax("zh-Hant-TW"));
  CHECK(fhir::validate::language_syntax("x-private"));
  for (const char* bad : {"", "d", "de-", "-de", "d1", "englishlong", "de--CH", "x"})
    CHECK_MESSAGE(!fhir::validate::language_syntax(bad), bad);
  CHECK(fhir::validate::mime_syntax("application/fhir+json; fhirVersion=4.0"));
  CHECK_FALSE(fhir::validate::mime_syntax("text/"));
  CHECK_FALSE(fhir::validate::mime_syntax("te xt/plain"));
}

TEST_CASE("validate: references by syntax and target type") {
  const auto subject = [](std::string_view reference) {
    return places(observation(R"("subject":{"reference":")" + std::string(reference) + R"("})"));
  };
  for (const char* good : {"Patient/1", "Group/1", "http://other.org/fhir/Patient/1", "http://other.org/Horse/1",
                           "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "urn:oid:1.2.3"})
    CHECK_MESSAGE(subject(good) == "", good);
  CHECK(subject("Medication/1") == "business-rule Observation.subject.reference");
  CHECK(subject("http://other.org/fhir/Medication/1") == "business-rule Observation.subject.reference");
  CHECK(subject("Horse/1") == "value Observation.subject.reference");
  CHECK(subject("Patient") == "value Observation.subject.reference");
  CHECK(subject("Patient?identifier=1") == "value Observation.subject.reference");
  CHECK(subject("#missing") == "invariant Observation.subject");
  CHECK(places(observation(R"("subject":{"reference":"Patient/1","type":"Group"})")) ==
        "business-rule Observation.subject.reference");
  CHECK(places(observation(R"("subject":{"display":"x","type":"Horse"})")) == "code-invalid Observation.subject.type");
  CHECK(places(observation(R"("subject":{"display":"x","type":"Group"})")) == "");
  CHECK(places(observation(R"("subject":{"display":"x","type":"Medication"})")) ==
        "business-rule Observation.subject.type");
}

TEST_CASE("validate: references by criteria only in a bundle to be processed") {
  const auto bundle = [](std::string_view type) {
    return places(R"({"resourceType":"Bundle","type":")" + std::string(type) + R"(","entry":[{"resource":)" +
                  observation(R"("subject":{"reference":"Patient?identifier=1"})") +
                  (type == "transaction" ? R"(,"request":{"method":"POST","url":"Observation"}}]})" : "}]}"));
  };
  CHECK(bundle("transaction") == "");
  CHECK(bundle("collection") == "value Bundle.entry[0].resource.subject.reference");
}

TEST_CASE("validate: contained resources") {
  CHECK(places(observation(R"("contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"#p"})")) == "");
  CHECK(places(observation(R"("contained":[{"resourceType":"Patient","id":"p"}])")) == "invariant Observation");
  CHECK(places(observation(R"("contained":[{"resourceType":"Patient","id":"p"},{"resourceType":"Patient","id":"p"}],)"
                           R"("subject":{"reference":"#p"})")) == "invariant Observation");
  CHECK(places(observation(R"("contained":[{"resourceType":"Provenance","id":"p","target":[{"reference":"#"}],)"
                           R"("recorded":"2020-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]}])")) == "");
  CHECK(places(observation(R"("subject":{"reference":"#"})")) == "invariant Observation.subject");
  CHECK(places(observation(R"("contained":[{"resourceType":"Medication","id":"m"}],"subject":{"reference":"#m"})")) ==
        "business-rule Observation.subject.reference");
  CHECK(places(observation(R"("contained":[{"resourceType":"Patient","id":"p"}],)"
                           R"("subject":{"reference":"#p","type":"Group"})")) ==
        "business-rule Observation.subject.reference");
  CHECK(places(observation(R"("contained":[{"resourceType":"Patient","active":true}])")) ==
        "required Observation.contained[0]");
  CHECK(places(observation(
            R"("contained":[{"resourceType":"Patient","id":"p","gender":"x"}],"subject":{"reference":"#p"})")) ==
        "code-invalid Observation.contained[0].gender");
}

TEST_CASE("validate: invariants of types, elements and backbones") {
  CHECK(places(patient(R"("contact":[{"gender":"male"}])")) == "invariant Patient.contact[0]");
  CHECK(places(observation(R"("dataAbsentReason":{"text":"x"},"valueString":"y")")) == "invariant Observation");
  CHECK(places(observation(R"("effectivePeriod":{"start":"2020-01-02","end":"2020-01-01"})")) ==
        "invariant Observation.effective");
  CHECK(places(observation(R"("referenceRange":[{"appliesTo":[{"text":"x"}]}])")) ==
        "invariant Observation.referenceRange[0]");
  CHECK(places(patient(R"("extension":[{"url":"http://e.org"}])")) == "invariant Patient.extension[0]");
}

TEST_CASE("validate: an invariant holds by a true alone, not by an empty result") {
  // vsd-9: code.exists() or abstract = true
  const auto value_set = [](std::string_view contains) {
    return places(R"({"resourceType":"ValueSet","status":"draft","expansion":{"timestamp":"2020-01-01","contains":[{)" +
                  std::string(contains) + "}]}}");
  };
  CHECK(value_set(R"("display":"group")") == "invariant ValueSet.expansion.contains[0]");
  CHECK(value_set(R"("display":"group","abstract":true)") == "");
  // que-13: repeats=true or initial.count() <= 1
  const auto question = [](std::string_view members) {
    return places(R"({"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"string",)"
                  R"("initial":[{"valueString":"a"},{"valueString":"b"}])" +
                  std::string(members) + "}]}");
  };
  CHECK(question("") == "invariant Questionnaire.item[0]");
  CHECK(question(R"(,"repeats":true)") == "");
}

TEST_CASE("validate: sqty-1 where a Quantity must be a SimpleQuantity, in a choice for that type alone") {
  CHECK(places(observation(R"("referenceRange":[{"low":{"value":1,"comparator":"<"}}])")) ==
        "invariant Observation.referenceRange[0].low");
  CHECK(places(observation(R"("valueQuantity":{"value":1,"comparator":"<"})")) == "");
  const auto dose = [](std::string_view of) {
    return places(R"({"resourceType":"MedicationStatement","status":"active","subject":{"reference":"Patient/1"},)"
                  R"("medicationCodeableConcept":{"text":"x"},"dosage":[{"doseAndRate":[{)" +
                  std::string(of) + "}]}]}");
  };
  CHECK(dose(R"("doseQuantity":{"value":1,"comparator":"<"})") ==
        "invariant MedicationStatement.dosage[0].doseAndRate[0].dose");
  CHECK(dose(R"("doseRange":{"low":{"value":1}})") == "");
}

TEST_CASE("validate: entries as the type of their bundle wants them") {
  const auto bundle = [](std::string_view type, std::string_view entry) {
    return places(R"({"resourceType":"Bundle","type":")" + std::string(type) + R"(","entry":[{)" + std::string(entry) +
                  "}]}");
  };
  const std::string resource = R"("resource":{"resourceType":"Patient","active":true})";
  const std::string request = R"("request":{"method":"DELETE","url":"Patient/1"})";
  const std::string response = R"("response":{"status":"200"})";
  CHECK(bundle("collection", resource) == "");
  CHECK(bundle("collection", resource + "," + request) == "invariant Bundle.entry[0]");
  CHECK(bundle("transaction", resource) == "invariant Bundle.entry[0]");
  CHECK(bundle("batch", request) == "");
  CHECK(bundle("batch-response", response) == "");
  CHECK(bundle("searchset", response) == "invariant Bundle.entry[0]");
  CHECK(bundle("history", request + "," + response) == "");
  CHECK(bundle("history", request) == "invariant Bundle.entry[0]");
}

TEST_CASE("validate: a large bundle takes time in proportion, wherever its type stands") {
  const auto validate = [](std::size_t entries) {
    std::string text = R"({"entry":[)";
    for (std::size_t i = 0; i < entries; ++i)
      text += std::string(i ? "," : "") + R"({"resource":{"resourceType":"Patient","active":true}})";
    CHECK(places(text + R"(],"resourceType":"Bundle","type":"collection"})") == "");
  };
  CHECK(cost::in_proportion(validate, 5000));
}

TEST_CASE("validate: many contained resources take time in proportion") {
  const auto validate = [](std::size_t count) {
    std::string contained, performers;
    for (std::size_t i = 0; i < count; ++i) {
      const auto id = "p" + std::to_string(i);
      contained += (i ? "," : "") + (R"({"resourceType":"Patient","id":")" + id + "\"}");
      performers += (i ? "," : "") + (R"({"reference":"#)" + id + "\"}");
    }
    CHECK(places(R"({"resourceType":"Observation","contained":[)" + contained +
                 R"(],"status":"final","code":{"text":"x"},)" + R"("performer":[)" + performers + "]}") == "");
  };
  CHECK(cost::in_proportion(validate, 10'000));
}

TEST_CASE("validate: warnings only when asked for") {
  const auto text = patient(R"("id":"p")");
  CHECK(faults(text).empty());
  const auto all = faults(text, {.warnings = true});
  REQUIRE(all.size() == 1);
  CHECK(all.front().severity == fhir::Severity::warning);
  CHECK(all.front().diagnostics.starts_with("dom-6"));
}

TEST_CASE("validate B33: attachments against their data") {
  const auto photo = [](std::string_view members) {
    return places(patient(R"("photo":[{"contentType":"text/plain","data":"YWJj",)" + std::string(members) + "}]"));
  };
  CHECK(photo(R"("size":3,"hash":"qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")") == "");
  CHECK(photo(R"("size":4)") == "invariant Patient.photo[0]");
  CHECK(photo(R"("hash":"rZk+NkcGgWq6PiVxeFDCbJzQ2J0=")") == "invariant Patient.photo[0]");
  // 64 bytes: the padding takes a block of its own.
  const std::string block = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ==";
  CHECK(places(patient(R"("photo":[{"contentType":"text/plain","data":")" + block +
                       R"(","size":64,"hash":"AJi6gktcFkJ716ESKlpEKiXsZE0="}])")) == "");
}

TEST_CASE("narrative: what XHTML of R4 may hold") {
  for (const char* good :
       {"text", "<p>a<br/>b</p>", "<a href=\"https://e.org\">x</a>", "<a href='#here'>x</a>",
        "<img src=\"#pic\" alt=\"x\"/>", "<img src=\"data:image/png;base64,AAAA\"/>", "<img src=\"Binary/1\"/>",
        "&lt;&#160;&#xE9;&amp;", "<table class=\"grid\"><tr><td colspan=\"2\" style=\"color: red\">x</td></tr></table>",
        "a<!-- comment -->", "<td style=\"background: url(data:image/png;base64,AAAA)\">x</td>"})
    CHECK_MESSAGE(narrative(div(good)) == "", good);
}

TEST_CASE("narrative B32: nothing runs, nothing is fetched, all is well-formed") {
  for (const char* bad : {"<script>alert(1)</script>x",
                          "<p onload=\"x\">x</p>",
                          "<a href=\"javascript:alert(1)\">x</a>",
                          "<a href=\"java&#10;script:alert(1)\">x</a>",
                          "<a href=\" JAVASCRIPT:x\">x</a>",
                          "<a href=\"data:text/html,x\">x</a>",
                          "<img src=\"http://evil.org/x.png\"/>",
                          "<img src=\"//evil.org/x.png\"/>",
                          "<img src=\"data:image/svg+xml,x\"/>",
                          "<svg/>x",
                          "<iframe src=\"x\"/>x",
                          "<form>x</form>",
                          "<style>p{}</style>x",
                          "<object/>x",
                          "<P>x</P>",
                          "<p>x",
                          "<p>x</div>",
                          "</p>x",
                          "<p a>x</p>",
                          "<p class=x>x</p>",
                          "<p class=\"a\" class=\"b\">x</p>",
                          "<p class=\"<\">x</p>",
                          "&nbsp;",
                          "&",
                          "&#0;",
                          "&#xD800;",
                          "<![CDATA[x]]>",
                          "<?php x ?>",
                          "<!DOCTYPE x>x",
                          "<!-- a -- b -->x",
                          "<!-- x",
                          "<td style=\"background: url(http://evil.org)\">x</td>",
                          "<td style=\"width: expression(alert(1))\">x</td>",
                          "<p style=\"b: u\\72l(x)\">x</p>",
                          "<p xmlns=\"http://www.w3.org/2000/svg\">x</p>",
                          "",
                          "  ",
                          "<p> </p>"})
    CHECK_MESSAGE(narrative(div(bad)) != "", bad);
  CHECK(narrative("text") != "");
  CHECK(narrative("<p>x</p>") != "");
  CHECK(narrative("<div>x</div><div>y</div>") != "");
  CHECK(narrative("<div>x</div>y") != "");
  CHECK(narrative("<divx>x</divx>") != "");
  CHECK(narrative("<div") != "");
  CHECK(narrative("<div>" + std::string(100'000, '<')) != "");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<div>";
  CHECK(narrative(deep).find("too deeply") != std::string::npos);
  CHECK(places(patient(R"("text":{"status":"generated","div":"<div>x<script/></div>"})")) ==
        "invariant Patient.text.div");
}

TEST_CASE("validate: what is reported is bounded") {
  std::string names;
  for (int i = 0; i < 1000; ++i) names += std::string(i ? "," : "") + R"({"use":"x"})";
  CHECK(faults(patient("\"name\":[" + names + "]")).size() == 100);
}

TEST_CASE("ecl: the forms that SNOMED International's guide has, and what is none") {
  const auto right = [](std::string_view text) { return !fhir::validate::ecl_fault(text); };
  for (const std::string_view text :
       {"404684003",
        "*",
        " < 404684003 |Clinical finding| ",
        "<< 73211009",
        "<! 404684003",
        ">> 40541001",
        ">!40541001",
        "^ 700043003",
        "<< (^ 700043003 |Example|)",
        "< 19829001 AND < 301867009",
        "< 19829001 MINUS ^ 700043003",
        "(< 1 9829001)",
        "< 404684003 : 363698007 = << 39057004, 116676008 = *",
        "* : R 363698007 != < 91723000",
        "< 404684003 : [1..*] { [2..3] 363698007 = < 91723000 } OR { * = * }",
        "< 27658006 : 411116001 = << 385055001, { 179999999100 = ( 219999999102 : 189999999103 >= #200 ) }",
        "< 373873005 : 209999999104 = \"PAN\\\"ADOL\"",
        "< 125605004 . 363698007",
        "< 125605004 : [0..0] (( << 410662002 MINUS 363698007 ) MINUS 116676008 ) = *",
        "< 404684003 {{ term = \"heart\" }}",
        "/* all */ << 138875005"})
    CHECK_MESSAGE(right(text) == (text != "(< 1 9829001)"), text);
  for (const std::string_view text :
       {"", "234234 << 234234", "<", "12345", "404684003 |open", "404684003 ||", "< 404684003 :", "(404684003",
        "404684003)", "404684003 AND", "* : [1..x] 363698007 = *", "* : { 363698007 = *", "* : 363698007", "heart",
        "1234567890123456789"})
    CHECK_MESSAGE(!right(text), text);
  CHECK_FALSE(right(std::string(5000, '(')));
}
