// GraphQL: what a query reads, how lists are shaped, what is refused.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "fhir/format/json.h"
#include "fhir/graphql/execute.h"
#include "fhir/incoming.h"

namespace {

using namespace fhir;

const std::vector<std::string> stored{
    R"({"resourceType":"Patient","id":"1","active":true,"name":[{"use":"official","family":"Weber","given":["Anna","Maria"]},)"
    R"({"use":"usual","given":["Änni"]}],"birthDate":"1970-01-01",)"
    R"("_birthDate":{"extension":[{"url":"http://t","valueDateTime":"1970-01-01T08:00:00Z"}]},)"
    R"("managingOrganization":{"reference":"#o"},"generalPractitioner":[{"reference":"Practitioner/gone"}],)"
    R"("contained":[{"resourceType":"Organization","id":"o","name":"Clinic"}]})",
    R"({"resourceType":"Observation","id":"2","status":"final","code":{"text":"Weight"},)"
    R"("subject":{"reference":"Patient/1"},"valueQuantity":{"value":70.50,"unit":"kg"}})"};

// Two resources; a search finds all of its type, by any parameters, which it notes.
class Two final : public graphql::Source {
 public:
  Two() {
    for (const auto& text : stored) {
      auto incoming = receive(text);
      REQUIRE(incoming);
      resources_.push_back(std::move(*incoming));
    }
  }
  const Node* resource(std::size_t i) const { return resources_[i].resource; }
  Result<const Node*> read(std::string_view reference) override {
    for (const auto& each : resources_)
      if (std::string(each.resource->name) + "/" + std::string(each.resource->value_of("id")) == reference)
        return static_cast<const Node*>(each.resource);
    return static_cast<const Node*>(nullptr);
  }
  Result<graphql::Page> search(const Type& type, const search::Parameters& parameters, std::string_view,
                               bool) override {
    asked = std::string(type.name);
    for (const auto& [name, value] : parameters) asked.append("&").append(name).append("=").append(value);
    graphql::Page page{{}, 1, 50, "more"};
    for (const auto& each : resources_)
      if (each.resource->type == &type) page.resources.push_back(each.resource);
    return page;
  }
  std::string asked;

 private:
  std::vector<Incoming> resources_;
};

// The answer's data, or "!" with the diagnostics.
std::string ask(std::string_view text, int resource = 0, std::string_view variables = {},
                std::string* asked = nullptr) {
  Two source;
  const auto document = graphql::parse(text);
  if (!document) return "!" + document.outcome().issues.front().diagnostics;
  Arena arena;
  const Node* given = nullptr;
  if (!variables.empty()) given = *json::parse(variables, arena);
  const graphql::Query query{
      *document, {}, given, resource < 0 ? nullptr : source.resource(static_cast<std::size_t>(resource))};
  const auto data = graphql::execute(query, source);
  if (asked) *asked = source.asked;
  return data ? *data : "!" + data.outcome().issues.front().diagnostics;
}

}  // namespace

TEST_CASE("graphql: elements by name, decimals as stored, primitives' extensions under _name") {
  CHECK(ask("{ id name { family given } }") ==
        R"({"id":"1","name":[{"family":"Weber","given":["Anna","Maria"]},{"given":["Änni"]}]})");
  CHECK(ask("{ valueQuantity { value } }", 1) == R"({"valueQuantity":{"value":70.50}})");
  CHECK(ask("{ _birthDate { extension { valueDateTime } } }") ==
        R"({"_birthDate":{"extension":[{"valueDateTime":"1970-01-01T08:00:00Z"}]}})");
  CHECK(ask("{ alias: id, resourceType __typename }") ==
        R"({"alias":"1","resourceType":"Patient","__typename":"Patient"})");
  CHECK(ask("{ gender _active { id } }") == "{}");
}

TEST_CASE("graphql: lists are chosen from by values, FHIRPath, count and offset") {
  CHECK(ask("{ name(use: official) { family } }") == R"({"name":[{"family":"Weber"}]})");
  CHECK(ask("{ name(fhirpath: \"family.exists()\") { family } }") == R"({"name":[{"family":"Weber"}]})");
  CHECK(ask("{ name(_offset: 1, _count: 1) { given } }") == R"({"name":[{"given":["Änni"]}]})");
  CHECK(ask("{ name(use: old) { family } }") == "{}");
}

TEST_CASE("graphql: @flatten, @first, @singleton and @slice shape lists") {
  CHECK(ask("{ name @flatten { given family } }") == R"({"given":["Anna","Maria","Änni"],"family":["Weber"]})");
  CHECK(ask("{ name @first { given @first } }") == R"({"name":{"given":"Anna"}})");
  CHECK(ask("{ name @flatten { family @singleton } }") == R"({"family":"Weber"})");
  CHECK(ask("{ name @slice(path: \"use\") @flatten { given } }") ==
        R"({"given.official":["Anna","Maria"],"given.usual":["Änni"]})");
  CHECK(ask("{ name @slice(path: \"$index\") { family } }") == R"({"name.0":[{"family":"Weber"}],"name.1":[{}]})");
}

