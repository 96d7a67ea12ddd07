// Patches: each operation, what does not fit, and what costs too much.
#include "fhir/patch/patch.h"

#include <doctest/doctest.h>

#include <string>

#include "fhir/incoming.h"
#include "tests/unit/cost.h"

namespace {

using namespace fhir;

const std::string patient =
    R"({"resourceType":"Patient","id":"p","active":true,"name":[{"family":"Weber","given":["Anna","Maria"]}]})";

std::string reason_of(const Result<std::string>& made) { return made ? "" : made.outcome().issues.at(0).diagnostics; }

// The patched text, or "400", "422" for what is no patch, and what does not fit.
std::string json(std::string_view operations, std::string_view resource = patient) {
  const auto made = patch::apply_json(resource, operations);
  if (made) return *made;
  return made.outcome().kind == Kind::malformed ? "400" : "422";
}

std::string operation(std::string_view type, std::string_view path, std::string_view rest = {}) {
  std::string text = R"({"name":"operation","part":[{"name":"type","valueCode":")" + std::string(type) +
                     R"("},{"name":"path","valueString":")" + std::string(path) + "\"}";
  if (!rest.empty()) text.append(",").append(rest);
  return text + "]}";
}

Result<std::string> apply_by_path(std::string_view operations, std::string_view resource) {
  const std::string text = R"({"resourceType":"Parameters","parameter":[)" + std::string(operations) + "]}";
  const auto parameters = receive(text);
  REQUIRE(parameters);
  auto before = receive(resource);
  REQUIRE(before);
  return patch::apply_fhirpath(*before->resource, *parameters->resource, *before->arena, 0);
}

std::string by_path(std::string_view operations, std::string_view resource = patient) {
  const auto made = apply_by_path(operations, resource);
  if (made) return *made;
  return made.outcome().kind == Kind::malformed ? "400" : "422";
}

std::string whole(std::string_view rest) { return R"({"resourceType":"Patient","id":"p",)" + std::string(rest) + "}"; }

}  // namespace

TEST_CASE("patch: the six operations of JSON Patch") {
  CHECK(
      json(R"([{"op":"add","path":"/gender","value":"female"}])") ==
      R"({"resourceType":"Patient","id":"p","active":true,"name":[{"family":"Weber","given":["Anna","Maria"]}],"gender":"female"})");
  CHECK(json(R"([{"op":"add","path":"/name/0/given/1","value":"Eva"}])").find(R"(["Anna","Eva","Maria"])") !=
        std::string::npos);
  CHECK(json(R"([{"op":"add","path":"/name/0/given/-","value":"Eva"}])").find(R"(["Anna","Maria","Eva"])") !=
        std::string::npos);
  CHECK(json(R"([{"op":"remove","path":"/name"}])") == whole(R"("active":true)"));
  CHECK(json(R"([{"op":"replace","path":"/active","value":false},{"op":"remove","path":"/name"}])") ==
        whole(R"("active":false)"));
  CHECK(json(R"([{"op":"move","from":"/name/0/given/0","path":"/name/0/given/1"}])").find(R"(["Maria","Anna"])") !=
        std::string::npos);
  CHECK(json(R"([{"op":"copy","from":"/name/0/given/0","path":"/name/0/text"}])").find(R"("text":"Anna")") !=
        std::string::npos);
  CHECK(json(R"([{"op":"test","path":"/name/0","value":{"given":["Anna","Maria"],"family":"Weber"}}])") == patient);
}

TEST_CASE("patch: what JSON Patch empties is left out") {
  CHECK(json(R"([{"op":"remove","path":"/name/0"}])") == whole(R"("active":true)"));
  CHECK(json(R"([{"op":"remove","path":"/name/0/given"},{"op":"remove","path":"/name/0/family"}])") ==
        whole(R"("active":true)"));
  CHECK(json(R"([{"op":"remove","path":"/name/0"},{"op":"add","path":"/name/-","value":{"text":"A"}}])") ==
        whole(R"("active":true,"name":[{"text":"A"}])"));
}

