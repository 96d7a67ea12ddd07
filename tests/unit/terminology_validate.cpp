// $validate-code: each kind of fault has its issue type, its place and its severity; what only warns does not refuse.
#include <doctest/doctest.h>

#include "fhir/terminology/validate.h"
#include "tests/unit/terminology_fixture.h"

using namespace fhir::terminology;
using namespace terminology_fixture;
using fhir::Severity;

namespace {

const Shelf& shelf() {
  static const Shelf all{
      animals(),
      code_system("http://e.org/animals",
                  R"("version":"0.9.0","content":"complete","concept":[{"code":"dog","display":"Doggy"}])"),
      code_system("http://e.org/loose",
                  R"("content":"complete","caseSensitive":false,"version":"1","concept":[{"code":"Aa"}])"),
      code_system("http://e.org/some", R"("content":"fragment","concept":[{"code":"a"}])"),
      code_system("http://e.org/more", R"("content":"supplement","supplements":"http://e.org/animals","version":"3")"),
      code_system("http://e.org/young", R"("content":"complete","experimental":true,"concept":[{"code":"y"}])"),
      value_set(
          "http://e.org/vs",
          R"({"include":[{"system":"http://e.org/animals","filter":[{"property":"concept","op":"is-a","value":"mammal"}]},
        {"system":"http://e.org/loose"},{"system":"http://e.org/some"},{"system":"http://e.org/young"},{"system":"http://e.org/unknown"}]})",
          R"(,"version":"7")"),
      value_set("http://e.org/active", R"({"inactive":false,"include":[{"system":"http://e.org/animals"}]})"),
      value_set("http://e.org/old", R"({"include":[{"system":"http://e.org/animals","version":"0.9.0"}]})"),
      value_set("http://e.org/lost", R"({"include":[{"valueSet":["http://e.org/nowhere"]}]})"),
      value_set("http://e.org/listed",
                R"({"include":[{"system":"http://e.org/animals","concept":[{"code":"dog","extension":[
        {"url":"http://hl7.org/fhir/StructureDefinition/valueset-deprecated","valueBoolean":true}]}]}]})"),
      value_set(
          "http://e.org/bad-filter",
          R"({"include":[{"system":"http://e.org/animals","filter":[{"property":"concept","op":"is-a","value":""}]}]})")};
  return all;
}

struct Told {
  CodeVerdict verdict;
  // "invalid-code@Coding.code" of each issue, in order of severity as they came.
  std::string said() const {
    std::string text;
    for (const auto& issue : verdict.issues) {
      text.append(text.empty() ? "" : " ").append(issue.detail_code);
      if (!issue.expression.empty()) text.append("@").append(issue.expression);
    }
    return text;
  }
};

Told ask(std::string_view set_url, CodeRequest request, const VersionRules& rules = {}) {
  Sources sources(shelf());
  Composer composer(sources, rules);
  const ValueSet* set = nullptr;
  if (!set_url.empty()) {
    const auto opened = composer.open(set_url, {});
    REQUIRE(opened);
    set = *opened;
  }
  auto verdict = validate_code(composer, set, request);
  REQUIRE(verdict);
  return {std::move(*verdict)};
}

Told coding(std::string_view set, Candidate candidate, CodeRequest request = {}) {
  request.form = CodeRequest::Form::coding;
  request.candidates = {candidate};
  return ask(set, std::move(request));
}

constexpr std::string_view vs = "http://e.org/vs", zoo = "http://e.org/animals";

}  // namespace

TEST_CASE("validate-code: what is right") {
  const auto told = coding(vs, {zoo, {}, "dog", "DOG"});
  CHECK(told.verdict.result);
  CHECK(told.said().empty());
  CHECK(told.verdict.display == "Dog");
  CHECK(told.verdict.version == "1.0.0");
  CHECK(told.verdict.code == "dog");
  CHECK(coding("", {zoo, {}, "owl", {}}).verdict.result);
  CHECK(coding(vs, {zoo, {}, "dog", "Hund"}).verdict.result);  // any language, when none is asked for
  CHECK(coding("http://e.org/old", {zoo, "0.9.0", "dog", "doggy"}).verdict.result);
}

TEST_CASE("validate-code: what is wrong has its type and place") {
  CHECK(coding(vs, {zoo, {}, "owl", {}}).said() == "not-in-vs@Coding.code");
  CHECK(coding(vs, {zoo, {}, "unicorn", {}}).said() == "not-in-vs@Coding.code invalid-code@Coding.code");
  CHECK(coding(vs, {zoo, {}, "dog", "Cat"}).said() == "invalid-display@Coding.display");
  CHECK_FALSE(coding(vs, {zoo, {}, "dog", "Cat"}).verdict.result);
  CHECK(coding(vs, {"http://e.org/plants", {}, "oak", {}}).said() == "not-in-vs@Coding.code not-found@Coding.system");
  CHECK(coding(vs, {"http://e.org/plants", {}, "oak", {}}).verdict.unknown.front() == "http://e.org/plants");
  CHECK(coding(vs, {"http://e.org/unknown", {}, "x", {}}).verdict.caused_by.front() == "http://e.org/unknown");
  CHECK(coding(vs, {"plants", {}, "oak", {}}).said() ==
        "not-in-vs@Coding.code invalid-data@Coding.system not-found@Coding.system");
  CHECK(coding(vs, {vs, {}, "oak", {}}).said() == "not-in-vs@Coding.code invalid-data@Coding.system");
  CHECK(coding("", {"http://e.org/more", {}, "dog", {}}).said() == "invalid-data@Coding.system");
  CHECK(coding(vs, {{}, {}, "dog", {}}).said() == "invalid-data@Coding not-in-vs@Coding.code");
  CHECK(coding("http://e.org/lost", {zoo, {}, "dog", {}}).said() == "not-found");
}

