#include "fhir/project.h"

#include <doctest/doctest.h>

using fhir::project;
using fhir::search::Summary;

namespace {

constexpr std::string_view tagged =
    R"("tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}])";

const std::string observation =
    R"({"resourceType":"Observation","id":"o","meta":{"versionId":"1"},"text":{"status":"empty","div":"<div>x</div>"},)"
    R"("status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50,"unit":"mg"},"note":[{"text":"n"}],)"
    R"("component":[{"id":"c","code":{"text":"y"},"valueString":"z","interpretation":[{"text":"i"}]}]})";

std::string head(std::string_view type, std::string_view id) {
  return R"({"resourceType":")" + std::string(type) + R"(","id":")" + std::string(id) + R"(","meta":{)" +
         R"("versionId":"1",)" + std::string(tagged) + "}";
}

}  // namespace

TEST_CASE("project: nothing asked, nothing changed") {
  CHECK(project(observation, Summary::false_, {}) == observation);
}

TEST_CASE("project: elements by name, by path and by choice; mandatory ones stay, decimals keep their digits") {
  const auto expected =
      head("Observation", "o") + R"(,"status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50,"unit":"mg"}})";
  CHECK(project(observation, Summary::false_, {"value"}) == expected);
  CHECK(project(observation, Summary::false_, {"valueQuantity"}) == expected);
  CHECK(project(observation, Summary::false_, {"Observation.value"}) == expected);
  CHECK(project(observation, Summary::false_, {"value.unit"}) == expected);
  CHECK(project(observation, Summary::false_, {"horse"}) ==
        head("Observation", "o") + R"(,"status":"final","code":{"text":"x"}})");
}

TEST_CASE("project: the summary at every level") {
  CHECK(project(observation, Summary::true_, {}) ==
        head("Observation", "o") +
            R"(,"status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50,"unit":"mg"},)"
            R"("component":[{"code":{"text":"y"},"valueString":"z"}]})");
}

TEST_CASE("project: text and data") {
  CHECK(project(observation, Summary::text, {}) ==
        head("Observation", "o") +
            R"(,"text":{"status":"empty","div":"<div>x</div>"},"status":"final","code":{"text":"x"}})");
  const auto data = project(observation, Summary::data, {});
  CHECK(data.find("<div>") == std::string::npos);
  CHECK(data.find("\"note\"") != std::string::npos);
}

TEST_CASE("project: tags that are there stay, and one is enough") {
  const std::string patient =
      R"({"resourceType":"Patient","id":"p","meta":{"tag":[{"code":"a"}],"versionId":"1"},"active":true,"gender":"male"})";
  const auto once = project(patient, Summary::false_, {"active"});
  CHECK(
      once ==
      R"({"resourceType":"Patient","id":"p","meta":{"tag":[{"code":"a"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}],"versionId":"1"},"active":true})");
  CHECK(project(once, Summary::false_, {"active"}) == once);
}
