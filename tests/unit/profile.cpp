// Profiles: what each part of an ElementDefinition demands, slicing by every discriminator, extensions, references.
#include <doctest/doctest.h>

#include "tests/unit/cost.h"
#include "tests/unit/profile_fixture.h"

using namespace profile_fixture;

TEST_CASE("profile: cardinality, fixed, pattern, limits, length") {
  Judge judge{profile("p", "Patient",
                      R"({"path":"Patient.name","min":1,"max":"1"},{"path":"Patient.photo","max":"0"},
                         {"path":"Patient.gender","fixedCode":"female"},{"path":"Patient.name.family","maxLength":5},
                         {"path":"Patient.maritalStatus","patternCodeableConcept":{"coding":[{"code":"M"}]}},
                         {"path":"Patient.birthDate","minValueDate":"1900-01-01","maxValueDate":"2000-12-31"})")};
  CHECK(judge("p", patient(R"("name":[{"family":"Weber"}],"gender":"female","birthDate":"1970-01-01")")) == "");
  CHECK(judge("p", patient(R"("active":true)")) == "required Patient.name");
  CHECK(judge("p", patient(R"("name":[{"family":"A"},{"family":"B"}])")) == "structure Patient.name");
  CHECK(judge("p", patient(R"("name":[{"family":"Schmit"}])")) == "too-long Patient.name[0].family");
  CHECK(judge("p", patient(R"("name":[{"family":"A"}],"photo":[{"url":"http://e.org"}])")) ==
        "structure Patient.photo");
  CHECK(judge("p", patient(R"("name":[{"family":"A"}],"gender":"male")")) == "value Patient.gender");
  CHECK(judge("p", patient(R"("name":[{"family":"A"}],"birthDate":"1899-12-31")")) == "value Patient.birthDate");
  CHECK(judge("p", patient(R"("name":[{"family":"A"}],"birthDate":"2001")")) == "value Patient.birthDate");
  const std::string married = R"("name":[{"family":"A"}],"maritalStatus":{"text":"m","coding":[)";
  CHECK(judge("p", patient(married +
                           R"({"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"}]})")) ==
        "");
  CHECK(judge("p", patient(married +
                           R"({"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"D"}]})")) ==
        "value Patient.maritalStatus");
}

TEST_CASE("profile: a resource that claims a profile is judged by it; an unknown profile is not fetched (B103)") {
  Judge judge{profile("p", "Patient", R"({"path":"Patient.name","min":1})")};
  CHECK(judge("", patient(R"("meta":{"profile":[")" + url_of("p") + R"("]},"active":true)")) ==
        "required Patient.name");
  CHECK(judge("", patient(R"("meta":{"profile":["http://127.0.0.1:1/StructureDefinition/p"]},"active":true)")) == "");
  CHECK(judge("", patient(R"("generalPractitioner":[{"reference":"http://127.0.0.1:1/fhir/Practitioner/1"}])")) == "");
  CHECK_FALSE(judge.profiles.find("http://127.0.0.1:1/StructureDefinition/p"));
}

TEST_CASE("profile: types of a choice, and its slices by type") {
  Judge judge{
      profile("q", "Observation", R"({"path":"Observation.value[x]","type":[{"code":"Quantity"},{"code":"string"}]})"),
      profile("s", "Observation",
              R"({"id":"Observation.value[x]","path":"Observation.value[x]","slicing":{"rules":"open",
                          "discriminator":[{"type":"type","path":"$this"}]}},
                         {"id":"Observation.value[x]:valueQuantity","path":"Observation.value[x]",
                          "sliceName":"valueQuantity","type":[{"code":"Quantity"}]},
                         {"id":"Observation.value[x]:valueQuantity.unit","path":"Observation.value[x].unit","min":1})"),
      profile("short", "Observation", R"({"path":"Observation.valueQuantity.unit","min":1})")};
  CHECK(judge("q", observation(R"("valueString":"x")")) == "");
  CHECK(judge("q", observation(R"("valueBoolean":true)")) == "structure Observation.value");
  for (const char* name : {"s", "short"}) {
    CHECK(judge(name, observation(R"("valueQuantity":{"value":1,"unit":"g"})")) == "");
    CHECK(judge(name, observation(R"("valueQuantity":{"value":1})")) == "required Observation.value.unit");
    CHECK(judge(name, observation(R"("valueString":"x")")) == "");
  }
}

TEST_CASE("profile: slices by value and by pattern, closed and ordered") {
  const auto sliced = [](std::string_view name, std::string_view discriminator, std::string_view said,
                         std::string_view more) {
    return profile(name, "Patient",
                   R"({"path":"Patient.identifier","slicing":{"discriminator":[{"type":")" +
                       std::string(discriminator) +
                       R"(","path":"system"}],"rules":"closed","ordered":true}},
                      {"path":"Patient.identifier","sliceName":"a","min":1,"max":"1"},
                      {"path":"Patient.identifier.system",)" +
                       std::string(said) + R"(:"http://a.org"},
                      {"path":"Patient.identifier.value","min":1},
                      {"path":"Patient.identifier","sliceName":"b"},
                      {"path":"Patient.identifier.system",)" +
                       std::string(said) + R"(:"http://b.org"})" + std::string(more));
  };
  Judge judge{sliced("v", "value", "\"fixedUri\"", ""), sliced("p", "pattern", "\"patternUri\"", "")};
  const auto with = [](std::string_view identifiers) {
    return patient(R"("identifier":[)" + std::string(identifiers) + "]");
  };
  const std::string a = R"({"system":"http://a.org","value":"1"})", b = R"({"system":"http://b.org"})";
  for (const char* name : {"v", "p"}) {
    CHECK(judge(name, with(a)) == "");
    CHECK(judge(name, with(a + "," + b)) == "");
    CHECK(judge(name, with(b)) == "required Patient.identifier");
    CHECK(judge(name, with(a + "," + a)) == "structure Patient.identifier");
    CHECK(judge(name, with(b + "," + a)) == "structure Patient.identifier[1]");
    CHECK(judge(name, with(R"({"system":"http://a.org"})")) == "required Patient.identifier[0].value");
    CHECK(judge(name, with(a + R"(,{"system":"http://c.org"})")) == "structure Patient.identifier[1]");
  }
}

TEST_CASE("profile: slices by existence, by profile, by what a reference leads to, by a slice of a slice") {
  Judge judge{
      profile(
          "exists", "Patient",
          R"({"path":"Patient.telecom","slicing":{"rules":"open","discriminator":[{"type":"exists","path":"period"}]}},
                 {"path":"Patient.telecom","sliceName":"dated","max":"1"},{"path":"Patient.telecom.period","min":1},
                 {"path":"Patient.telecom","sliceName":"undated","max":"1"},{"path":"Patient.telecom.period","max":"0"})"),
      profile("named", "Patient", R"({"path":"Patient.name","min":1})"),
      profile(
          "profiled", "Bundle",
          R"({"path":"Bundle.entry","slicing":{"rules":"open","discriminator":[{"type":"profile","path":"resource"}]}},
                 {"path":"Bundle.entry","sliceName":"one","min":1},
                 {"path":"Bundle.entry.resource","type":[{"code":"Patient","profile":[")" +
              url_of("named") + R"("]}]})"),
      profile("resolved", "Observation",
              R"-({"path":"Observation.performer","slicing":{"rules":"closed","discriminator":[
                   {"type":"type","path":"resolve()"}]
}
},
                 {"path":"Observation.performer","sliceName":"who","max":"1","type":[{"code":"Reference",
                  "targetProfile":["http://hl7.org/fhir/StructureDefinition/Practitioner"]}]})-"),
      profile(
          "resliced", "Patient",
          R"({"path":"Patient.identifier","slicing":{"rules":"open","discriminator":[{"type":"value","path":"system"}]}},
                 {"path":"Patient.identifier","sliceName":"a","slicing":{"rules":"closed","discriminator":[
                   {"type":"value","path":"use"}]}},
                 {"path":"Patient.identifier.system","fixedUri":"http://a.org"},
                 {"path":"Patient.identifier","sliceName":"a/old","max":"1"},
                 {"path":"Patient.identifier.system","fixedUri":"http://a.org"},
                 {"path":"Patient.identifier.use","fixedCode":"old"})")};
  const std::string dated = R"({"system":"phone","value":"1","period":{"start":"2020"}})";
  CHECK(judge("exists", patient("\"telecom\":[" + dated + R"(,{"system":"phone","value":"2"}])")) == "");
  CHECK(judge("exists", patient("\"telecom\":[" + dated + "," + dated + "]")) == "structure Patient.telecom");
  const auto bundle = [](std::string_view resource) {
    return R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)" + std::string(resource) + "}]}";
  };
  CHECK(judge("profiled", bundle(patient(R"("name":[{"family":"A"}])"))) == "");
  CHECK(judge("profiled", bundle(patient(R"("active":true)"))) == "required Bundle.entry");
  CHECK(judge("resolved", observation(R"("performer":[{"reference":"Practitioner/1"}])")) == "");
  CHECK(judge("resolved", observation(R"("performer":[{"reference":"Patient/1"}])")) ==
        "structure Observation.performer[0]");
  const std::string old = R"({"system":"http://a.org","use":"old"})";
  CHECK(judge("resliced", patient("\"identifier\":[" + old + R"(,{"system":"http://b.org","use":"usual"}])")) == "");
  CHECK(judge("resliced", patient("\"identifier\":[" + old + "," + old + "]")) == "structure Patient.identifier");
  CHECK(judge("resliced", patient(R"("identifier":[{"system":"http://a.org","use":"usual"}])")) ==
        "structure Patient.identifier[0]");
}

TEST_CASE("profile: what a reference leads to must be of the target profile; circles end") {
  Judge judge{profile("named", "Patient",
                      R"({"path":"Patient.name","min":1},
                {"path":"Patient.link.other","type":[{"code":"Reference","targetProfile":[")" +
                          url_of("named") + R"("]}]})"),
              profile("o", "Observation",
                      R"({"path":"Observation.subject","type":[{"code":"Reference",
                "targetProfile":[")" +
                          url_of("named") + R"("],"aggregation":["contained"]}]})")};
  const auto with = [](std::string_view contained) {
    return R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Patient","id":"p",)" +
           std::string(contained) + R"(}],"subject":{"reference":"#p"}})";
  };
  CHECK(judge("o", with(R"("name":[{"family":"A"}])")) == "");
  CHECK(judge("o", with(R"("active":true)")) == "structure Observation.subject.reference");
  CHECK(judge("o", observation(R"("subject":{"reference":"Group/1"})")) ==
        "structure Observation.subject; structure Observation.subject.reference");
  CHECK(judge("o", observation(R"("subject":{"reference":"Patient/1"})")) == "structure Observation.subject");
  const std::string circle =
      R"({"resourceType":"Bundle","type":"collection","entry":[
          {"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","resource":{"resourceType":"Patient","id":"a",
           "meta":{"profile":[")" +
      url_of("named") + R"("]},"name":[{"family":"A"}],"link":[{"type":"seealso",
           "other":{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239521"}}]}},
          {"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239521","resource":{"resourceType":"Patient","id":"b",
           "name":[{"family":"B"}],"link":[{"type":"seealso",
           "other":{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}}]}}]})";
  CHECK(judge("", circle) == "");
}

TEST_CASE("profile: a resource that is here, but whose target profile is not, cannot be taken for right") {
  Judge judge{profile("o", "Observation", R"({"path":"Observation.subject","type":[{"code":"Reference",
                "targetProfile":["http://e.org/StructureDefinition/unknown"]}]})")};
  const std::string subject = R"("subject":{"reference":"#p"})";
  CHECK(judge("o", observation(R"("contained":[{"resourceType":"Patient","id":"p","active":true}],)" + subject)) ==
        "structure Observation.subject.reference");
  CHECK(judge("o", observation(R"("subject":{"reference":"Patient/elsewhere"})")) == "");
  // The same within a bundle whose profile has the profile of its entries.
  judge.known.put(profile(
      "b", "Bundle",
      R"({"path":"Bundle.entry.resource","type":[{"code":"Observation","profile":[")" + url_of("o") + R"("]}]})"));
  CHECK(
      judge(
          "b",
          R"({"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://e.org/Observation/o","resource":)" +
              observation(R"("id":"o","contained":[{"resourceType":"Patient","id":"p","active":true}],)" + subject) +
              "}]}") == "structure Bundle.entry[0].resource.subject.reference");
}

TEST_CASE("profile: a slice by a value set of codes that are not here has the codes of its system") {
  Judge judge{profile(
      "p", "Patient",
      R"({"path":"Patient.identifier","slicing":{"rules":"open","discriminator":[{"type":"value","path":"type"}]}},
                         {"path":"Patient.identifier","sliceName":"kept","min":1},
                         {"path":"Patient.identifier.type","binding":{"strength":"required","valueSet":"http://e.org/set"}})")};
  judge.known.put(R"({"resourceType":"ValueSet","url":"http://e.org/set","status":"active",
                      "compose":{"include":[{"system":"http://e.org/absent"}]}})");
  const auto of = [](std::string_view system) {
    return patient(R"("identifier":[{"value":"1","type":{"coding":[{"system":")" + std::string(system) +
                   R"(","code":"x"}]}}])");
  };
  CHECK(judge("p", of("http://e.org/absent")) == "");
  CHECK(judge("p", of("http://e.org/other")) == "required Patient.identifier");
}

