// Plain JSON as a tree for FHIRPath, and results as Parameters.
#include <doctest/doctest.h>

#include <string>

#include "fhir/path/path.h"
#include "fhir/path/plain.h"
#include "fhir/path/results.h"

namespace {

using namespace fhir;

// The parts of the result, or "!" for what is refused.
std::string parts(std::string_view expression, std::string_view json, bool typed = false) {
  Arena arena;
  const auto nodes = typed ? path::read_typed(json, arena) : path::read_plain(json, arena);
  if (!nodes) return "!";
  path::Collection focus;
  for (const Node* node : *nodes) {
    focus.emplace_back();
    focus.back().node = node;
  }
  path::Context context;
  if (focus.size() == 1) context.resource = focus.front().node;
  const auto program = path::compile(expression);
  REQUIRE(program);
  const auto items = path::evaluate(**program, focus, context);
  if (!items) return "!";
  std::string out;
  path::write_parts(*items, out);
  return out;
}

}  // namespace

TEST_CASE("path plain: any JSON is a tree, its whole numbers integers") {
  CHECK(parts("a.b", R"({"a":{"b":[1,2.50,"x",true]}})") ==
        R"({"name":"integer","valueInteger":1},{"name":"decimal","valueDecimal":2.50},)"
        R"({"name":"string","valueString":"x"},{"name":"boolean","valueBoolean":true})");
  CHECK(parts("$this", "[1,2]") == R"({"name":"integer","valueInteger":1},{"name":"integer","valueInteger":2})");
  CHECK(parts("a.empty() and b.empty() and c.exists()", R"({"a":[],"b":null,"c":{}})") ==
        R"({"name":"boolean","valueBoolean":true})");
  CHECK(parts("$this", "\"\"") == R"({"name":"empty-string"})");
  CHECK(parts("$this", "[[1]]") == "!");
  CHECK(parts("$this", "1} {") == "!");
  CHECK(parts("$this", "1,\"x\":2") == "!");
}

TEST_CASE("path plain: _name stands beside its primitive, also where there is none") {
  CHECK(parts("a.id", R"({"_a":{"id":"i"},"a":1})") == R"({"name":"string","valueString":"i"})");
  CHECK(parts("a.count() & ' ' & a.id.first()", R"({"a":[1],"_a":[null,{"id":"i"}]})") == "!");
  CHECK(parts("a.id", R"({"a":[1],"_a":[null,{"id":"i"}]})") == R"({"name":"string","valueString":"i"})");
  CHECK(parts("_a", R"({"_a":5})") == R"({"name":"integer","valueInteger":5})");
}

TEST_CASE("path plain: objects come back as the JSON they were") {
  CHECK(parts("a", R"({"a":{"quo\"te":"x\ny","n":1.0,"_n":{"id":"i"}}})") ==
        R"({"name":"object","extension":[{"url":"http://fhir.forms-lab.com/StructureDefinition/json-value",)"
        R"("valueString":"{\"quo\\\"te\":\"x\\ny\",\"n\":1.0,\"_n\":{\"id\":\"i\"}}"}]})");
}

TEST_CASE("path plain: types where they are known, in resources that break their rules as well") {
  const std::string_view odd =
      R"({"resourceType":"Patient","name":{"family":"W"},"colour":"red","birthDate":"1970-01"})";
  CHECK(parts("name is HumanName", odd, true) == R"({"name":"boolean","valueBoolean":true})");
  CHECK(parts("birthDate", odd, true) == R"({"name":"date","valueDate":"1970-01"})");
  CHECK(parts("colour", odd, true) == R"({"name":"string","valueString":"red"})");
  CHECK(parts("name", odd, true) == R"({"name":"HumanName","valueHumanName":{"family":"W"}})");
}

TEST_CASE("path results: quantities, types, elements without value, backbone elements, resources") {
  CHECK(parts("1 year | 2 'mg'", "{}") ==
        R"({"name":"Quantity","valueQuantity":{"value":1,"unit":"year"}},{"name":"Quantity","valueQuantity":)"
        R"({"value":2,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}})");
  CHECK(parts("5L", "{}") == R"({"name":"integer64","valueString":"5"})");
  CHECK(parts("@2020 | @T10:30 | @2020-01-01T08", "{}") ==
        R"({"name":"date","valueDate":"2020"},{"name":"time","valueTime":"10:30"},)"
        R"({"name":"dateTime","valueDateTime":"2020-01-01T08"})");
  const std::string_view patient = R"({"resourceType":"Patient","_active":{"id":"a"},"contact":[{"gender":"male"}],)"
                                   R"("contained":[{"resourceType":"Organization","id":"o","name":"C"}]})";
  CHECK(parts("active", patient, true) == R"({"name":"boolean","_valueBoolean":{"id":"a"}})");
  CHECK(parts("contact", patient, true) ==
        R"({"name":"BackboneElement","extension":[{"url":"http://fhir.forms-lab.com/StructureDefinition/json-value",)"
        R"("valueString":"{\"gender\":\"male\"}"}]})");
  CHECK(parts("contained", patient, true) ==
        R"({"name":"Organization","resource":{"resourceType":"Organization","id":"o","name":"C"}})");
}