TEST_CASE("patch: numbers are compared by value and kept as written") {
  const std::string_view money = R"({"resourceType":"Basic","id":"b","x":{"value":1.50}})";
  CHECK(json(R"([{"op":"test","path":"/x/value","value":1.5}])", money) == money);
  CHECK(json(R"([{"op":"test","path":"/x/value","value":1.51}])", money) == "422");
}

TEST_CASE("patch: a JSON Patch that is none, or does not fit") {
  for (const auto* text :
       {"{}", "[]", "[1]", R"([{"path":"/active"}])", R"([{"op":"add","path":"active","value":1}])",
        R"([{"op":"add","path":"/active"}])", R"([{"op":"merge","path":"/active"}])", R"([{"op":"move","path":"/a"}])",
        R"([{"op":"add","path":"/a~2","value":1}])", R"([{"op":"test","path":"/active","value":true}],"x":1)"})
    CHECK_MESSAGE(json(text) == "400", text);
  for (const auto* text :
       {R"([{"op":"remove","path":"/gender"}])", R"([{"op":"replace","path":"/gender","value":"male"}])",
        R"([{"op":"add","path":"/a/b","value":1}])", R"([{"op":"add","path":"/name/2","value":{}}])",
        R"([{"op":"add","path":"/name/00","value":{}}])", R"([{"op":"remove","path":"/name/-"}])",
        R"([{"op":"remove","path":""}])", R"([{"op":"test","path":"/active","value":"true"}])"})
    CHECK_MESSAGE(json(text) == "422", text);
}