TEST_CASE("profile: vital signs are judged by their profile, claimed or not") {
  Judge judge;
  const auto coded = [](std::string_view code, std::string_view more) {
    return R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":")" +
           std::string(code) + R"("}]})" + std::string(more) + "}";
  };
  CHECK(judge("", coded("8302-2", "")).find("required Observation.category") != std::string::npos);
  CHECK(judge("", coded("8303-0", "")) == "");
  CHECK(judge("", coded("8302-2", R"(,"subject":{"reference":"Patient/p"},"effectiveDateTime":"2024-05-06",
      "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],
      "valueQuantity":{"value":170,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"})")) == "");
}

TEST_CASE("profile: properties of concepts are of the types that their system declares") {
  Judge judge;
  const auto system = [](std::string_view value) {
    return R"({"resourceType":"CodeSystem","status":"active","content":"complete","property":[{"code":"since","type":"dateTime"}],
        "concept":[{"code":"a","concept":[{"code":"b","property":[{"code":"since",)" +
           std::string(value) + R"(},{"code":"other","valueInteger":1}]}]}]})";
  };
  CHECK(judge("", system(R"("valueDateTime":"2024")")) == "");
  CHECK(judge("", system(R"("valueString":"2024")")) == "business-rule CodeSystem.concept[0].concept[0].property[0]");
}

TEST_CASE("profile: an extension is named without a version") {
  Judge judge;
  CHECK(judge("", patient(R"("extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-congregation|4.0.1",
      "valueString":"x"}])")) == "value Patient.extension[0]");
}

TEST_CASE("profile: the sections of a narrative by language") {
  const auto controlled = [](std::string_view name, std::string_view control) {
    return profile(name, "Patient",
                   R"({"path":"Patient.text","extension":[{"valueCode":")" + std::string(control) +
                       R"(","url":"http://hl7.org/fhir/StructureDefinition/narrative-language-control"}]})");
  };
  Judge judge{controlled("no", "_no"), controlled("yes", "_yes"), controlled("own", "_resource"),
              controlled("fr", "fr")};
  const auto narrative = [](std::string_view content) {
    return patient(
        R"("language":"de","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">)" +
        std::string(content) + R"(</div>"})");
  };
  const auto plain = narrative("<p lang='de'>a<br/>b</p>");
  const auto german = narrative("<!-- <div lang='fr'> --><div xml:lang=\\\"de\\\"><div lang='fr'>x</div></div>");
  CHECK(judge("no", plain) == "");
  CHECK(judge("no", german) == "business-rule Patient.text");
  CHECK(judge("yes", plain) == "business-rule Patient.text");
  CHECK(judge("yes", german) == "");
  CHECK(judge("own", german) == "");
  CHECK(judge("own", plain) == "business-rule Patient.text");
  CHECK(judge("fr", german) == "business-rule Patient.text");
}

