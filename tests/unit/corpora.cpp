// Real resources, where the environment names a folder of them (ALZETTE_CORPORA): the official R4 examples and
// Synthea's bundles are read, bound, validated and written again unchanged. What is refused is listed here with why.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/validate/validate.h"

namespace {

std::size_t members(const fhir::Node& node) {
  return static_cast<std::size_t>(std::distance(node.begin(), node.end()));
}

// Two raw trees with the same members in any order, the same lists in the same order, the same literals.
bool same(const fhir::Node& a, const fhir::Node& b) {
  if (a.form != b.form || a.text != b.text || a.listed != b.listed || members(a) != members(b)) return false;
  const fhir::Node* other = nullptr;
  std::string_view name;
  for (const auto& child : a) {
    other = child.name == name && other ? other->next : b.child(child.name);
    name = child.name;
    if (!other || other->name != name || !same(child, *other)) return false;
  }
  return true;
}

void check(const std::filesystem::path& file, const std::map<std::string, std::string>& justified) {
  std::stringstream bytes;
  bytes << std::ifstream(file).rdbuf();
  const std::string text = bytes.str();
  const auto name = file.filename().string();
  INFO(name);
  fhir::Arena arena;
  auto parsed = fhir::json::parse(text, arena);
  REQUIRE(parsed);
  std::vector<fhir::Issue> issues;
  const auto* resource = fhir::bind(*parsed, arena, issues);
  for (const auto& issue : issues) MESSAGE(issue.expression, ": ", issue.diagnostics);
  REQUIRE(issues.empty());
  const auto expected = justified.find(name);
  issues = fhir::validate::resource(*resource);
  if (expected == justified.end()) {
    for (const auto& issue : issues) MESSAGE(issue.expression, ": ", issue.diagnostics);
    CHECK(issues.empty());
  } else {
    REQUIRE(issues.size() == 1);
    CHECK(issues.front().expression == expected->second);
  }
  std::string out;
  fhir::json::write(*resource, out);
  fhir::Arena sent_arena, written_arena;
  auto sent = fhir::json::parse(text, sent_arena);
  auto written = fhir::json::parse(out, written_arena);
  REQUIRE(sent);
  REQUIRE(written);
  CHECK(same(**sent, **written));
}

}  // namespace

TEST_CASE("corpora: official examples and Synthea bundles, none refused without a reason") {
  const char* corpora = std::getenv("ALZETTE_CORPORA");
  if (!corpora) {
    MESSAGE("ALZETTE_CORPORA is not set: skipped");
    return;
  }
  const std::map<std::string, std::string> justified = {
      // txt-2: the div holds white space alone
      {"ActivityDefinition-heart-valve-replacement.json", "ActivityDefinition.text.div"},
      {"ActivityDefinition-blood-tubes-supply.json", "ActivityDefinition.text.div"},
      {"Questionnaire-zika-virus-exposure-assessment.json", "Questionnaire.text.div"},
      // Attachment.hash is a SHA-1 in hexadecimal digits, of the base64 text; it must be base64, of the data
      {"DiagnosticReport-example-pgx.json", "DiagnosticReport.presentedForm[0]"},
      // DeviceMetric.parent: Reference(Device), the example gives a DeviceDefinition
      {"DeviceMetric-example.json", "DeviceMetric.parent.reference"},
  };
  std::size_t files = 0;
  for (const char* folder : {"r4-examples-json", "synthea-bundles"}) {
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(corpora) / folder)) {
      if (entry.path().extension() != ".json") continue;
      check(entry.path(), justified);
      ++files;
    }
  }
  CHECK(files > 400);
}