TEST_CASE("validate-code: what only warns") {
  auto told = coding(vs, {zoo, {}, "mammoth", {}});
  CHECK(told.verdict.result);
  CHECK(told.verdict.inactive);
  CHECK(told.verdict.status == "retired");
  CHECK(told.said() == "code-comment@Coding");
  told = coding(vs, {"http://e.org/loose", {}, "aA", {}});
  CHECK(told.verdict.result);
  CHECK(told.verdict.normalized == "Aa");
  CHECK(told.said() == "code-rule@Coding.code");
  told = coding(vs, {"http://e.org/some", {}, "b", {}});
  CHECK(told.verdict.result);
  CHECK(told.said() == "invalid-code@Coding.code");
  CHECK(told.verdict.issues.front().severity == Severity::warning);
  CHECK(coding(vs, {"http://e.org/young", {}, "y", {}}).said() == "status-check");
  told = coding("http://e.org/listed", {zoo, {}, "dog", {}});
  CHECK(told.verdict.result);
  CHECK(told.said() == "code-comment@Coding.code");
  CodeRequest lenient;
  lenient.lenient_display = true;
  told = coding(vs, {zoo, {}, "dog", "Cat"}, lenient);
  CHECK(told.verdict.result);
  CHECK(told.said() == "invalid-display@Coding.display");
}

TEST_CASE("validate-code: inactive and abstract codes are refused where the request or the value set says so") {
  auto told = coding("http://e.org/active", {zoo, {}, "mammoth", {}});
  CHECK_FALSE(told.verdict.result);
  CHECK(told.said() == "code-comment@Coding code-rule@Coding.code not-in-vs@Coding.code");
  CodeRequest request;
  request.active_only = true;
  CHECK_FALSE(coding(vs, {zoo, {}, "mammoth", {}}, request).verdict.result);
  CodeRequest concrete;
  concrete.abstract = false;
  CHECK_FALSE(coding("http://e.org/active", {zoo, {}, "animal", {}}, concrete).verdict.result);
  CHECK(coding("http://e.org/active", {zoo, {}, "animal", {}}).verdict.result);
}

TEST_CASE("validate-code: displays and languages") {
  CodeRequest german;
  german.languages = *Languages::parse("de");
  CHECK(coding(vs, {zoo, {}, "dog", "Hund"}, german).verdict.display == "Hund");
  CHECK_FALSE(coding(vs, {zoo, {}, "dog", "Dog"}, german).verdict.result);
  // There is no German name for a bat: the default display will do, and is said to be one.
  const auto told = coding(vs, {zoo, {}, "bat", "Bat"}, german);
  CHECK(told.verdict.result);
  CHECK(told.verdict.issues.front().severity == Severity::information);
  CHECK_FALSE(coding(vs, {zoo, {}, "bat", "Bird"}, german).verdict.result);
}

TEST_CASE("validate-code: versions that do not fit") {
  auto told = coding("http://e.org/old", {zoo, "1.0.0", "dog", {}});
  CHECK_FALSE(told.verdict.result);
  CHECK(told.said() == "vs-invalid@Coding.version");
  told = coding(vs, {zoo, "5", "dog", {}});
  CHECK(told.said() == "vs-invalid@Coding.version not-found@Coding.system");
  CHECK(told.verdict.caused_by.front() == "http://e.org/animals|5");
  CHECK(told.verdict.issues.front().severity == Severity::warning);
  CodeRequest request;
  request.candidates = {{zoo, {}, "dog", {}}};
  const VersionRules checked{{}, {"http://e.org/animals|2.x"}, {}, {}};
  CHECK(ask("http://e.org/old", request, checked).said() == "version-error@version");
  const VersionRules forced{{}, {}, {"http://e.org/animals|0.9.x"}, {}};
  CHECK(ask("http://e.org/active", request, forced).verdict.version == "0.9.0");
}

TEST_CASE("validate-code: one coding of a CodeableConcept is enough, a wrong one beside it is told") {
  CodeRequest request;
  request.form = CodeRequest::Form::concept_;
  request.candidates = {{zoo, {}, "owl", {}}, {zoo, {}, "dog", {}}};
  auto told = ask(vs, request);
  CHECK(told.verdict.result);
  CHECK(told.verdict.code == "dog");
  CHECK(told.said() == "this-code-not-in-vs@CodeableConcept.coding[0].code");
  request.candidates[0].code = "unicorn";
  told = ask(vs, request);
  CHECK_FALSE(told.verdict.result);
  CHECK(told.verdict.code == "dog");
  request.candidates.pop_back();
  told = ask(vs, request);
  CHECK(told.said().find("not-in-vs") != std::string::npos);
  CHECK(told.verdict.code.empty());
}

TEST_CASE("validate-code: the system of a bare code is found where only one has it") {
  CodeRequest request;
  request.candidates = {{{}, {}, "dog", {}}};
  CHECK(ask(vs, request).verdict.system == zoo);
  request.candidates = {{{}, {}, "unicorn", {}}};
  CHECK(ask(vs, request).said() == "not-in-vs@code cannot-infer@code");
}

TEST_CASE("validate-code: a filter that is not understood refuses the question") {
  Sources sources(shelf());
  const VersionRules rules;
  Composer composer(sources, rules);
  CodeRequest request;
  request.candidates = {{zoo, {}, "dog", {}}};
  const auto refused = validate_code(composer, *composer.open("http://e.org/bad-filter", {}), request);
  REQUIRE_FALSE(refused);
  CHECK(refused.outcome().issues.front().detail_code == "vs-invalid");
  CHECK(refused.outcome().issues.front().expression == "ValueSet.compose.include[0].filter[0]");
}