TEST_CASE("profile: what profiles alone say, without the walk over R4") {
  Judge judge{profile("p", "Patient", R"({"path":"Patient.name","min":1})")};
  const auto text = patient(R"("meta":{"profile":[")" + url_of("p") + R"("]},"gender":"x")");
  const auto resource = fhir::make_canonical(text);
  REQUIRE(resource);
  const auto issues = fhir::validate::by_profiles(*resource->resource, judge.options);
  REQUIRE(issues.size() == 1);
  CHECK(issues.front().expression == "Patient.name");
}

TEST_CASE("profile: a measure's criteria by name are in its library") {
  Judge judge;
  // library Screening … define "Initial": true … define function Grown(): true
  judge.known.put(
      R"({"resourceType":"Library","url":"http://e.org/Library/Screening","name":"Screening","status":"active",
      "type":{"text":"x"},"content":[{"contentType":"text/cql",
      "data":"bGlicmFyeSBTY3JlZW5pbmcgZGVmaW5lICJJbml0aWFsIjogdHJ1ZSBkZWZpbmUgZnVuY3Rpb24gR3Jvd24oKTogdHJ1ZQ=="}]})");
  const auto measure = [](std::string_view language, std::string_view expression) {
    return R"({"resourceType":"Measure","status":"active","library":["http://e.org/Library/Screening"],
        "group":[{"population":[{"criteria":{"language":")" +
           std::string(language) + R"(","expression":")" + std::string(expression) + R"("}}]}]})";
  };
  const std::string lacks = "invalid Measure.group[0].population[0].criteria";
  CHECK(judge("", measure("text/cql", R"(Screening.\"Initial\")")) == "");
  CHECK(judge("", measure("text/cql", "Screening.Grown")) == "");
  CHECK(judge("", measure("text/cql", "Screening.Small")) == lacks);
  CHECK(judge("", measure("text/cql", "Other.Small")) == "");
  CHECK(judge("", measure("text/cql", "true")) == "");
  CHECK(judge("", measure("text/cql", "exists Small")) == "");
  CHECK(judge("", measure("text/cql-identifier", "Initial")) == "");
  CHECK(judge("", measure("text/cql-identifier", "Small")) == lacks);
}

