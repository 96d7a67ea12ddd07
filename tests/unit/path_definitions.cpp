// Every expression that the R4 definitions carry compiles, and runs on resources without a fault.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "fhir/bind.h"
#include "fhir/definitions.h"
#include "fhir/format/json.h"
#include "fhir/path/path.h"

namespace {

using namespace fhir;

struct Resource {
  explicit Resource(std::string json) : text(std::move(json)) {
    auto raw = json::parse(text, arena);
    REQUIRE_MESSAGE(raw, text);
    std::vector<Issue> issues;
    root = bind(*raw, arena, issues);
    REQUIRE_MESSAGE(issues.empty(), (issues.empty() ? "" : issues[0].diagnostics));
  }
  std::string text;
  Arena arena;
  Node* root = nullptr;
};

std::set<std::string> constraints() {
  std::set<std::string> all;
  for (const Type& type : definitions().types) {
    for (const Constraint& each : type.constraints) all.emplace(each.expression.view());
    for (const Element& element : type.elements)
      for (const Constraint& each : element.constraints) all.emplace(each.expression.view());
  }
  return all;
}

std::set<std::string> search_expressions() {
  std::set<std::string> all;
  for (const Type& type : definitions().types)
    for (const SearchParameter& each : type.search) {
      if (!each.expression.empty()) all.emplace(each.expression.view());
      for (const SearchComponent& component : each.components) all.emplace(component.expression.view());
    }
  return all;
}

path::Compiled compiled(const std::string& expression) {
  auto program = path::compile(expression);
  REQUIRE_MESSAGE(program, expression << ": " << (program ? "" : program.outcome().issues[0].diagnostics));
  return *program;
}

// Every type's expressions meet the types that carry them.
void run_constraints(const Type& type, const Node& node, const path::Context& context, std::size_t& count) {
  for (const Constraint& each : type.constraints) {
    const auto result = path::holds(*compiled(std::string(each.expression)), node, context);
    CHECK_MESSAGE(result, each.key.view() << " " << (result ? "" : result.outcome().issues[0].diagnostics));
    // Rules that only warn (dom-6: a narrative should be there) may fail.
    CHECK_MESSAGE((!result || *result || !each.error), each.key.view());
    ++count;
  }
  for (const Node& child : node) {
    if (child.element)
      for (const Constraint& each : child.element->constraints) {
        const auto result = path::holds(*compiled(std::string(each.expression)), child, context);
        CHECK_MESSAGE(result, each.key.view() << " " << (result ? "" : result.outcome().issues[0].diagnostics));
        CHECK_MESSAGE((!result || *result || !each.error), each.key.view());
        ++count;
      }
    if (child.type) run_constraints(*child.type, child, context, count);
  }
}

const char* const resources[] = {
    R"({"resourceType":"Patient","id":"p1","contained":[{"resourceType":"Organization","id":"o1","name":"Clinic"}],
        "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Anna &amp; co</p></div>"},
        "managingOrganization":{"reference":"#o1"},"active":true,"birthDate":"1970-01-01",
        "name":[{"use":"official","family":"Weber","given":["Anna","Maria"],"period":{"start":"1990","end":"2000-05"}}],
        "telecom":[{"system":"phone","value":"+352 1"}],"deceasedBoolean":false,
        "contact":[{"name":{"family":"Weber"}}]})",
    R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
        "subject":{"reference":"Patient/p1"},"effectiveDateTime":"2020-01-02T03:04:05Z",
        "valueQuantity":{"value":120.50,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"},
        "referenceRange":[{"low":{"value":90},"high":{"value":140}}],
        "component":[{"code":{"text":"a"},"valueQuantity":{"value":1}},{"code":{"text":"b"},"valueString":"x"}]})",
    R"({"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:1","resource":
        {"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":
        "http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}},
        "request":{"method":"POST","url":"Condition"}}]})",
    R"({"resourceType":"Questionnaire","status":"active","url":"http://example.org/q","name":"Q","item":[
        {"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"choice","answerOption":[{"valueString":"a"}],
        "enableWhen":[{"question":"1","operator":"exists","answerBoolean":true}]}]}]})",
    R"({"resourceType":"ValueSet","status":"active","name":"Set","compose":{"include":[{"system":"http://example.org",
        "concept":[{"code":"a"}]}]}})"};

}  // namespace

TEST_CASE("path: every constraint and search expression of R4 compiles") {
  const auto rules = constraints();
  const auto searches = search_expressions();
  CHECK(rules.size() >= 190);
  CHECK(searches.size() >= 1200);
  for (const std::string& each : rules) compiled(each);
  for (const std::string& each : searches) compiled(each);
}

TEST_CASE("path: the constraints hold on resources that keep them") {
  for (const char* text : resources) {
    const Resource resource(text);
    path::Context context;
    context.resource = context.root_resource = resource.root;
    std::size_t count = 0;
    run_constraints(*resource.root->type, *resource.root, context, count);
    CHECK(count > 10);
  }
}

TEST_CASE("path: every search expression runs on every resource") {
  const auto searches = search_expressions();
  for (const char* text : resources) {
    const Resource resource(text);
    path::Context context;
    context.resource = resource.root;
    std::size_t found = 0;
    for (const std::string& each : searches) {
      std::vector<const Node*> nodes;
      CHECK_MESSAGE(path::nodes(*compiled(each), *resource.root, context, nodes), each);
      found += nodes.size();
    }
    CHECK(found > 0);
  }
}
