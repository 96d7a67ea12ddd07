// Trees made and copied: the standard's order, and nothing that points into what was copied.
#include "fhir/build.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "fhir/bind.h"
#include "fhir/format/json.h"

namespace {

std::string json(const fhir::Node& node) {
  std::string out;
  fhir::json::write(node, out);
  return out;
}

}  // namespace

TEST_CASE("build: elements stand in the standard's order, repetitions together") {
  fhir::Arena arena;
  auto& patient = fhir::build::resource(arena, "Patient");
  fhir::build::add(arena, patient, "birthDate", "1970");
  auto& name = fhir::build::add(arena, patient, "name");
  fhir::build::add(arena, name, "given", "Zo\xC3\xAB");
  fhir::build::add(arena, name, "family", "Weber");
  fhir::build::add(arena, patient, "active", "true");
  fhir::build::add(arena, name, "given", "Marie");
  fhir::build::add_concept(arena, patient, "maritalStatus", "http://x", "M");
  CHECK(
      json(patient) ==
      "{\"resourceType\":\"Patient\",\"active\":true,\"name\":[{\"family\":\"Weber\",\"given\":[\"Zo\xC3\xAB\","
      "\"Marie\"]}],\"birthDate\":\"1970\",\"maritalStatus\":{\"coding\":[{\"system\":\"http://x\",\"code\":\"M\"}]}}");
  fhir::build::set(arena, patient, "birthDate", "1971");
  fhir::build::remove(patient, "name");
  fhir::build::remove(patient, "maritalStatus");
  CHECK(json(patient) == R"({"resourceType":"Patient","active":true,"birthDate":"1971"})");
}

TEST_CASE("build: a copy outlives what it was made of") {
  const std::string text =
      R"({"resourceType":"Patient","extension":[{"url":"http://x","valueString":"y"}],"name":[{"use":"official",)"
      R"("family":"Weber","_family":{"extension":[{"url":"http://z","valueCode":"c"}]}}],"deceasedBoolean":false})";
  fhir::Arena kept;
  const fhir::Node* whole = nullptr;
  auto& other = fhir::build::resource(kept, "Patient");
  {
    fhir::Arena arena;
    auto raw = fhir::json::parse(text, arena);
    REQUIRE(raw);
    std::vector<fhir::Issue> issues;
    const auto* patient = fhir::bind(*raw, arena, issues);
    REQUIRE(patient);
    whole = &fhir::build::copy(kept, *patient);
    fhir::build::add_copy(kept, other, *patient->child("name"));
  }
  fhir::Arena again;  // takes the memory that was let go of
  for (int i = 0; i < 100; ++i) again.copy(std::string(1000, 'x'));
  CHECK(json(*whole) == text);
  CHECK(json(other).find("\"family\":\"Weber\"") != std::string::npos);
}