TEST_CASE("profile: a value set's expression constraint is one") {
  Judge judge;
  const auto set = [](std::string_view value) {
    return R"({"resourceType":"ValueSet","status":"active","compose":{"include":[{"system":"http://snomed.info/sct",
        "filter":[{"property":"constraint","op":"=","value":")" +
           std::string(value) + R"("}]}]}})";
  };
  CHECK(judge("", set("<< 404684003 |Clinical finding|")) == "");
  CHECK(judge("", set("404684003 << 404684003")) == "value ValueSet.compose.include[0].filter[0]");
}

TEST_CASE("profile: definitions: rules and search parameters by readable expressions, cardinality within the base's") {
  Judge judge;
  const auto structure = [](std::string_view path, std::string_view members) {
    return profile(
        "p", "Patient",
        R"({"id":")" + std::string(path) + R"(","path":")" + std::string(path) + "\"," + std::string(members) + "}");
  };
  const auto rule = [&](std::string_view expression) {
    return structure("Patient", R"("constraint":[{"key":"a-1","severity":"error","human":"h","expression":")" +
                                    std::string(expression) + R"("}])");
  };
  CHECK(judge("", rule("name.exists()")) == "");
  CHECK(judge("", rule("name.(")) == "invalid StructureDefinition.differential.element[0].constraint[0].expression");
  CHECK(judge("", structure("Patient.name", R"("min":1,"max":"3")")) == "");
  CHECK(judge("", structure("Patient.communication.language", R"("min":0)")) ==
        "business-rule StructureDefinition.differential.element[0].min");
  CHECK(judge("", structure("Patient.gender", R"("max":"2")")) ==
        "business-rule StructureDefinition.differential.element[0].max");
  const auto parameter = [](std::string_view expression) {
    return R"({"resourceType":"SearchParameter","url":"http://e.org/s","name":"S","status":"draft","description":"d",
      "code":"c","base":["Patient"],"type":"string","expression":")" +
           std::string(expression) + "\"}";
  };
  CHECK(judge("", parameter("Patient.name.family | Patient.name.given")) == "");
  CHECK(judge("", parameter("Patient.name.")) == "invalid SearchParameter.expression");
}

