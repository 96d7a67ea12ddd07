// Search parameters beyond those of R4: what becomes of a SearchParameter resource.
#include <doctest/doctest.h>

#include "fhir/incoming.h"
#include "fhir/search/custom.h"

using fhir::ParameterType;
using fhir::search::CustomDefinition;

namespace {

fhir::Result<CustomDefinition> define(const std::string& type, const std::string& expression, std::string& inactive,
                                      const std::string& more = {}, const std::string& base = "Encounter") {
  const std::string text = R"({"resourceType":"SearchParameter","url":"http://example.org/sp","name":"x",
      "status":"active","description":"x","code":"own","base":[")" +
                           base + R"("],"type":")" + type + R"(","expression":")" + expression + "\"" + more + "}";
  const auto incoming = fhir::receive(text);
  REQUIRE(incoming);
  return fhir::search::custom_definition(*incoming->resource, inactive);
}

bool answered(const std::string& type, const std::string& expression) {
  std::string inactive;
  const auto made = define(type, expression, inactive);
  return made && inactive.empty();
}

bool refused(const std::string& type, const std::string& expression) {
  std::string inactive;
  const auto made = define(type, expression, inactive);
  return !made && made.outcome().issues.at(0).expression == "SearchParameter.type";
}

constexpr const char* components =
    R"(,"component":[{"definition":"http://hl7.org/fhir/SearchParameter/individual-family","expression":"name.family"},
       {"definition":"http://hl7.org/fhir/SearchParameter/individual-gender","expression":"gender"}])";

}  // namespace

TEST_CASE("a SearchParameter of which nothing could be indexed is refused") {
  CHECK(refused("quantity", "Encounter.diagnosis.condition"));
  CHECK(refused("date", "Encounter.class"));
  CHECK(refused("token", "Encounter.period"));
  CHECK(refused("reference", "(Encounter.period)"));
  CHECK(answered("reference", "Encounter.diagnosis.condition"));
  CHECK(answered("quantity", "Encounter.length"));
  CHECK(answered("number", "Encounter.diagnosis.rank"));
  CHECK(answered("date", "Encounter.statusHistory.period"));
  CHECK(answered("token", "Encounter.class | Encounter.period"));    // one of them is enough
  CHECK(answered("quantity", "Encounter.length.where(value > 5)"));  // not told without evaluating it
  CHECK(answered("string", "Encounter.extension('http://example.org/x').value"));
}

TEST_CASE("an active SearchParameter whose expression cannot be read is refused by its place") {
  const auto place = [](const std::string& type, const std::string& expression, const std::string& more = {}) {
    std::string inactive;
    const auto made = define(type, expression, inactive, more);
    return made ? "kept" : made.outcome().issues.at(0).expression;
  };
  CHECK(place("token", "Encounter.class.(") == "SearchParameter.expression");
  CHECK(place("token", "Encounter.where(") == "SearchParameter.expression");
  CHECK(place("composite", "Encounter.diagnosis",
              R"(,"component":[{"definition":"http://example.org/a","expression":"a"},
                 {"definition":"http://example.org/b","expression":"b ||"}])") ==
        "SearchParameter.component[1].expression");
  const auto draft = fhir::receive(R"({"resourceType":"SearchParameter","url":"http://example.org/sp","name":"x",
      "status":"draft","description":"x","code":"own","base":["Encounter"],"type":"token","expression":"Encounter.class.("})");
  REQUIRE(draft);
  std::string inactive;
  CHECK(fhir::search::custom_definition(*draft->resource, inactive));
  CHECK_FALSE(inactive.empty());
}

TEST_CASE("a composite SearchParameter knows the types of its components") {
  std::string inactive;
  const auto made = define("composite", "Patient.contact", inactive, components, "Patient");
  REQUIRE(made);
  CHECK(inactive.empty());
  CHECK(made->type == ParameterType::composite);
  REQUIRE(made->components.size() == 2);
  CHECK(made->components[0].type == ParameterType::string);
  CHECK(made->components[1].type == ParameterType::token);
}

TEST_CASE("a composite SearchParameter of what is not known is kept and not answered") {
  std::string inactive;
  REQUIRE(define("composite", "Encounter.diagnosis", inactive));
  CHECK(inactive == "a composite has two to four components");
  const std::string unknown = R"(,"component":[{"definition":"http://example.org/a","expression":"a"},
      {"definition":"http://example.org/b","expression":"b"}])";
  inactive.clear();
  REQUIRE(define("composite", "Encounter.diagnosis", inactive, unknown));
  CHECK(inactive == "its component http://example.org/a is not known here");
}
