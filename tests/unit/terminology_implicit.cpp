// Value sets that follow from a code system, by their addresses.
#include <doctest/doctest.h>

#include <string>

#include "fhir/terminology/implicit.h"
#include "fhir/terminology/terminology.h"
#include "tests/unit/terminology_fixture.h"

using namespace fhir::terminology;
using namespace terminology_fixture;

namespace {

std::string codes(const Terminology& terminology, std::string_view value_set) {
  const auto found = terminology.codes(value_set, 100);
  if (!found) return found.outcome().issues.front().code;
  std::string text;
  for (const auto& one : *found) text.append(text.empty() ? "" : " ").append(one.code);
  return text;
}

}  // namespace

TEST_CASE("implicit value sets: all of a system, and what a concept subsumes") {
  const Shelf shelf{
      code_system("http://e.org/x", R"("version":"1","content":"complete","concept":[{"code":"a","concept":[
    {"code":"a1"},{"code":"a2","concept":[{"code":"a2x"}]}]},{"code":"b"}])"),
      code_system("http://snomed.info/sct", R"("version":"http://snomed.info/sct/900/version/20260101",
    "content":"fragment","concept":[{"code":"404684003"}])")};
  const Terminology terminology(shelf);
  CHECK(codes(terminology, "http://e.org/x?fhir_vs") == "a a1 a2 a2x b");
  CHECK(codes(terminology, "http://e.org/x?fhir_vs=isa/a2") == "a2 a2x");
  CHECK(codes(terminology, "http://e.org/x?fhir_vs=isa/none") == "");
  CHECK(codes(terminology, "http://e.org/y?fhir_vs") == "not-found");
  CHECK(codes(terminology, "http://snomed.info/sct?fhir_vs") == "404684003");
  CHECK(codes(terminology, "http://snomed.info/sct/900/version/20260101?fhir_vs") == "404684003");
  CHECK(codes(terminology, "http://snomed.info/sct/900/version/20270101?fhir_vs") == "not-found");
  CHECK(terminology.member("http://e.org/x?fhir_vs=isa/a", "http://e.org/x", "a2x").membership == Membership::in);
  CHECK(terminology.member("http://e.org/x?fhir_vs=isa/a", "http://e.org/x", "b").membership == Membership::out);
}

TEST_CASE("implicit value sets: units by what they measure") {
  const Shelf shelf{};
  const Terminology terminology(shelf);
  const auto in = [&](std::string_view value_set, std::string_view unit) {
    return terminology.member(value_set, "http://unitsofmeasure.org", unit).membership;
  };
  CHECK(in("http://unitsofmeasure.org/vs", "mg/dL") == Membership::in);
  CHECK(in("http://unitsofmeasure.org/vs", "sheep") == Membership::out);
  CHECK(in("http://unitsofmeasure.org/vs/g", "mg") == Membership::in);
  CHECK(in("http://unitsofmeasure.org/vs/g", "mL") == Membership::out);
  CHECK(in("http://unitsofmeasure.org/vs/sheep", "mg") == Membership::unknown);
  CHECK(codes(terminology, "http://unitsofmeasure.org/vs") == "too-costly");
}

TEST_CASE("implicit value sets: all of the code system that names them, though they are not here") {
  const auto system = [](std::string_view version, std::string_view codes) {
    return code_system("http://e.org/x", R"("valueSet":"http://e.org/x/all","content":"complete","version":")" +
                                             std::string(version) + R"(","concept":[)" + std::string(codes) + "]");
  };
  Shelf shelf{system("2", R"({"code":"a"},{"code":"c"})"), system("1", R"({"code":"a"},{"code":"b"})")};
  {
    const Terminology terminology(shelf);
    CHECK(codes(terminology, "http://e.org/x/all") == "a c");
    CHECK(codes(terminology, "http://e.org/x/all|1") == "a b");
    CHECK(codes(terminology, "http://e.org/x/all|3") == "not-found");
    CHECK(terminology.member("http://e.org/x/all", "http://e.org/x", "b").membership == Membership::out);
    CHECK(terminology.code("http://e.org/x|1", "b").membership == Membership::in);
    CHECK(terminology.code("http://e.org/x", "b").membership == Membership::out);
    CHECK(terminology.code("http://e.org/x|3", "b").membership == Membership::unknown);
  }
  shelf.put(value_set("http://e.org/x/all", R"({"include":[{"system":"http://e.org/x","concept":[{"code":"a"}]}]})"));
  CHECK(codes(Terminology(shelf), "http://e.org/x/all") == "a");
}

TEST_CASE("implicit value sets: other addresses are none") {
  for (const std::string_view url : {"http://e.org/x?fhir_vs=refset/1", "http://e.org/x?fhir_vs=isa/", "?fhir_vs",
                                     "http://e.org/x?fhir_vss", "http://loinc.org/vs/LL1-1", "http://e.org/x"})
    CHECK(implicit_value_set(url) == nullptr);
}