TEST_CASE("profile: what enables an item is an item of the questionnaire") {
  Judge judge;
  const auto questionnaire = [](std::string_view question) {
    return R"({"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"g","type":"group","item":[
      {"linkId":"a","type":"string"}]},{"linkId":"b","type":"string","enableWhen":[{"question":")" +
           std::string(question) + R"(","operator":"exists","answerBoolean":true}]}]})";
  };
  CHECK(judge("", questionnaire("a")) == "");
  CHECK(judge("", questionnaire("c")) == "not-found Questionnaire.item[1].enableWhen[0].question");
}

TEST_CASE("profile: extensions stand where their definition says, hold what it says, and must be known") {
  const std::string context = R"("context":[{"type":"element","expression":"Patient.contact"}],)";
  Judge judge{profile("e", "Extension", R"({"path":"Extension.url","fixedUri":")" + url_of("e") + R"("},
                         {"path":"Extension.value[x]","min":1,"type":[{"code":"string"}]})",
                      context),
              profile("anywhere", "Extension", R"({"path":"Extension.url","fixedUri":")" + url_of("anywhere") + R"("},
                         {"path":"Extension.extension","slicing":{"rules":"open","discriminator":[{"type":"value","path":"url"}]}},
                         {"path":"Extension.extension","sliceName":"part","min":1},
                         {"path":"Extension.extension.url","fixedUri":"part"})",
                      R"("context":[{"type":"element","expression":"Element"}],)")};
  const auto extension = [](std::string_view name, std::string_view value) {
    return R"("extension":[{"url":")" + url_of(name) + "\"," + std::string(value) + "}]";
  };
  const auto contact = [](const std::string& members) {
    return patient(R"("contact":[{"name":{"family":"A"},)" + members + "}]");
  };
  CHECK(judge("", contact(extension("e", R"("valueString":"x")"))) == "");
  CHECK(judge("", contact(extension("e", R"("valueInteger":1)"))) == "structure Patient.contact[0].extension[0].value");
  CHECK(judge("", patient(extension("e", R"("valueString":"x")"))) == "structure Patient.extension[0]");
  CHECK(judge("", patient(R"("modifierExtension":[{"url":")" + url_of("anywhere") +
                          R"(","extension":[{"url":"part","valueString":"x"}]}])")) ==
        "structure Patient.modifierExtension[0]");
  CHECK(judge("", patient(extension("anywhere", R"("extension":[{"url":"part","valueString":"x"}])"))) == "");
  CHECK(judge("", patient(extension(
                      "anywhere",
                      R"("extension":[{"url":"part","valueString":"x"},{"url":"other","valueString":"x"}])"))) ==
        "structure Patient.extension[0].extension[1]");
  CHECK(judge("", patient(R"("extension":[{"url":"https://unknown.lu/x","valueString":"x"}])")) ==
        "extension Patient.extension[0]");
  CHECK(judge("", patient(R"("extension":[{"url":"part","valueString":"x"}])")) == "value Patient.extension[0]");
  CHECK(
      judge(
          "",
          patient(
              R"("extension":[{"url":"http://hl7.org/fhir/StructureDefinition/of-a-later-release","valueString":"x"}])")) ==
      "");
}

TEST_CASE("profile: bindings by strength, rules with their variables") {
  Judge judge{
      profile("b", "Patient",
              R"-({"path":"Patient.maritalStatus","binding":{"strength":"required","valueSet":"http://e.org/vs"}},
                         {"path":"Patient.contact.relationship","binding":{"strength":"extensible","valueSet":"http://e.org/vs"}},
                         {"path":"Patient","constraint":[{"key":"own-1","severity":"error","human":"h",
                          "expression":"%resource.id = id and name.all(family.exists())"}]})-")};
  judge.options.member = [](const fhir::Node& value, std::string_view set) -> std::optional<bool> {
    if (set != "http://e.org/vs") return std::nullopt;
    return value.child("coding")->value_of("code") == "M";
  };
  const auto married = [](std::string_view code) {
    return patient(
        R"("id":"x","maritalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":")" +
        std::string(code) + R"("}]})");
  };
  CHECK(judge("b", married("M")) == "");
  CHECK(judge("b", married("D")) == "code-invalid Patient.maritalStatus");
  CHECK(
      judge("b", patient(R"("id":"x","contact":[{"name":{"text":"n"},"relationship":[{"coding":[{"code":"D"}]}]}])")) ==
      "");
  CHECK(judge("b", patient(R"("id":"x","name":[{"text":"n"}])")) == "invariant Patient");
}

TEST_CASE("profile: codes of quantities are of their systems; a narrative is in its namespace") {
  Judge judge;
  judge.options.has_code = [](std::string_view system, std::string_view code) -> std::optional<bool> {
    if (system != "http://unitsofmeasure.org") return std::nullopt;
    return code == "mg";
  };
  const auto observation = [](std::string_view code) {
    return R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1,)"
           R"("system":"http://unitsofmeasure.org","code":")" +
           std::string(code) + R"("}})";
  };
  CHECK(judge("", observation("mg")) == "");
  CHECK(judge("", observation("bogus")) == "code-invalid Observation.value.code");
  CHECK(
      judge("",
            patient(R"("text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"})")) ==
      "");
  CHECK(judge("", patient(R"("text":{"status":"generated","div":"<div>x</div>"})")) == "invariant Patient.text.div");
}

