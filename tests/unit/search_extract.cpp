#include <set>
#include <string>

#include "fhir/search/index.h"
#include "fhir/search/most_rows.h"
#include "fhir/search/values.h"
#include "fhir/search/walk.h"
#include "tests/unit/search_fixture.h"

using namespace fhir;
using namespace fhir::search;
using search_fixture::Indexed;

TEST_CASE("rows are made once, by kind and facet") {
  const Indexed patient(R"({"resourceType":"Patient","id":"p1","meta":{"lastUpdated":"2020-01-01T00:00:00Z"},
    "name":[{"family":"Weber","given":["Weber"]},{"family":"Weber"}]})");
  CHECK(patient.of("family").size() == 1);
  CHECK(patient.of("name").size() == 1);
  CHECK(patient.of("name")[0].value.text == "weber");
  CHECK(patient.of("name")[0].value.exact == "Weber");
  CHECK(patient.of("_id").empty());
  CHECK(patient.of("_lastUpdated").empty());
}

TEST_CASE("UCUM quantities have a second row in base units") {
  const Indexed observation(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
    "valueQuantity":{"value":2,"system":"http://unitsofmeasure.org","code":"g"}})");
  const auto rows = observation.of("value-quantity");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].value.canonical != rows[1].value.canonical);
}

TEST_CASE("composites are rows of parts") {
  const Indexed observation(R"({"resourceType":"Observation","status":"final",
    "code":{"coding":[{"code":"a"},{"code":"b"}]},"valueQuantity":{"value":2,"unit":"x"}})");
  const auto rows = observation.of("code-value-quantity");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].parts.size() == 2);
  CHECK(rows[0].value.kind == IndexKind::composite);
}

TEST_CASE("what contained resources say at the end of a chain is a row of the resource that refers to them") {
  const Indexed document(R"({"resourceType":"DocumentReference","status":"current",
    "contained":[{"resourceType":"Practitioner","id":"a","name":[{"family":"Weber","given":["Anne"]}]},
      {"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"#p"}},
      {"resourceType":"Practitioner","id":"p","name":[{"family":"Klein"},{"family":"Weber"}]},
      {"resourceType":"PractitionerRole","id":"s","practitioner":{"reference":"#s"}},
      {"resourceType":"Practitioner","id":"other","name":[{"family":"Reader"}]}],
    "author":[{"reference":"#a"},{"reference":"#r"},{"reference":"#s"},{"reference":"#nobody"}],
    "authenticator":{"reference":"#other"},"content":[{"attachment":{"url":"Binary/1"}}]})");
  const auto values = [&](std::string_view code) {
    std::set<std::string> all;
    for (const auto& row : document.of(code)) all.insert(row.value.text);
    CHECK(all.size() == document.of(code).size());
    return all;
  };
  CHECK(values("author.family") == std::set<std::string>{"weber", "klein"});
  CHECK(values("author.given") == std::set<std::string>{"anne"});
}