TEST_CASE("graphql: references are followed, contained ones as well") {
  CHECK(ask("{ subject { reference resource { ... on Patient { active } } } }", 1) ==
        R"({"subject":{"reference":"Patient/1","resource":{"active":true}}})");
  CHECK(ask("{ managingOrganization { resource { ... on Organization { name } } } }") ==
        R"({"managingOrganization":{"resource":{"name":"Clinic"}}})");
  CHECK(ask("{ generalPractitioner { resource(optional: true) { id } } }") == R"({"generalPractitioner":[{}]})");
  CHECK(ask("{ generalPractitioner { resource { id } } }").starts_with("!"));
  CHECK(ask("{ subject { resource(type: Group) { id } } }", 1) == R"({"subject":{}})");
}

TEST_CASE("graphql: the system reads and searches; a resource is pointed back to") {
  std::string asked;
  CHECK(ask("{ Patient(id: \"1\") { id } }", -1) == R"({"Patient":{"id":"1"}})");
  CHECK(ask("{ Patient(id: \"9\") { id } }", -1).starts_with("!"));
  CHECK(ask("{ PatientList(general_practitioner: [\"a\", \"b\"], _sort: \"name\") { id } }", -1, {}, &asked) ==
        R"({"PatientList":[{"id":"1"}]})");
  CHECK(asked == "Patient&general-practitioner=a,b&_sort=name");
  CHECK(ask("{ ObservationList(_reference: subject, status: final) { id } }", 0, {}, &asked) ==
        R"({"ObservationList":[{"id":"2"}]})");
  CHECK(asked == "Observation&status=final&subject=Patient/1");
  CHECK(
      ask("{ PatientConnection { count pagesize next edges { mode resource { id } } } }", -1) ==
      R"({"PatientConnection":{"count":1,"pagesize":50,"next":"more","edges":[{"mode":"match","resource":{"id":"1"}}]}})");
}

TEST_CASE("graphql: variables, fragments, @skip and @include") {
  CHECK(ask("query($u: String = \"usual\", $no: Boolean!) { name(use: $u) { given } id @skip(if: $no) }", 0,
            R"({"no":true})") == R"({"name":[{"given":["Änni"]}]})");
  CHECK(ask("query($u: String!) { name(use: $u) { given } }").starts_with("!"));
  CHECK(ask("{ ...p } fragment p on Patient { id ...q } fragment q on Observation { status }") == R"({"id":"1"})");
  CHECK(ask("{ id @include(if: false) active }") == R"({"active":true})");
  CHECK(ask("{ name(use: official) { family } name(use: official) { given } }") ==
        R"({"name":[{"family":"Weber","given":["Anna","Maria"]}]})");
}

TEST_CASE("graphql: what is not there is refused by name") {
  for (const auto* text :
       {"{ colour }", "{ name { colour } }", "{ id { x } }", "{ name }", "{ ...none }", "{ ... on Nothing { id } }",
        "{ name(colour: red) { family } }", "{ id @upper }", "{ ObservationList { id } }", "{ NothingList { id } }",
        "{ a: id a: active }", "{", "{ id", "}", "", "mutation { x }", "{ name(use: ) { id } }", "{ \"id\" }"})
    CHECK_MESSAGE(ask(text).starts_with("!"), text);
  for (const auto* text : {"{ __schema { types { name } } }", "{ __type(name: \"Patient\") { name } }"})
    CHECK(ask(text, -1).starts_with("!GraphQL: introspection is not offered"));
  CHECK(ask("{ __typename }", -1) == R"({"__typename":"Query"})");
}

TEST_CASE("graphql: hostile queries end soon") {
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "{ a ";
  CHECK(ask(deep).starts_with("!"));
  CHECK(ask("{ ...a } fragment a on Patient { ...b ...b } fragment b on Patient { ...a ...a }").starts_with("!"));
  std::string doubling = "{ ...f0 }";
  for (int i = 0; i < 40; ++i)
    doubling += " fragment f" + std::to_string(i) + " on Patient { ...f" + std::to_string(i + 1) + " ...f" +
                std::to_string(i + 1) + " }";
  CHECK(ask(doubling + " fragment f40 on Patient { id }").starts_with("!"));
  CHECK(ask("{ ...a } fragment a on Patient { ObservationList(_reference: subject) { subject { resource { ...a } } } }")
            .starts_with("!"));
  CHECK(ask(std::string(1u << 20, ' ')).starts_with("!"));
}