TEST_CASE("profile: value sets and concept maps name codes of their systems, in the version that they say") {
  Judge judge;
  judge.options.has_code = [](std::string_view system, std::string_view code) -> std::optional<bool> {
    if (system == "http://e.org/x") return code == "a";
    if (system == "http://e.org/x|1") return code == "b";
    return std::nullopt;
  };
  const auto set = [](std::string_view include) {
    return R"({"resourceType":"ValueSet","status":"active","compose":{"include":[)" + std::string(include) +
           R"(],"exclude":[{"system":"http://e.org/y","concept":[{"code":"z"}]}]}})";
  };
  CHECK(judge("", set(R"({"system":"http://e.org/x","concept":[{"code":"a"}]})")) == "");
  CHECK(judge("", set(R"({"system":"http://e.org/x","concept":[{"code":"a"},{"code":"b"}]})")) ==
        "code-invalid ValueSet.compose.include[0].concept[1].code");
  CHECK(judge("", set(R"({"system":"http://e.org/x","version":"1","concept":[{"code":"b"}]})")) == "");
  const auto map = [](std::string_view from, std::string_view to) {
    return R"({"resourceType":"ConceptMap","status":"active","group":[{"source":"http://e.org/x",)"
           R"("target":"http://e.org/x","targetVersion":"1","element":[{"code":")" +
           std::string(from) + R"(","target":[{"code":")" + std::string(to) + R"(","equivalence":"equal"}]}]}]})";
  };
  CHECK(judge("", map("a", "b")) == "");
  CHECK(judge("", map("b", "b")) == "code-invalid ConceptMap.group[0].element[0].code");
  CHECK(judge("", map("a", "a")) == "code-invalid ConceptMap.group[0].element[0].target[0].code");
}

TEST_CASE("profile: bundles by their full urls, documents by what they refer to") {
  Judge judge;
  const auto collection = [](std::string_view entry) {
    return R"({"resourceType":"Bundle","type":"collection","entry":[)" + std::string(entry) + "]}";
  };
  const std::string p = R"("resource":{"resourceType":"Patient","id":"1","active":true}})";
  CHECK(judge("", collection(R"({"fullUrl":"http://e.org/fhir/Patient/1",)" + p)) == "");
  CHECK(judge("", collection(R"({"fullUrl":"Patient/1",)" + p)) == "invalid Bundle.entry[0].fullUrl");
  CHECK(judge("", collection(R"({"fullUrl":"http://e.org/fhir/Patient/2",)" + p)) == "invalid Bundle.entry[0].fullUrl");
  const auto document = [](std::string_view subject, std::string_view full_url) {
    return R"({"resourceType":"Bundle","type":"document","timestamp":"2020-01-01T00:00:00Z","identifier":{"system":"urn:ietf:rfc:3986","value":"urn:oid:1.2"},
      "entry":[{"fullUrl":"http://e.org/fhir/Composition/c","resource":{"resourceType":"Composition","id":"c","status":"final",
      "type":{"text":"t"},"date":"2020","title":"t","author":[{"display":"a"}],"subject":{"reference":")" +
           std::string(subject) + R"("}}},{"fullUrl":")" + std::string(full_url) +
           R"(","resource":{"resourceType":"Patient","id":"1","active":true}}]})";
  };
  CHECK(judge("", document("Patient/1", "http://e.org/fhir/Patient/1")) == "");
  CHECK(judge("", document("Patient/1", "http://other.org/fhir/Patient/1")) ==
        "not-found Bundle.entry[0].resource.subject.reference");
  CHECK(judge("", document("urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "http://e.org/fhir/Patient/1")) ==
        "not-found Bundle.entry[0].resource.subject.reference");
  const auto referring = [&](std::string_view target) {
    return collection(
        R"({"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","resource":{"resourceType":")" +
        std::string(target) +
        R"(","active":true}},{"resource":{"resourceType":"Observation","status":"final","code":{"text":"c"},
      "subject":{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}}})");
  };
  CHECK(judge("", referring("Patient")) == "");
  CHECK(judge("", referring("Practitioner")) == "business-rule Bundle.entry[1].resource.subject.reference");
}

TEST_CASE("profile: a URI that names an OID or a UUID names one") {
  Judge judge;
  const auto system = [&](std::string_view uri) {
    return judge("", patient(R"("identifier":[{"value":"1","system":")" + std::string(uri) + R"("}])"));
  };
  for (const char* good : {"urn:oid:1.2.3", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "URN:OID:1.2.3",
                           "urn:uuid:C757873D-EC9A-4326-A141-556F43239520", "urn:ietf:rfc:3986"})
    CHECK_MESSAGE(system(good) == "", good);
  for (const char* bad : {"urn:oid:a.b", "urn:oid:1", "urn:uuid:abc", "oid:1.2.3", "uuid:c757873d"})
    CHECK_MESSAGE(system(bad) == "value Patient.identifier[0].system", bad);
}

TEST_CASE("profile: answers against their questionnaire") {
  Judge judge{R"({"resourceType":"Questionnaire","url":"http://e.org/q","status":"active","item":[
      {"linkId":"a","type":"boolean","required":true},
      {"linkId":"b","type":"string","required":true,"enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]},
      {"linkId":"c","type":"choice","answerOption":[{"valueCoding":{"code":"x"}}]},
      {"linkId":"d","type":"integer","repeats":true,"extension":[
        {"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueInteger":2},
        {"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueInteger":5}]}]})"};
  const auto response = [](std::string_view items) {
    return R"({"resourceType":"QuestionnaireResponse","questionnaire":"http://e.org/q","status":"completed","item":[)" +
           std::string(items) + "]}";
  };
  const std::string yes = R"({"linkId":"a","answer":[{"valueBoolean":true}]})";
  const std::string no = R"({"linkId":"a","answer":[{"valueBoolean":false}]})";
  const std::string b = R"({"linkId":"b","answer":[{"valueString":"s"}]})";
  CHECK(judge("", response(yes + "," + b)) == "");
  CHECK(judge("", response(no)) == "");
  CHECK(judge("", response(yes)) == "required QuestionnaireResponse");
  CHECK(judge("", response(no + "," + b)) == "invalid QuestionnaireResponse.item[1]");
  CHECK(judge("", response(R"({"linkId":"a","answer":[{"valueString":"s"}]})")) ==
        "structure QuestionnaireResponse.item[0].answer[0]");
  CHECK(judge("", response(no + "," + no)) == "structure QuestionnaireResponse.item[1]");
  CHECK(judge("", response(no + R"(,{"linkId":"d","answer":[{"valueInteger":2},{"valueInteger":5}]})")) == "");
  CHECK(judge("", response(no + R"(,{"linkId":"d","answer":[{"valueInteger":1},{"valueInteger":6}]})")) ==
        "value QuestionnaireResponse.item[1].answer[0]; value QuestionnaireResponse.item[1].answer[1]");
  CHECK(judge("", response(no + R"(,{"linkId":"z"})")) == "structure QuestionnaireResponse.item[1]");
  CHECK(judge("", response(no + R"(,{"linkId":"c","answer":[{"valueCoding":{"code":"y"}}]})")) ==
        "code-invalid QuestionnaireResponse.item[1].answer[0]");
}

TEST_CASE("profile: many answers to many questions take time in proportion") {
  const auto questionnaire = [](std::size_t count) {
    std::string items;
    for (std::size_t i = 0; i < count; ++i) {
      items +=
          std::string(i ? "," : "") + R"({"linkId":"l)" + std::to_string(i) + R"(","type":"string","required":true)";
      if (i > 0)
        items += R"(,"enableWhen":[{"question":"l)" + std::to_string(i - 1) +
                 R"(","operator":"exists","answerBoolean":true}])";
      items += '}';
    }
    return R"({"resourceType":"Questionnaire","url":"http://e.org/q)" + std::to_string(count) +
           R"(","status":"active","item":[)" + items + "]}";
  };
  Judge judge{questionnaire(300), questionnaire(3'000)};
  const auto response = [](std::size_t count) {
    std::string items;
    for (std::size_t i = 0; i < count; ++i)
      items +=
          std::string(i ? "," : "") + R"({"linkId":"l)" + std::to_string(i) + R"(","answer":[{"valueString":"s"}]})";
    return R"({"resourceType":"QuestionnaireResponse","questionnaire":"http://e.org/q)" + std::to_string(count) +
           R"(","status":"completed","item":[)" + items + "]}";
  };
  CHECK(cost::in_proportion([&](std::size_t count) { CHECK(judge("", response(count)) == ""); }, 3'000));
}

TEST_CASE("profile: a choice is among its options, whatever these are") {
  Judge judge{R"({"resourceType":"Questionnaire","url":"http://e.org/q","status":"active","item":[
      {"linkId":"a","type":"choice","answerOption":[{"valueString":"s"},{"valueInteger":1}]},
      {"linkId":"b","type":"open-choice","answerOption":[{"valueDate":"2020-01-01"}]}]})"};
  const auto answered = [&](std::string_view link, std::string_view answer) {
    return judge("", R"({"resourceType":"QuestionnaireResponse","questionnaire":"http://e.org/q","status":"completed",)"
                     R"("item":[{"linkId":")" +
                         std::string(link) + R"(","answer":[{)" + std::string(answer) + "}]}]}");
  };
  CHECK(answered("a", R"("valueString":"s")") == "");
  CHECK(answered("a", R"("valueInteger":1)") == "");
  CHECK(answered("a", R"("valueString":"t")") == "code-invalid QuestionnaireResponse.item[0].answer[0]");
  CHECK(answered("a", R"("valueDate":"2020-01-01")") == "structure QuestionnaireResponse.item[0].answer[0]");
  CHECK(answered("b", R"("valueDate":"2020-01-01")") == "");
  CHECK(answered("b", R"("valueString":"free")") == "");
  CHECK(answered("b", R"("valueInteger":1)") == "structure QuestionnaireResponse.item[0].answer[0]");
}

