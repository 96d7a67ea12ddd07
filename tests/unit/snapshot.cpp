// Snapshots from differentials.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/cost.h"
#include "tests/unit/profile_fixture.h"

using namespace profile_fixture;

namespace {

struct Made {
  explicit Made(const std::string& structure) {
    known.put(structure);
    const auto found = known.find("StructureDefinition", fhir::make_canonical(structure)->url);
    auto result = fhir::snapshot::generate(*found, known);
    if (result)
      whole = *result;
    else
      fault = result.outcome().issues.front().diagnostics;
  }
  const fhir::Node* at(std::string_view id) const {
    for (const auto& element : *whole->resource->child("snapshot"))
      if (element.value_of("id") == id) return &element;
    return nullptr;
  }
  std::string says(std::string_view id, std::string_view name) const {
    const auto* element = at(id);
    return element ? std::string(element->value_of(name)) : "no element";
  }
  Known known;
  std::shared_ptr<const fhir::Canonical> whole;
  std::string fault;
};

}  // namespace

TEST_CASE("snapshot: what the differential says over what the base says") {
  const Made made(profile("p", "Patient",
                          R"({"path":"Patient.name","min":1,"short":"The name","definition":"... More."},
                             {"path":"Patient.gender","max":"0"})"));
  REQUIRE(made.whole);
  CHECK(made.says("Patient.name", "min") == "1");
  CHECK(made.says("Patient.name", "max") == "*");
  CHECK(made.says("Patient.name", "short") == "The name");
  CHECK(made.says("Patient.name", "definition").ends_with(" More."));
  CHECK(made.says("Patient.name", "definition").size() > 10);
  CHECK(made.says("Patient.gender", "max") == "0");
  CHECK(made.says("Patient.contact.name", "max") == "1");
}

TEST_CASE("snapshot: types open where the differential goes below them, slices stand behind what they slice") {
  const Made made(profile(
      "p", "Patient",
      R"({"path":"Patient.identifier","slicing":{"rules":"open","discriminator":[{"type":"value","path":"system"}]}},
                             {"path":"Patient.identifier","sliceName":"a","min":1},
                             {"path":"Patient.identifier.system","fixedUri":"http://a.org"},
                             {"path":"Patient.identifier","sliceName":"b"})"));
  REQUIRE(made.whole);
  CHECK(made.says("Patient.identifier:a.system", "fixedUri") == "http://a.org");
  CHECK(made.says("Patient.identifier:a", "min") == "1");
  CHECK(made.says("Patient.identifier:b", "min") == "0");
  CHECK(made.says("Patient.identifier:b", "sliceName") == "b");
  CHECK(made.at("Patient.identifier:b")->child("slicing") == nullptr);
  std::vector<std::string> order;
  for (const auto& element : *made.whole->resource->child("snapshot"))
    if (element.value_of("path") == "Patient.identifier") order.emplace_back(element.value_of("id"));
  CHECK(order == std::vector<std::string>{"Patient.identifier", "Patient.identifier:a", "Patient.identifier:b"});
}

TEST_CASE("snapshot: a path that names a type is a slice of the choice") {
  const Made made(profile("p", "Observation", R"({"path":"Observation.valueQuantity","min":1},
                                                 {"path":"Observation.valueQuantity.unit","min":1})"));
  REQUIRE(made.whole);
  CHECK(made.says("Observation.value[x]:valueQuantity", "path") == "Observation.value[x]");
  CHECK(made.says("Observation.value[x]:valueQuantity.unit", "min") == "1");
  CHECK(made.at("Observation.value[x]")->child("slicing")->value_of("rules") == "closed");
}

TEST_CASE("snapshot: a slice that excludes its type takes it out of the choice") {
  const Made made(profile("p", "Observation",
                          R"({"path":"Observation.effective[x]","slicing":{"rules":"open",
                               "discriminator":[{"type":"type","path":"$this"}]}},
                             {"path":"Observation.effective[x]","sliceName":"effectivePeriod","max":"0",
                               "type":[{"code":"Period"}]},
                             {"path":"Observation.effective[x]","sliceName":"effectiveDateTime",
                               "type":[{"code":"dateTime"}]})"));
  REQUIRE(made.whole);
  std::string types;
  for (const auto& type : *made.at("Observation.effective[x]"))
    if (type.name == "type") types.append(type.value_of("code")).append(" ");
  CHECK(types == "dateTime Timing instant ");
  CHECK(made.at("Observation.effective[x]")->child("slicing")->value_of("rules") == "open");
}

TEST_CASE("snapshot: content references take the content of what they name") {
  const Made made(profile("p", "Questionnaire", R"({"path":"Questionnaire.item.item.text","min":1})"));
  REQUIRE(made.whole);
  CHECK(made.says("Questionnaire.item.item.text", "min") == "1");
  CHECK(made.says("Questionnaire.item.text", "min") == "0");
  CHECK(made.at("Questionnaire.item.item")->child("contentReference") == nullptr);
}

TEST_CASE("snapshot: what cannot be merged is refused") {
  const auto fault = [](std::string_view elements) { return Made(profile("p", "Patient", elements)).fault; };
  CHECK(fault(R"({"path":"Patient.nam","min":1})") == "There is no element nam in Patient");
  CHECK(fault(R"({"path":"Observation.code","min":1})") == "The path must start with Patient");
  CHECK(fault(R"({"path":"Patient.deceasedString","min":1})") != "");
  CHECK(fault(R"({"path":"Patient.name","min":1},{"path":"Patient.name","max":"1"})")
            .starts_with("The element is constrained twice"));
  CHECK(fault(R"({"path":"Patient.name","sliceName":"a","min":1})").starts_with("The element is not sliced"));
  CHECK(fault(R"({"path":"Patient.name","type":[{"code":"Address"}]})").starts_with("The base does not have the type"));
  CHECK(Made(profile("p", "Patient", R"({"path":"Patient.name","min":1})", "", "http://e.org/unknown"))
            .fault.find("not known here") != std::string::npos);
  CHECK(Made(profile("p", "Patient", R"({"path":"Patient.name","min":1})", "", url_of("p"))).fault.find("circle") !=
        std::string::npos);
}

TEST_CASE("snapshot: R4's own profiles come out as published") {
  const alzette::ServerCanonicals canonicals(nullptr, "");
  for (const char* name : {"bodyweight", "vitalsigns", "lipidprofile", "cholesterol"}) {
    const auto published =
        canonicals.find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/" + std::string(name));
    REQUIRE_MESSAGE(published, name);
    const auto made = fhir::snapshot::generate(*published, canonicals);
    REQUIRE_MESSAGE(made, name);
    std::vector<std::string> ids[2];
    for (int i = 0; i < 2; ++i)
      for (const auto& element : *(i ? (*made)->resource : published->resource)->child("snapshot"))
        ids[i].emplace_back(element.value_of("id"));
    for (const auto& id : ids[0]) CHECK_MESSAGE(std::count(ids[1].begin(), ids[1].end(), id) == 1, name << " " << id);
  }
}

// A path that names a type is a slice of the choice. The tool that made R4 did so at the top, but not below a slice:
// its ids of bp lack the slice's name there.
TEST_CASE("snapshot: bp has what was published, its values as slices") {
  const alzette::ServerCanonicals canonicals(nullptr, "");
  const auto published = canonicals.find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/bp");
  REQUIRE(published);
  const auto made = fhir::snapshot::generate(*published, canonicals);
  REQUIRE(made);
  std::vector<std::string> ids;
  for (const auto& element : *(*made)->resource->child("snapshot")) ids.emplace_back(element.value_of("id"));
  for (const auto& element : *published->resource->child("snapshot")) {
    std::string id(element.value_of("id"));
    constexpr std::string_view below = "BP.value[x].";
    if (const auto at = id.find(below); at != id.npos) id.insert(at + below.size() - 1, ":valueQuantity");
    CHECK_MESSAGE(std::count(ids.begin(), ids.end(), id) == 1, id);
  }
}

TEST_CASE("snapshot: slices cost in proportion to their number, which is bounded") {
  const auto sliced = [](std::size_t count) {
    std::string elements = R"({"path":"Patient.identifier","slicing":{"rules":"open"}})";
    for (std::size_t i = 0; i < count; ++i)
      elements += R"(,{"path":"Patient.identifier","sliceName":"s)" + std::to_string(i) + "\"}";
    return Made(profile("p", "Patient", elements));
  };
  CHECK(cost::in_proportion([&](std::size_t count) { REQUIRE(sliced(count).whole); }, 2'000));
  CHECK(sliced(20'000).fault == "The differential has too many elements");
}
