// _filter, full text, near, and numbers that are ranges: resources against conditions.
#include "tests/unit/search_fixture.h"

using search_fixture::base;
using search_fixture::check;
using search_fixture::Indexed;

namespace {

std::string refusal(std::string_view type, const std::string& name, const std::string& value) {
  const auto query = fhir::search::parse(fhir::definitions().resource(type), {{name, value}}, base, false);
  CAPTURE(value);
  REQUIRE_FALSE(query);
  return query.outcome().issues.at(0).code;
}

const fhir::search::Query parsed(std::string_view type, const std::string& name, const std::string& value) {
  auto query = fhir::search::parse(fhir::definitions().resource(type), {{name, value}}, base, false);
  if (!query) FAIL(value << ": " << query.outcome().issues.at(0).diagnostics);
  return *query;
}

}  // namespace

TEST_CASE("_filter compares by type, joins from left to right, and takes parentheses") {
  const Indexed patient(R"({"resourceType":"Patient","active":true,"gender":"female","birthDate":"1970-05-17",
    "identifier":[{"system":"urn:x","value":"AB12"}],
    "name":[{"family":"Müller","given":["Zoë Anne"]}],"generalPractitioner":[{"reference":"Practitioner/7"}]})");
  check(patient, {
                     {"_filter=given eq \"zoe anne\"", true},
                     {"_filter=given eq zoe", false},
                     {"_filter=given ne zoe", true},
                     {"_filter=given sw zoe", true},
                     {"_filter=given ew ANNE", true},
                     {"_filter=given co e", true},
                     {"_filter=family co ull", true},
                     {"_filter=identifier eq urn:x|AB12", true},
                     {"_filter=identifier eq ab12", false},
                     {"_filter=identifier sw ab", true},
                     {"_filter=identifier ew 12", true},
                     {"_filter=identifier ne urn:x|AB12", false},
                     {"_filter=birthdate ge 1970-05-17 and birthdate le 1970-05-17", true},
                     {"_filter=birthdate gt 1970-05-17", false},
                     {"_filter=birthdate eq 1970", true},
                     {"_filter=birthdate po 1970-05", true},
                     {"_filter=birthdate sa 1970-04", true},
                     {"_filter=birthdate eb 1970-06", true},
                     {"_filter=death-date pr true", false},
                     {"_filter=birthdate pr true", true},
                     {"_filter=general-practitioner re Practitioner/7", true},
                     {"_filter=general-practitioner ne Practitioner/7", false},
                     {"_filter=not (active eq true)", false},
                     {"_filter=not(active eq false)", true},
                     // From left to right: (false and false) or true; (true or true) and false.
                     {"_filter=gender eq male and active eq false or gender eq female", true},
                     {"_filter=gender eq female or gender eq male and active eq false", false},
                     {"_filter=gender eq female or (gender eq male and active eq false)", true},
                     {"_filter=(gender eq male or gender eq female) and not (family eq x)", true},
                 });
}

TEST_CASE("_filter says where it cannot be read") {
  for (const char* text :
       {"", "given", "given eq", "given eq \"a", "(given eq a", "given eq a)", "given is a", "given eq a and",
        "given eq a or or given eq b", "not given eq a", "subject[", "active pr maybe", "given eq \"a\\q\"",
        "given eq a given eq b", "given.name eq", "general-practitioner[active eq true] eq x", "birthdate eq soon"})
    CHECK_MESSAGE(refusal("Patient", "_filter", text) != "", text);
  CHECK(refusal("Patient", "_filter", "nothing eq a") == "not-supported");
  CHECK(refusal("Patient", "_filter", "birthdate co 1970") == "not-supported");
  CHECK(refusal("Patient", "_filter", "family:exact eq a") == "invalid");
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "(";
  CHECK(refusal("Patient", "_filter", deep + "active eq true") == "invalid");
  std::string nots;
  for (int i = 0; i < 1000; ++i) nots += "not(";
  CHECK(refusal("Patient", "_filter", nots + "active eq true") == "invalid");
}

TEST_CASE("_filter goes through references, with a filter on what is referred to, and back by _has") {
  const auto chained = parsed("Observation", "_filter", "subject:Patient.general-practitioner.name co x");
  REQUIRE(chained.all_of.size() == 1);
  CHECK(chained.all_of[0].chain.size() == 1);
  const auto filtered = parsed("Observation", "_filter", "subject:Patient[active eq true].name co \"x y\"");
  REQUIRE(filtered.all_of[0].chain.size() == 1);
  CHECK(filtered.all_of[0].chain[0].all_of.size() == 2);
  const auto reverse = parsed("Patient", "_filter", "_has:Observation:patient:code eq http://loinc.org|8480-6");
  CHECK(reverse.all_of[0].has_type == fhir::definitions().resource("Observation"));
  CHECK(refusal("Observation", "_filter",
                "subject.general-practitioner.general-practitioner.general-practitioner.name co x") != "");
  CHECK(refusal("Patient", "_filter", "_has:Observation:patient eq x") == "invalid");
}