TEST_CASE("profile: an answer enables what is nearest to it, group by group; answers are of the value set") {
  Judge judge{R"({"resourceType":"Questionnaire","url":"http://e.org/q","status":"active","item":[
      {"linkId":"g","type":"group","repeats":true,"item":[
        {"linkId":"a","type":"boolean"},
        {"linkId":"b","type":"string","maxLength":2,"required":true,
         "enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]}]},
      {"linkId":"c","type":"choice","answerValueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"}]})"};
  const auto group = [](std::string_view yes, std::string_view b) {
    std::string text = R"({"linkId":"g","item":[{"linkId":"a","answer":[{"valueBoolean":)" + std::string(yes) + "}]}";
    if (!b.empty()) text += R"(,{"linkId":"b","answer":[{"valueString":")" + std::string(b) + R"("}]})";
    return text + "]}";
  };
  const auto response = [](const std::string& items) {
    return R"({"resourceType":"QuestionnaireResponse","questionnaire":"http://e.org/q","status":"completed","item":[)" +
           items + "]}";
  };
  const auto coded = [](std::string_view code) {
    return R"({"linkId":"c","answer":[{"valueCoding":{"system":"http://hl7.org/fhir/administrative-gender","code":")" +
           std::string(code) + R"("}}]})";
  };
  CHECK(judge("", response(group("true", "éé") + "," + group("false", ""))) == "");
  CHECK(judge("", response(group("true", "eee"))) == "too-long QuestionnaireResponse.item[0].item[1].answer[0]");
  CHECK(judge("", response(group("true", "x") + "," + group("true", ""))) == "required QuestionnaireResponse.item[1]");
  CHECK(judge("", response(group("true", "x") + "," + group("false", "x"))) ==
        "invalid QuestionnaireResponse.item[1].item[1]");
  CHECK(judge("", response(coded("female"))) == "");
  CHECK(judge("", response(coded("f"))) == "code-invalid QuestionnaireResponse.item[0].answer[0]");
}