TEST_CASE("patch B36: ten thousand operations, a move into its own child, copies of copies") {
  // Each ends because what it does is counted, not because somebody looks at a clock.
  const auto why = [](const std::string& operations) { return reason_of(patch::apply_json(patient, operations)); };
  std::string many = "[";
  for (int i = 0; i < 10'000; ++i) many += R"({"op":"add","path":"/name/-","value":{"text":"x"}},)";
  many.back() = ']';
  CHECK(json(many) == "422");
  CHECK(why(many).find("may have 1000 operations") != std::string::npos);
  CHECK(json(R"([{"op":"move","from":"/name","path":"/name/0/x"}])") == "422");
  std::string copies = R"([{"op":"add","path":"/x","value":{"a":1}},)";
  for (int i = 0; i < 60; ++i) copies += R"({"op":"copy","from":"/x","path":"/x/y)" + std::to_string(i) + "\"},";
  copies.back() = ']';
  CHECK(json(copies) == "422");
  CHECK(why(copies).find("copies too much") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "/a";
  const auto below = R"([{"op":"add","path":")" + deep + R"(","value":1}])";
  CHECK(json(below) == "422");
  CHECK(why(below).find("deeper than any element") != std::string::npos);
}

TEST_CASE("patch: the five operations of FHIRPath Patch") {
  CHECK(
      by_path(operation("add", "Patient",
                        R"({"name":"name","valueString":"gender"},{"name":"value","valueCode":"male"})")) ==
      R"({"resourceType":"Patient","id":"p","active":true,"name":[{"family":"Weber","given":["Anna","Maria"]}],"gender":"male"})");
  CHECK(by_path(operation("insert", "Patient.name[0].given",
                          R"({"name":"index","valueInteger":1},{"name":"value","valueString":"Eva"})"))
            .find(R"(["Anna","Eva","Maria"])") != std::string::npos);
  CHECK(by_path(operation("delete", "Patient.name")) == whole(R"("active":true)"));
  CHECK(by_path(operation("replace", "Patient.active", R"({"name":"value","valueBoolean":false})"))
            .find(R"("active":false)") != std::string::npos);
  CHECK(by_path(operation("move", "Patient.name[0].given",
                          R"({"name":"source","valueInteger":1},{"name":"destination","valueInteger":0})"))
            .find(R"(["Maria","Anna"])") != std::string::npos);
}

TEST_CASE("patch: FHIRPath Patch puts elements in their place, and drops what a deletion empties") {
  const auto added = by_path(operation("add", "Patient",
                                       R"({"name":"name","valueString":"identifier"},)"
                                       R"({"name":"value","valueIdentifier":{"value":"1"}})"));
  CHECK(added == whole(R"("identifier":[{"value":"1"}],"active":true,)"
                       R"("name":[{"family":"Weber","given":["Anna","Maria"]}])"));
  CHECK(by_path(operation("delete", "Patient.name.text"), whole(R"("name":[{"text":"A"}])")) ==
        R"({"resourceType":"Patient","id":"p"})");
}

TEST_CASE("patch: FHIRPath Patch makes choices, and elements that have no type of their own") {
  CHECK(by_path(operation("add", "Patient",
                          R"({"name":"name","valueString":"deceased"},{"name":"value","valueBoolean":true})"))
            .find(R"("deceasedBoolean":true)") != std::string::npos);
  CHECK(by_path(operation("replace", "Patient.deceased", R"({"name":"value","valueDateTime":"2020-01-01"})"),
                whole(R"("deceasedBoolean":true)")) == whole(R"("deceasedDateTime":"2020-01-01")"));
  CHECK(by_path(operation("add", "Patient",
                          R"({"name":"name","valueString":"contact"},{"name":"value","part":[)"
                          R"({"name":"gender","valueCode":"male"},{"name":"name","valueHumanName":{"text":"B"}}]})"))
            .find(R"("contact":[{"name":{"text":"B"},"gender":"male"}])") != std::string::npos);
}

TEST_CASE("patch: later operations of FHIRPath Patch see what earlier ones did") {
  const auto two =
      operation("add", "Patient",
                R"({"name":"name","valueString":"contact"},{"name":"value","part":[)"
                R"({"name":"gender","valueCode":"male"}]})") +
      "," +
      operation("replace", "Patient.contact.where(gender = 'male').gender", R"({"name":"value","valueCode":"other"})");
  CHECK(by_path(two).find(R"("contact":[{"gender":"other"}])") != std::string::npos);
}

TEST_CASE("patch: a FHIRPath Patch that is none, or does not fit") {
  for (const auto& text :
       {operation("merge", "Patient"), operation("add", "Patient"),
        operation("add", "Patient.(", R"({"name":"name","valueString":"x"},{"name":"value","valueCode":"y"})"),
        operation("insert", "Patient.name", R"({"name":"value","valueHumanName":{"text":"x"}})")})
    CHECK_MESSAGE(by_path(text) == "400", text);
  for (const auto& text :
       {operation("replace", "Patient.gender", R"({"name":"value","valueCode":"male"})"),
        operation("delete", "Patient.name.given"), operation("delete", "Patient"),
        operation("add", "Patient", R"({"name":"name","valueString":"colour"},{"name":"value","valueCode":"red"})"),
        operation("add", "Patient", R"({"name":"name","valueString":"active"},{"name":"value","valueBoolean":true})"),
        operation("replace", "Patient.active", R"({"name":"value","valueHumanName":{"text":"x"}})"),
        operation("move", "Patient.name",
                  R"({"name":"source","valueInteger":0},{"name":"destination","valueInteger":1})"),
        operation("replace", "'x'", R"({"name":"value","valueString":"y"})")})
    CHECK_MESSAGE(by_path(text) == "422", text);
}

TEST_CASE("patch B36: a FHIRPath Patch with a hostile expression ends soon") {
  const auto hostile = operation("delete", "Patient.name.where(family.matches('^(a+)+$'))");
  CHECK(by_path(hostile) == patient);
  const auto matching = [&](std::size_t letters) {
    const auto named = whole(R"("name":[{"family":")" + std::string(letters, 'a') + "!\"}]");
    CHECK(by_path(hostile, named) == named);
  };
  CHECK(cost::in_proportion(matching, 100'000));
  CHECK(by_path(operation("delete", "Patient.repeat(name | $this | descendants())")) == "422");
  const auto endless = apply_by_path(operation("delete", "Patient.repeatAll($this)"), patient);
  CHECK(reason_of(endless).find("too many steps") != std::string::npos);
}
