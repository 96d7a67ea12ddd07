#include "fhir/bind.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "fhir/definitions.h"
#include "fhir/format/json.h"

namespace {

struct Bound {
  fhir::Arena arena;
  std::vector<fhir::Issue> issues;
  fhir::Node* resource = nullptr;

  explicit Bound(std::string_view text) {
    auto parsed = fhir::json::parse(text, arena);
    REQUIRE(parsed);
    resource = fhir::bind(*parsed, arena, issues);
  }
  bool has_fault(std::string_view expression, std::string_view words) const {
    return std::any_of(issues.begin(), issues.end(), [&](const fhir::Issue& issue) {
      return issue.expression == expression && issue.diagnostics.find(words) != std::string::npos;
    });
  }
};

}  // namespace

TEST_CASE("bind: elements and concrete types, resourceType anywhere") {
  const Bound bound(R"({"status":"final","valueQuantity":{"value":1.0},"resourceType":"Observation"})");
  REQUIRE(bound.resource);
  CHECK(bound.issues.empty());
  CHECK(bound.resource->name == "Observation");
  CHECK(bound.resource->type->name.view() == "Observation");
  CHECK(bound.resource->child("resourceType") == nullptr);
  const auto* value = bound.resource->child("valueQuantity");
  REQUIRE(value);
  CHECK(value->element->name.view() == "value");
  CHECK(value->element->choice);
  CHECK(value->type->name.view() == "Quantity");
  CHECK(value->child("value")->type->primitive == fhir::Primitive::decimal);
}

TEST_CASE("bind B27: resourceType missing, unknown, a list or abstract") {
  CHECK(Bound(R"({"id":"a"})").resource == nullptr);
  CHECK(Bound(R"({"resourceType":"Horse"})").resource == nullptr);
  CHECK(Bound(R"({"resourceType":["Patient"]})").resource == nullptr);
  CHECK(Bound(R"({"resourceType":"DomainResource"})").resource == nullptr);
  CHECK(Bound(R"({"resourceType":"HumanName"})").resource == nullptr);
  CHECK(Bound(R"({"id":"a"})").issues.size() == 1);
}

TEST_CASE("bind: primitive extensions join their primitives in either order") {
  const Bound bound(
      R"({"_birthDate":{"id":"b"},"resourceType":"Patient","birthDate":"1970","name":[{"_given":[null,{"id":"g"}],"given":["A","B"]}],"_gender":{"id":"x"}})");
  CHECK(bound.issues.empty());
  const auto* birth = bound.resource->child("birthDate");
  CHECK(birth->text == "1970");
  CHECK(birth->value_of("id") == "b");
  CHECK(bound.resource->child("_birthDate") == nullptr);
  const auto* gender = bound.resource->child("gender");
  CHECK(gender->form == fhir::Node::Form::none);
  CHECK(gender->type->name.view() == "code");
  CHECK(gender->value_of("id") == "x");
  const auto* given = bound.resource->child("name")->first;
  CHECK(given->first == nullptr);
  CHECK(given->next->value_of("id") == "g");
}

TEST_CASE("bind: every structural fault is named with its place, all at once") {
  const Bound bound(R"({"resourceType":"Patient","horse":1,"name":{"family":"x"},"active":["true"],"birthDate":{"a":1},
    "gender":true,"contact":[{"nose":"x"},{"name":"text"}],"deceasedBoolean":true,"deceasedDateTime":"2020",
    "multipleBirthInteger":"3","_name":[{"id":"a"}],"telecom":[null],"address":[{"line":["a",null]}],
    "contained":[{"resourceType":"Horse"},{"id":"x"}],"_active":{"value":true}})");
  CHECK(bound.resource != nullptr);
  CHECK(bound.has_fault("Patient.horse", "not an element"));
  CHECK(bound.has_fault("Patient.name", "must be a list"));
  CHECK(bound.has_fault("Patient.active", "must not be a list"));
  CHECK(bound.has_fault("Patient.birthDate", "must be a string"));
  CHECK(bound.has_fault("Patient.gender", "must be a string"));
  CHECK(bound.has_fault("Patient.contact[0].nose", "not an element"));
  CHECK(bound.has_fault("Patient.contact[1].name", "must be an object"));
  CHECK(bound.has_fault("Patient.deceased", "only one of"));
  CHECK(bound.has_fault("Patient.multipleBirth", "must be a number"));
  CHECK(bound.has_fault("Patient._name", "not an element"));
  CHECK(bound.has_fault("Patient.telecom[0]", "must be an object"));
  CHECK(bound.has_fault("Patient.address[0].line[1]", "null needs"));
  CHECK(bound.has_fault("Patient.contained[0]", "'Horse'"));
  CHECK(bound.has_fault("Patient.contained[1]", "resourceType is missing"));
  CHECK(bound.has_fault("Patient._active.value", "not an element"));
  CHECK(bound.issues.size() == 15);
}

TEST_CASE("bind: padding that does not fit") {
  const auto faulty = [](std::string_view name) {
    return !Bound(R"({"resourceType":"Patient","name":[{)" + std::string(name) + "}]}").issues.empty();
  };
  CHECK(faulty(R"("given":["A","B"],"_given":[{"id":"x"}])"));
  CHECK(faulty(R"("given":["A"],"_given":[{"id":"x"},{"id":"y"}])"));
  CHECK(faulty(R"("given":["A"],"_given":{"id":"x"})"));
  CHECK(faulty(R"("given":["A"],"_given":["x"])"));
  CHECK(faulty(R"("given":[null],"_given":[null])"));
  CHECK(faulty(R"("_given":[null])"));
  CHECK(faulty(R"("_family":[{"id":"x"}])"));
  CHECK_FALSE(faulty(R"("given":["A",null],"_given":[null,{"id":"y"}])"));
}

TEST_CASE("bind: content references, Parameters and nested resources") {
  const Bound bound(
      R"({"resourceType":"Parameters","parameter":[{"name":"a","part":[{"name":"b","valueHumanName":{"family":"x"}},{"name":"c","resource":{"resourceType":"Questionnaire","item":[{"linkId":"1","item":[{"linkId":"1.1","type":"group"}]}]}}]}]})");
  CHECK(bound.issues.empty());
  const auto* part = bound.resource->first->child("part");
  CHECK(part->child("valueHumanName")->type->name.view() == "HumanName");
  const auto* questionnaire = part->next->child("resource");
  CHECK(questionnaire->type->name.view() == "Questionnaire");
  CHECK(questionnaire->name == "resource");
  const auto* inner = questionnaire->first->child("item");
  CHECK(inner->child("type")->element->path.view() == "Questionnaire.item.type");
}

TEST_CASE("bind: many unknown members stay cheap and are cut short") {
  std::string text = R"({"resourceType":"Patient")";
  for (int i = 0; i < 900; ++i) text += ",\"_k" + std::to_string(i) + "\":{\"id\":\"x\"}";
  const Bound bound(text + "}");
  CHECK(bound.issues.size() == 100);
  CHECK(bound.resource->first == nullptr);
}