TEST_CASE("a composite with too many combinations is not indexed by halves") {
  const auto codings = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += (i ? R"(,{"code":"c)" : R"({"code":"c)") + std::to_string(i) + "\"}";
    return R"({"coding":[)" + text + "]}";
  };
  const auto rows = [&](int count) {
    return Indexed(R"({"resourceType":"Observation","status":"final","code":)" + codings(count) +
                   R"(,"valueCodeableConcept":)" + codings(count) + "}")
        .rows.size();
  };
  CHECK(rows(30) < 2'000);
  CHECK(rows(40) == most_rows);
}

TEST_CASE("rows are bounded") {
  std::string json = R"({"resourceType":"Patient","identifier":[)";
  for (int i = 0; i < 60'000; ++i) json += (i ? ",{\"value\":\"" : "{\"value\":\"") + std::to_string(i) + "\"}";
  const Indexed patient(json + "]}");
  CHECK(patient.rows.size() == most_rows);
}

TEST_CASE("large code systems are indexed whole") {
  std::string json = R"({"resourceType":"CodeSystem","status":"active","content":"complete","concept":[)";
  for (int i = 0; i < 60'000; ++i) json += (i ? ",{\"code\":\"" : "{\"code\":\"") + std::to_string(i) + "\"}";
  const Indexed system(json + "]}");
  CHECK(system.rows.size() > 60'000);
  CHECK(system.rows.size() < most_rows_of(*fhir::definitions().resource("CodeSystem")));
}

// Data types at the end of the walk that a parameter's expression describes, starting at a type.
namespace {

void types_after(const Type& type, const Step* step, const Step* end, std::vector<const Type*>& found) {
  if (step == end) {
    found.push_back(&type);
    return;
  }
  if (step->kind == Step::Kind::where_equal || step->kind == Step::Kind::resolves_to)
    return types_after(type, step + 1, end, found);
  if (step->kind == Step::Kind::type) {
    if (type.is(step->name) || (step->name == "DateTime" && type.name.view() == "dateTime"))
      types_after(type, step + 1, end, found);
    return;
  }
  for (const auto& element : type.elements)
    if (element.name.view() == step->name)
      for (const auto& option : element.types) types_after(*option.type, step + 1, end, found);
}

}  // namespace

TEST_CASE("every R4 search parameter leads to data types that can be indexed") {
  // Whole choices where the standard indexes only some of the types.
  const std::vector<std::string> partial = {"SampledData"};
  int walked = 0;
  for (const auto& type : definitions().types) {
    if (type.kind != TypeKind::resource || type.abstract) continue;
    for (const auto& parameter : type.search) {
      if (!supported(parameter) || is_full_text(parameter) || is_near(parameter)) continue;
      if (parameter.type == ParameterType::composite) continue;
      const auto walk = Walk::parse(parameter.expression);
      if (!walk) {
        const auto code = parameter.code.view();  // MHD's two look into extensions
        CHECK_MESSAGE((code == "deceased" || code == "designationType" || code == "sourceId"), type.name.view()
                                                                                                   << "." << code);
        continue;
      }
      std::vector<const Type*> found;
      for (const auto& branch : walk->branches) {
        CHECK(type.is(branch.of_type));
        types_after(type, branch.steps.data(), branch.steps.data() + branch.steps.size(), found);
      }
      std::string named;
      bool indexed = false;
      for (const Type* data : found) {
        named += std::string(data->name) + " ";
        indexed = indexed || can_index(parameter.type, *data);
      }
      CHECK_MESSAGE(indexed, type.name.view() << "." << parameter.code.view() << ": " << named);
      ++walked;
    }
  }
  CHECK(walked > 2000);
}

TEST_CASE("walks refuse what is not a plain path") {
  CHECK(Walk::parse("Patient.name.family"));
  CHECK(Walk::parse("(Observation.value as CodeableConcept).text"));
  CHECK_FALSE(Walk::parse("Patient.deceased.exists() and Patient.deceased != false"));
  CHECK_FALSE(Walk::parse("Patient.name[1].family"));
  CHECK_FALSE(Walk::parse("Patient.contact.name[0]"));
  CHECK_FALSE(Walk::parse("Patient.name."));
  CHECK_FALSE(Walk::parse(""));
  CHECK_FALSE(Walk::parse("Patient.name.where(use='it\\'s')"));
}

TEST_CASE("a common Observation is indexed the same whenever it is") {
  const Indexed observation(
      R"({"resourceType":"Observation","id":"o1","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/vitalsigns"]},
    "status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital signs"}]}],
    "code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel"}],"text":"Blood pressure panel"},
    "subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e1"},"effectiveDateTime":"2020-01-01T10:00:00+01:00","issued":"2020-01-01T10:00:00.123+01:00",
    "performer":[{"reference":"Practitioner/d1","display":"Dr. Weber"}],
    "component":[
      {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic"}],"text":"Systolic"},"valueQuantity":{"value":150,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
      {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4","display":"Diastolic"}],"text":"Diastolic"},"valueQuantity":{"value":90,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]})");
  CHECK(extract(*observation.node, search_fixture::base).size() == observation.rows.size());
  CHECK(observation.rows.size() >= 20);
}