TEST_CASE("profile: B38: a hostile definition costs a bounded time and refuses nothing else") {
  std::string deep = "name";
  for (int i = 0; i < 200; ++i) deep = "(" + deep + ").where(" + deep.substr(0, 50) + ".exists()";
  std::string repeats = "name.repeat($this)";
  for (int i = 0; i < 6; ++i)
    repeats = "(" + repeats + ").select(%resource.descendants()).select(%resource.descendants())";
  const auto chain = [](const std::string& pattern) {
    std::string constraints;
    for (int i = 0; i < 40; ++i)
      constraints += (i ? ",{\"key\":\"k" : "{\"key\":\"k") + std::to_string(i) +
                     R"-(","severity":"error","human":"h","expression":"'aaaaaaaaaaaaaaaaaaaaaa!'.matches(')-" +
                     pattern + R"-(').not()"})-";
    return R"({"path":"Patient","constraint":[)" + constraints + "]}";
  };
  Judge judge{profile("syntax", "Patient",
                      R"({"path":"Patient","constraint":[{"key":"x","severity":"error","human":"h","expression":")" +
                          deep + "\"}]}"),
              profile("steps", "Patient",
                      R"({"path":"Patient","constraint":[{"key":"x","severity":"error","human":"h","expression":")" +
                          repeats + "\"}]}"),
              profile("regex", "Patient", chain("^(a+)+$")), profile("plain", "Patient", chain("^a+$")),
              profile("self", "Patient", R"({"path":"Patient.name","min":1})", "", url_of("self"))};
  CHECK(judge("syntax", patient(R"("name":[{"family":"A"}])")) == "");
  CHECK(judge("steps", patient(R"("name":[{"family":"A"}])")).starts_with("exception"));
  CHECK(judge("regex", patient(R"("name":[{"family":"A"}])")) == "");
  CHECK_FALSE(judge.profiles.find(url_of("self")));
  std::string slices, components;
  for (int i = 0; i < 1'500; ++i) {
    const auto number = std::to_string(i);
    slices += R"(,{"id":"Observation.component:s)" + number + R"(","path":"Observation.component","sliceName":"s)" +
              number + R"("},{"id":"Observation.component:s)" + number +
              R"(.code","path":"Observation.component.code","patternCodeableConcept":{"text":")" + number + R"("}})";
    components += std::string(i ? "," : "") + R"({"code":{"text":"none"},"valueInteger":1})";
  }
  Judge sliced{profile("sliced", "Observation",
                       R"({"id":"Observation.component","path":"Observation.component","slicing":{"discriminator":)"
                       R"([{"type":"value","path":"code"}],"rules":"open"}})" +
                           slices)};
  const auto observation = R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"component":[)";
  CHECK(sliced("sliced", observation + components + "]}").starts_with("too-costly Observation.component["));
  CHECK(sliced("sliced", std::string(observation) + R"({"code":{"text":"7"},"valueInteger":1}]})") == "");
  const auto work = [&](const char* name) {
    return cost::of([&] { CHECK(judge(name, patient(R"("name":[{"family":"A"}])")) == ""); });
  };
  CHECK(work("regex") < 20 * work("plain"));
}
