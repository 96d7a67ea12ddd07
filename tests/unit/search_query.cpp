#include <doctest/doctest.h>

#include "fhir/search/query.h"

using namespace fhir;
using namespace fhir::search;

namespace {

constexpr std::string_view base = "http://example.org/fhir";

const Type* type(std::string_view name) {
  const Type* found = definitions().resource(name);
  REQUIRE(found);
  return found;
}

Result<Query> ask(std::string_view type_name, std::string name, std::string value, bool lenient = false) {
  return parse(type_name.empty() ? nullptr : type(type_name), {{std::move(name), std::move(value)}}, base, lenient);
}

// The diagnostics of a refusal; "" where the query is accepted.
std::string refusal(std::string_view type_name, std::string name, std::string value) {
  const auto query = ask(type_name, std::move(name), std::move(value));
  if (query) return {};
  CHECK(query.outcome().kind == Kind::malformed);
  REQUIRE(!query.outcome().issues.empty());
  return query.outcome().issues[0].diagnostics;
}

bool names(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

Term only_term(std::string_view type_name, std::string name, std::string value) {
  auto query = ask(type_name, name, value);
  REQUIRE_MESSAGE(static_cast<bool>(query), name << "=" << value);
  REQUIRE(query->all_of.size() == 1);
  REQUIRE(query->all_of[0].any_of.size() == 1);
  return query->all_of[0].any_of[0];
}

constexpr std::int64_t day = 24 * 3600 * 1000LL;

}  // namespace

TEST_CASE("an unknown parameter is refused with the valid names, or left out when lenient") {
  const auto text = refusal("Patient", "this-is-not-a-real-param", "x");
  CHECK(names(text, "this-is-not-a-real-param"));
  CHECK(names(text, "birthdate"));
  CHECK(names(text, "_lastUpdated"));
  CHECK_FALSE(names(text, "_query"));

  const auto query = parse(type("Patient"), {{"nope", "x"}, {"family", "Weber"}}, base, true);
  REQUIRE(query);
  REQUIRE(query->all_of.size() == 1);
  REQUIRE(query->ignored.size() == 1);
  CHECK(query->ignored[0].severity == Severity::warning);
  REQUIRE(query->applied.size() == 1);
  CHECK(query->applied[0].first == "family");
}

TEST_CASE("parameters that cannot be answered count as unknown") {
  CHECK(names(refusal("Patient", "_query", "x"), "Unknown search parameter"));
}

TEST_CASE("modifiers are checked against the parameter's type") {
  CHECK(names(refusal("Patient", "name:fuzzy", "x"), ":exact, :contains"));
  CHECK(names(refusal("Patient", "birthdate:exact", "2000"), "Allowed: :missing"));
  CHECK(names(refusal("Patient", "gender:contains", "m"), ":not"));
  CHECK(names(refusal("Patient", "gender:", "m"), "Allowed"));
  CHECK(names(refusal("Observation", "subject:Practitioner", "1"), ":identifier"));
  CHECK(names(refusal("Observation", "code-value-quantity:missing", "true"), "Allowed: none"));
  CHECK(refusal("Patient", "gender:not", "male").empty());
  CHECK(refusal("Patient", "identifier:of-type", "http://s|MR|1").empty());
  CHECK(refusal("ValueSet", "url:below", "http://x").empty());
  CHECK(refusal("QuestionnaireResponse", "questionnaire:below", "http://x|1").empty());
  CHECK(names(refusal("QuestionnaireResponse", "questionnaire:identifier", "x"), "Allowed: :missing, :below,"));
  CHECK(names(refusal("Observation", "subject:below", "Patient/1"), "Allowed: :missing, :identifier,"));
  for (const char* name :
       {"name:fuzzy", "birthdate:exact", "_include:fuzzy", "_sort:desc", "organization:Patient.name"})
    CHECK_MESSAGE(!ask("Patient", name, "x", true), name);  // also when lenient
}

TEST_CASE("values are checked by type, also when lenient") {
  CHECK(names(refusal("Patient", "birthdate", "foo"), "'birthdate': 'foo' is not a date"));
  CHECK(names(refusal("Patient", "birthdate", "2013-02-30"), "date"));
  CHECK(names(refusal("Patient", "birthdate", "xx2013"), "prefix") == false);
  CHECK(!refusal("Patient", "birthdate", "xx2013").empty());
  CHECK(names(refusal("Observation", "value-quantity", "abc"), "quantity"));
  CHECK(!refusal("Observation", "value-quantity", "5.4|http://unitsofmeasure.org|").empty());
  CHECK(names(refusal("RiskAssessment", "probability", "many"), "number"));
  CHECK(!refusal("Patient", "gender:missing", "maybe").empty());
  CHECK(!refusal("Patient", "identifier", "|").empty());
  CHECK(!refusal("Patient", "family", "").empty());
  CHECK(!refusal("Patient", "family", "a,,b").empty());
  CHECK(!refusal("Patient", "identifier:of-type", "MR|1").empty());
  CHECK(!refusal("Patient", "identifier:of-type", "http://s|MR|").empty());
  CHECK(!refusal("Observation", "subject", "no such/thing at all").empty());
  CHECK(!refusal("Observation", "subject", "#p").empty());
  CHECK(!refusal("Observation", "code-value-quantity", "8480-6").empty());
  CHECK_FALSE(static_cast<bool>(ask("Patient", "birthdate", "foo", true)));
}

TEST_CASE("dates are ranges of their precision, in UTC where no zone is given") {
  auto term = only_term("Patient", "birthdate", "1970-01-01");
  CHECK(term.prefix == Prefix::eq);
  CHECK(term.value.low == 0);
  CHECK(term.value.high == day - 1);
  term = only_term("Patient", "birthdate", "ge1970");
  CHECK(term.prefix == Prefix::ge);
  CHECK(term.value.high == 365 * day - 1);
  term = only_term("Observation", "date", "lt1970-01-01T01:00:00+01:00");
  CHECK(term.value.low == 0);
  CHECK(term.value.high == 999);
  CHECK(only_term("Observation", "date", "1970-01-01T01:00:00 01:00").value.low == 0);  // a plus sign that was decoded
}

TEST_CASE("ap of a date is a tenth of the time to now") {
  const auto query = parse(type("Patient"), {{"birthdate", "ap1970-01-01"}}, base, false, {}, 100 * day);
  REQUIRE(query);
  CHECK(query->all_of[0].any_of[0].value.low == -10 * day);
  CHECK(query->all_of[0].any_of[0].value.high == 11 * day - 1);
}

TEST_CASE("numbers imply a range by their digits") {
  auto term = only_term("RiskAssessment", "probability", "0.5");
  CHECK(term.value.number == 0.5);
  CHECK(term.low_number == doctest::Approx(0.45));
  CHECK(term.high_number == doctest::Approx(0.55));
  term = only_term("RiskAssessment", "probability", "ap100");
  CHECK(term.low_number == doctest::Approx(90));
  CHECK(term.high_number == doctest::Approx(110));
}

TEST_CASE("quantities: no unit, any system, canonical units") {
  auto term = only_term("Observation", "value-quantity", "gt5.4");
  CHECK(term.any_unit);
  CHECK_FALSE(term.value.canonical);
  term = only_term("Observation", "value-quantity", "5.4||mg");
  CHECK(term.any_system);
  CHECK(term.value.text == "mg");
  term = only_term("Observation", "value-quantity", "1|http://unitsofmeasure.org|g");
  CHECK(term.value.canonical);
  CHECK(term.value.system.empty());
  const auto milli = only_term("Observation", "value-quantity", "1000|http://unitsofmeasure.org|mg");
  CHECK(milli.value.text == term.value.text);
  CHECK(milli.value.number == doctest::Approx(term.value.number));
  CHECK_FALSE(only_term("Observation", "value-quantity", "1|http://unitsofmeasure.org|{no-unit").value.canonical);
}

TEST_CASE("tokens: the four forms and the escapes") {
  auto term = only_term("Observation", "code", "8480-6");
  CHECK(term.any_system);
  term = only_term("Observation", "code", "http://loinc.org|8480-6");
  CHECK_FALSE(term.any_system);
  CHECK(term.value.system == "http://loinc.org");
  CHECK(term.value.text == "8480-6");
  term = only_term("Observation", "code", "|8480-6");
  CHECK_FALSE(term.any_system);
  CHECK(term.value.system.empty());
  term = only_term("Observation", "code", "http://loinc.org|");
  CHECK(term.value.text.empty());
  term = only_term("Observation", "code", "http://loinc.org\\|8480-6");
  CHECK(term.any_system);
  CHECK(term.value.text == "http://loinc.org|8480-6");
  term = only_term("Observation", "code", "a\\,b\\$c\\\\d");
  CHECK(term.value.text == "a,b$c\\d");
  CHECK(ask("Observation", "code", "a,b,c")->all_of[0].any_of.size() == 3);
  CHECK(only_term("Patient", "_id", "p1").any_system);
}

TEST_CASE("references: local, foreign, bare, versioned, canonical") {
  auto term = only_term("Observation", "subject", "Patient/p1");
  CHECK(term.value.type == "Patient");
  CHECK(term.value.text == "p1");
  term = only_term("Observation", "subject", "http://example.org/fhir/Patient/p1/_history/2");
  CHECK(term.value.type == "Patient");
  CHECK(term.value.text == "p1");
  term = only_term("Observation", "subject", "http://other.org/fhir/Patient/p1");
  CHECK(term.value.type == "");
  CHECK(term.value.text == "http://other.org/fhir/Patient/p1");
  term = only_term("Observation", "subject", "p1");
  CHECK(term.value.type == "");
  CHECK(term.types.size() == 4);  // Patient, Group, Device, Location
  term = only_term("Observation", "patient", "p1");
  CHECK(term.value.type == "Patient");
  CHECK(term.types.empty());
  term = only_term("Observation", "subject:Group", "g1");
  CHECK(term.value.type == "Group");
  CHECK(!refusal("Observation", "subject:Group", "Patient/p1").empty());
  term = only_term("QuestionnaireResponse", "questionnaire", "http://x.org/q|1.0");
  CHECK(term.value.text == "http://x.org/q");
  CHECK(term.value.system == "1.0");
  term = only_term("Observation", "subject:identifier", "http://s|1");
  CHECK(term.value.kind == IndexKind::token);
}

TEST_CASE("composites have one part for each component") {
  const auto term = only_term("Observation", "code-value-quantity", "http://loinc.org|8480-6$gt140");
  REQUIRE(term.parts.size() == 2);
  CHECK(term.parts[0].value.text == "8480-6");
  CHECK(term.parts[1].prefix == Prefix::gt);
  CHECK(term.parts[1].value.number == 140);
  CHECK(only_term("MolecularSequence", "chromosome-window-coordinate", "1$ge5$lt9").parts.size() == 3);
}

TEST_CASE("chains find the types that have the parameter") {
  auto query = ask("Observation", "subject.family", "Weber");
  REQUIRE(query);
  REQUIRE(query->all_of[0].chain.size() == 1);
  CHECK(query->all_of[0].chain[0].type == type("Patient"));
  query = ask("Observation", "subject.identifier", "x");
  REQUIRE(query);
  CHECK(query->all_of[0].chain.size() == 4);
  query = ask("Observation", "subject:Patient.organization.partof.name:exact", "x");
  REQUIRE(query);
  CHECK(query->all_of[0].chain[0].all_of[0].chain[0].all_of[0].chain[0].all_of[0].modifier == Modifier::exact);
  CHECK(!refusal("Observation", "subject:Patient.organization.partof.partof.name", "x").empty());
  CHECK(names(refusal("Observation", "subject.nothing", "x"), "None of the types"));
  CHECK(names(refusal("Observation", "subject:Patient.birthdate", "foo"), "is not a date"));
  CHECK(names(refusal("Patient", "birthdate.name", "x"), "only references"));
  CHECK(names(refusal("Observation", "subject:Practitioner.name", "x"), "does not refer to"));
}

TEST_CASE("_has reverses a reference") {
  auto query = ask("Patient", "_has:Observation:patient:code", "8480-6");
  REQUIRE(query);
  const auto& clause = query->all_of[0];
  CHECK(clause.has_type == type("Observation"));
  CHECK(clause.parameter->code.view() == "patient");
  CHECK(clause.chain[0].all_of[0].parameter->code.view() == "code");
  query = ask("Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent", "Practitioner/1");
  REQUIRE(query);
  CHECK(query->all_of[0].chain[0].all_of[0].has_type == type("AuditEvent"));
  CHECK(ask("Encounter", "patient._has:Group:member:_id", "102"));
  CHECK(!refusal("Practitioner", "_has:Observation:patient:code", "1").empty());
  CHECK(!refusal("Patient", "_has:Observation:code", "1").empty());
  CHECK(!refusal("Patient", "_has:Nothing:patient:code", "1").empty());
  std::string nested = "code";
  for (int i = 0; i < 5; ++i) nested = "_has:Observation:has-member:" + nested;
  CHECK(names(refusal("Observation", nested, "1"), "at most 3"));
}

TEST_CASE("limits are refusals") {
  std::string many = "1";
  for (int i = 0; i < 500; ++i) many += ",1";
  CHECK(names(refusal("Patient", "_id", many), "501 values"));
  CHECK(!refusal("Patient", "identifier", std::string(10240, 'x')).empty());
  CHECK(!refusal("Patient", std::string(10240, 'x'), "1").empty());
  CHECK(names(refusal("List", "item.subject.subject.identifier", "1"), "Too many target types"));
  CHECK(!refusal("Patient", "family", "\xC3\x28").empty());
  CHECK(!refusal("Patient", "family", std::string("a\0b", 3)).empty());
}

TEST_CASE("result parameters") {
  const auto query = parse(type("Patient"),
                           {{"_count", "20"},
                            {"_sort", "-birthdate,family"},
                            {"_total", "accurate"},
                            {"_elements", "id,name,deceased"},
                            {"_include", "Patient:organization"},
                            {"_include:iterate", "Organization:partof:Organization"},
                            {"_revinclude", "Observation:*"},
                            {"_revinclude", "*"},
                            {"_format", "json"},
                            {"_pretty", "true"},
                            {"_page", "token"},
                            {"_explain", "true"}},
                           base, false);
  REQUIRE(query);
  CHECK(query->count == 20u);
  REQUIRE(query->sort.size() == 2);
  CHECK(query->sort[0].descending);
  CHECK(query->sort[1].parameter->code.view() == "family");
  CHECK(query->total == Total::accurate);
  CHECK(query->elements == std::vector<std::string>{"id", "name", "deceased"});
  REQUIRE(query->include.size() == 2);
  CHECK(query->include[1].iterate);
  CHECK(query->include[1].target == "Organization");
  REQUIRE(query->revinclude.size() == 2);
  CHECK(query->revinclude[0].parameter == nullptr);
  CHECK(query->revinclude[1].source == nullptr);
  CHECK(query->page == "token");
  CHECK(query->explain);
  for (const auto& [name, value] : query->applied) CHECK((name != "_format" && name != "_pretty" && name != "_page"));
  CHECK(query->applied.size() == 9);
}

TEST_CASE("_count") {
  CHECK(ask("Patient", "_count", "0")->summary == Summary::count);
  CHECK(*ask("Patient", "_count", "2147483648")->count == 2147483648u);
  CHECK(*ask("Patient", "_count", "99999999999999999999")->count == UINT32_MAX);
  CHECK(!refusal("Patient", "_count", "-1").empty());
  CHECK(!refusal("Patient", "_count", "abc").empty());
  CHECK(!refusal("Patient", "_count", "").empty());
}

TEST_CASE("result parameters that make no sense are refused") {
  CHECK(!refusal("Patient", "_sort", "nothing").empty());
  CHECK(!refusal("Observation", "_sort", "code-value-quantity").empty());
  CHECK(!refusal("Patient", "_total", "maybe").empty());
  CHECK(!refusal("Patient", "_summary", "short").empty());
  CHECK(!refusal("Patient", "_elements", "nothing").empty());
  CHECK(!refusal("Patient", "_include", "Patient:birthdate").empty());
  CHECK(!refusal("Patient", "_include", "Nothing:organization").empty());
  CHECK(!refusal("Patient", "_include", "Patient:organization:Patient").empty());
  CHECK(!refusal("Patient", "_include:sometimes", "*").empty());
  CHECK(!refusal("Patient", "_contained", "maybe").empty());
  CHECK(!refusal("Patient", "_containedType", "box").empty());
  CHECK(!refusal("Patient", "_sort:asc", "family").empty());
  const fhir::search::Parameters text{{"_summary", "text"}, {"_include", "Patient:organization"}};
  CHECK_FALSE(parse(definitions().resource("Patient"), text, base, true));
}

TEST_CASE("system level knows the common parameters, and those of all types in _type") {
  CHECK(refusal("", "_lastUpdated", "gt2020").empty());
  CHECK(refusal("", "_tag", "x").empty());
  CHECK(names(refusal("", "family", "x"), "Unknown search parameter"));
  const auto query = parse(nullptr, {{"patient", "Patient/1"}, {"_type", "Observation,Condition"}}, base, false);
  REQUIRE(query);
  CHECK(query->types.size() == 2);
  CHECK(query->all_of.size() == 1);
  CHECK(!refusal("", "_type", "Observation,Nothing").empty());
  CHECK(!refusal("Patient", "_type", "Observation").empty());
}

TEST_CASE("hostile text in any place ends in a Query or a refusal") {
  const std::string texts[] = {"' OR 1=1--", "%';DROP TABLE x;", "\\", "\xE2\x80\x98x\xE2\x80\x99", "$$", "||||",
                               ",,,"};
  for (const auto& text : texts)
    for (const auto* name : {"family", "identifier", "birthdate", "organization", "_sort", "_elements", "_include",
                             "_id", "_profile", "_has:Observation:patient:value-quantity", "name:exact"}) {
      const auto query = ask("Patient", name, text);
      if (!query) CHECK(query.outcome().kind == Kind::malformed);
      CHECK_FALSE(static_cast<bool>(ask("Patient", text, "1")));
    }
}