TEST_CASE("full text takes words, phrases, beginnings and their combinations") {
  const Indexed condition(R"({"resourceType":"Condition","subject":{"reference":"Patient/1"},
    "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Back&amp;neck</p><p>pain</p></div>"},
    "code":{"text":"Essential (primary) hypertension","coding":[{"display":"Hypertensive disorder"}]}})");
  check(condition, {
                       {"_content=hypertension", true},
                       {"_content=HYPERTENSION essential", true},
                       {"_content=hyper", false},
                       {"_content=hyper*", true},
                       {"_content=\"primary hypertension\"", true},
                       {"_content=\"hypertension primary\"", false},
                       {"_content=asthma OR disorder", true},
                       {"_content=(asthma or copd) and disorder", false},
                       {"_content=disorder NOT asthma", true},
                       {"_content=not disorder", false},
                       {"_content=asthma,disorder", true},
                       {"_content=neck", true},
                       {"_text=neck pain", true},
                       {"_text=hypertension", false},
                       {"_text=div", false},
                   });
  for (const char* text : {"(", ")", "\"", "a)", "a & b", "a | b", "!a", "a:*", "a <-> b", "OR", "a OR", "NOT", "***"})
    CHECK_MESSAGE(refusal("Condition", "_content", text) == "invalid", text);
  CHECK(refusal("Condition", "_content:exact", "a") == "invalid");
  CHECK(refusal("Condition", "_sort", "_content") == "not-supported");
}

TEST_CASE("near is a circle, in kilometres when nothing is said") {
  const Indexed location(
      R"({"resourceType":"Location","name":"x","position":{"longitude":6.1319,"latitude":49.6117}})");
  check(location, {
                      {"near=49.6117|6.1319", true},
                      {"near=49.4958|5.9806", false},  // 17 km to the south-west
                      {"near=49.4958|5.9806|16.5", false},
                      {"near=49.4958|5.9806|17.5", true},
                      {"near=49.4958|5.9806|17.5|km", true},
                      {"near=49.4958|5.9806|17500|m", true},
                      {"near=49.4958|5.9806|10.9|[mi_i]", true},
                      {"near=49.4958|5.9806|10|[mi_i]", false},
                  });
  for (const char* text : {"49", "49|6|x", "91|0", "0|181", "49|6|-1", "49|6|1|parsec", "49|6|1|km|x", "|"})
    CHECK_MESSAGE(refusal("Location", "near", text) == "invalid", text);
}

TEST_CASE("quantities with a comparator, Ranges and samples are compared as ranges") {
  const auto quantity = [](const std::string& value) {
    return R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)" + value + "}";
  };
  const Indexed below(
      quantity(R"("valueQuantity":{"value":5,"comparator":"<","system":"http://unitsofmeasure.org","code":"mg"})"));
  check(below, {
                   {"value-quantity=lt3", true},
                   {"value-quantity=lt10", true},
                   {"value-quantity=gt3", true},
                   {"value-quantity=gt5", false},
                   {"value-quantity=5", false},
                   {"value-quantity=ne5", true},
                   {"value-quantity=eb6", true},
                   {"value-quantity=sa1", false},
                   {"value-quantity=lt0.003|http://unitsofmeasure.org|g", true},
                   {"value-quantity=gt0.006|http://unitsofmeasure.org|g", false},
               });
  const Indexed above(quantity(R"("valueQuantity":{"value":5,"comparator":">="})"));
  check(above, {{"value-quantity=gt100", true}, {"value-quantity=lt5", false}, {"value-quantity=sa4", true}});
  const Indexed samples(quantity(R"("valueSampledData":{"origin":{"value":10,"unit":"mV"},"period":1,"factor":2,
    "dimensions":1,"data":"0 E 5 -1"})"));
  check(samples, {
                     {"value-quantity=gt19", true},
                     {"value-quantity=gt20", false},
                     {"value-quantity=lt9", true},
                     {"value-quantity=lt8", false},
                     {"value-quantity=ap14||mV", true},
                     {"value-quantity=14", false},
                 });
  const Indexed range(R"({"resourceType":"Condition","subject":{"reference":"Patient/1"},
    "onsetRange":{"low":{"value":30},"high":{"value":40}}})");
  check(range, {{"onset-age=35", false}, {"onset-age=ap35", true}, {"onset-age=sa29", true}, {"onset-age=eb41", true}});
}

TEST_CASE("_list is a List's id or the name of a current one") {
  CHECK(parsed("Patient", "_list", "42").all_of[0].has_type == fhir::definitions().resource("List"));
  CHECK(parsed("AllergyIntolerance", "_list", "$current-drug-allergies").all_of[0].parts.size() == 2);
  CHECK(parsed("Condition", "_list", "1,2").all_of[0].join == fhir::search::Clause::Join::any);
  CHECK(refusal("Patient", "_list", "$current-nonsense") == "invalid");
  CHECK(refusal("Patient", "_list", "a b") == "invalid");
  CHECK(refusal("Patient", "_list", "$current-drug-allergies") == "invalid");
}
