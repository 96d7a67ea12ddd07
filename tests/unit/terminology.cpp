// Value sets, code systems and the questions to them: membership, filters, imports, versions, expansion, hierarchy.
#include "fhir/terminology/terminology.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/terminology/expand.h"
#include "fhir/terminology/grammar.h"
#include "fhir/terminology/lookup.h"
#include "fhir/terminology/translate.h"
#include "tests/unit/cost.h"
#include "tests/unit/terminology_fixture.h"

using namespace fhir::terminology;
using namespace terminology_fixture;

namespace {

const VersionRules no_rules;

struct Asked {
  explicit Asked(const fhir::Canonicals& canonicals, const VersionRules& rules = no_rules)
      : sources(canonicals), composer(sources, rules) {}
  Sources sources;
  Composer composer;

  const ValueSet& open(std::string_view url) {
    const auto set = composer.open(url, {});
    REQUIRE(set);
    return **set;
  }
  // The codes of an expansion, joined by blanks.
  std::string codes(std::string_view url, const ExpandRequest& request = {}) {
    const auto expansion = expand(composer, open(url), request);
    if (!expansion) return expansion.outcome().issues.front().code;
    std::string text;
    for (const auto& row : expansion->rows) text.append(text.empty() ? "" : " ").append(row.code());
    return text;
  }
  std::string json(std::string_view url, const ExpandRequest& request = {}) {
    const auto expansion = expand(composer, open(url), request);
    REQUIRE(expansion);
    return to_json(*expansion, request, composer.usage(), {}, "8f0e8f6e-0000-4000-8000-000000000000",
                   "2026-01-01T00:00:00.000Z");
  }
};

std::string filtered(std::string_view property, std::string_view op, std::string_view value) {
  return R"({"include":[{"system":"http://e.org/animals","filter":[{"property":")" + std::string(property) +
         R"(","op":")" + std::string(op) + R"(","value":")" + std::string(value) + R"("}]}]})";
}

std::string codes_by(std::string_view property, std::string_view op, std::string_view value) {
  const Shelf shelf{animals(), value_set("http://e.org/vs", filtered(property, op, value))};
  return Asked(shelf).codes("http://e.org/vs");
}

// The tree is right by R4's definitions.
void check_is_fhir(const std::string& json) {
  fhir::Arena arena;
  auto raw = fhir::json::parse(json, arena);
  REQUIRE_MESSAGE(raw, json);
  std::vector<fhir::Issue> issues;
  fhir::bind(*raw, arena, issues);
  for (const auto& issue : issues) FAIL_CHECK(issue.expression << ": " << issue.diagnostics);
}

}  // namespace

TEST_CASE("terminology: every filter operator") {
  CHECK(codes_by("concept", "is-a", "mammal") == "mammal dog bat mammoth");
  CHECK(codes_by("concept", "descendent-of", "mammal") == "dog bat mammoth");
  CHECK(codes_by("concept", "is-not-a", "mammal") == "animal bird owl flyer");
  CHECK(codes_by("concept", "is-a", "flyer") == "bat flyer");  // a second parent, by property
  CHECK(codes_by("concept", "generalizes", "bat") == "animal mammal bat flyer");
  CHECK(codes_by("concept", "child-of", "animal") == "mammal bird flyer");
  CHECK(codes_by("concept", "descendent-leaf", "animal") == "dog bat mammoth owl");
  CHECK(codes_by("legs", "=", "2") == "bat owl");
  CHECK(codes_by("legs", "in", "2, 4") == "dog bat mammoth owl");
  CHECK(codes_by("legs", "not-in", "2,4") == "animal mammal bird flyer");
  CHECK(codes_by("legs", "exists", "false") == "animal mammal bird flyer");
  CHECK(codes_by("code", "regex", "ma.*") == "mammal mammoth");
  CHECK(codes_by("display", "regex", "[A-M].*") == "animal mammal dog bat mammoth bird flyer");
  CHECK(codes_by("code", "in", "dog,owl,unicorn") == "dog owl");
  CHECK(codes_by("status", "=", "retired") == "mammoth");
  CHECK(codes_by("inactive", "=", "true") == "mammoth");
  CHECK(codes_by("notSelectable", "=", "true") == "animal");
  CHECK(codes_by("notSelectable", "=", "TRUE").empty());
  CHECK(codes_by("concept", "is-a", "unicorn").empty());
  CHECK(codes_by("parent", "=", "bird") == "owl");
}

TEST_CASE("terminology: a filter that is not understood is refused") {
  CHECK(codes_by("wings", "=", "2") == "not-supported");
  CHECK(codes_by("legs", "is-a", "2") == "not-supported");
  CHECK(codes_by("concept", "is-a", "") == "invalid");
  CHECK(codes_by("code", "regex", "((") == "invalid");
  CHECK(codes_by("code", "almost", "dog") == "not-supported");
}

TEST_CASE("terminology: includes, excludes, imports") {
  const Shelf shelf{
      animals(),
      value_set("http://e.org/mammals", filtered("concept", "is-a", "mammal")),
      value_set("http://e.org/two-legs", filtered("legs", "=", "2")),
      value_set("http://e.org/both", R"({"include":[{"valueSet":["http://e.org/mammals","http://e.org/two-legs"]}]})"),
      value_set("http://e.org/either",
                R"({"include":[{"valueSet":["http://e.org/two-legs"]},{"valueSet":["http://e.org/mammals"]}]})"),
      value_set("http://e.org/listed",
                R"({"include":[{"system":"http://e.org/animals","valueSet":["http://e.org/mammals"],
                "concept":[{"code":"dog"},{"code":"owl"},{"code":"unicorn"}]}]})"),
      value_set("http://e.org/not-dogs", R"({"include":[{"valueSet":["http://e.org/mammals"]}],
                "exclude":[{"system":"http://e.org/animals","concept":[{"code":"dog"}]}]})"),
      value_set("http://e.org/active", R"({"inactive":false,"include":[{"valueSet":["http://e.org/mammals"]}]})"),
      value_set("http://e.org/broken", R"({"include":[{"valueSet":["http://e.org/nowhere"]}]})")};
  CHECK(Asked(shelf).codes("http://e.org/both") == "bat");
  CHECK(Asked(shelf).codes("http://e.org/either") == "bat owl mammal dog mammoth");
  CHECK(Asked(shelf).codes("http://e.org/listed") == "dog");
  CHECK(Asked(shelf).codes("http://e.org/not-dogs") == "mammal bat mammoth");
  CHECK(Asked(shelf).codes("http://e.org/active") == "mammal dog bat");
  CHECK(Asked(shelf).codes("http://e.org/broken") == "not-found");
  const Terminology terminology(shelf);
  for (const char* set : {"both", "either", "listed", "not-dogs", "active"}) {
    const std::string url = "http://e.org/" + std::string(set);
    const std::string codes = " " + Asked(shelf).codes(url) + " ";
    for (const std::string code : {"animal", "mammal", "dog", "bat", "mammoth", "bird", "owl", "flyer", "unicorn"}) {
      const bool in = codes.find(" " + code + " ") != codes.npos;
      CHECK_MESSAGE((terminology.member(url, "http://e.org/animals", code).membership == Membership::in) == in,
                    url << " " << code);
      CHECK((terminology.member(url, "", code).membership == Membership::in) == in);
    }
  }
  CHECK(terminology.member("http://e.org/broken", "http://e.org/animals", "dog").membership == Membership::unknown);
  CHECK(terminology.member("http://e.org/nowhere", "http://e.org/animals", "dog").membership == Membership::unknown);
  CHECK(terminology.member("http://e.org/both", "http://e.org/plants", "dog").membership == Membership::out);
}

TEST_CASE("terminology: value sets in a circle are refused, a hierarchy in a circle is cut") {
  const Shelf shelf{value_set("http://e.org/a", R"({"include":[{"valueSet":["http://e.org/b"]}]})"),
                    value_set("http://e.org/b", R"({"include":[{"valueSet":["http://e.org/a"]}]})"),
                    value_set("http://e.org/self", R"({"include":[{"system":"http://e.org/ring"}],
                              "exclude":[{"valueSet":["http://e.org/self"]}]})"),
                    value_set("http://e.org/ring", R"({"include":[{"system":"http://e.org/ring"}]})"),
                    code_system("http://e.org/ring", R"("content":"complete","concept":[
                      {"code":"x","property":[{"code":"parent","valueCode":"y"}]},
                      {"code":"y","property":[{"code":"parent","valueCode":"x"}]}])")};
  for (const char* url : {"http://e.org/a", "http://e.org/self"}) {
    const auto refused = Asked(shelf).composer.open(url, {});
    REQUIRE_FALSE(refused);
    CHECK(refused.outcome().issues.front().diagnostics.find("Cyclic") == 0);
  }
  const auto json = Asked(shelf).json("http://e.org/ring");
  CHECK(json.find("\"code\":\"x\"") != json.npos);
  CHECK(json.find("\"code\":\"y\"") != json.npos);
  check_is_fhir(json);
  const Terminology terminology(shelf);
  CHECK(terminology.below("http://e.org/ring", "x", 10)->size() == 2);
}

TEST_CASE("terminology: imports that multiply are refused, not followed for ever") {
  Shelf shelf{animals(), value_set("http://e.org/0", R"({"include":[{"system":"http://e.org/animals"}]})")};
  for (int i = 1; i < 60; ++i) {
    const std::string below = "{\"valueSet\":[\"http://e.org/" + std::to_string(i - 1) + "\"]}";
    shelf.put(value_set("http://e.org/" + std::to_string(i), "{\"include\":[" + below + "," + below + "]}"));
  }
  CHECK(Asked(shelf).codes("http://e.org/59") == "too-costly");
  CHECK(Terminology(shelf).member("http://e.org/59", "http://e.org/animals", "cow").membership == Membership::unknown);
}

TEST_CASE("terminology: what filters of a long hierarchy cost grows with it, not with its square") {
  const auto chain = [](std::size_t length) {
    std::string concepts = R"({"code":"c0"})";
    for (std::size_t i = 1; i < length; ++i)
      concepts += R"(,{"code":"c)" + std::to_string(i) + R"(","property":[{"code":"parent","valueCode":"c)" +
                  std::to_string(i - 1) + R"("}]})";
    return code_system("http://e.org/chain", R"("version":"1","content":"complete","caseSensitive":true,
      "property":[{"code":"parent","type":"code"}],"concept":[)" +
                                                 concepts + "]");
  };
  for (const char* part : {"include", "exclude"})
    for (const char* op : {"is-not-a", "is-a", "generalizes"}) {
      std::string filters;
      for (int i = 0; i < 20; ++i)
        filters += std::string(i ? "," : "") + R"({"property":"concept","op":")" + op + R"(","value":"c1"})";
      const std::string whole = R"({"system":"http://e.org/chain"})";
      const std::string some = R"({"system":"http://e.org/chain","filter":[)" + filters + "]}";
      const auto set = value_set("http://e.org/vs", std::string(R"({"include":[)") + (*part == 'i' ? some : whole) +
                                                        (*part == 'i' ? "]}" : R"(],"exclude":[)" + some + "]}"));
      const Shelf few{chain(600), set}, many{chain(6'000), set};
      const bool proportional = cost::in_proportion(
          [&](std::size_t size) { Asked(size > 600 ? many : few).codes("http://e.org/vs"); }, 6'000);
      CAPTURE(part);
      CAPTURE(op);
      CHECK(proportional);
    }
}

TEST_CASE("terminology: codes of a system without case are found among many that are listed") {
  const auto shelf_of = [](std::size_t count) {
    std::string concepts, listed;
    for (std::size_t i = 0; i < count; ++i) {
      const auto number = std::to_string(i) + R"("})";
      concepts += std::string(i ? "," : "") + R"({"code":"Code)" + number;
      listed += std::string(i ? "," : "") + R"({"code":"CODE)" + number;
    }
    const std::string head = R"("version":"1","content":"complete","caseSensitive":false,"concept":[)";
    const std::string parts = R"({"include":[{"system":"http://e.org/loose"}],"exclude":[{"system":)";
    return Shelf{code_system("http://e.org/loose", head + concepts + "]"),
                 value_set("http://e.org/vs", parts + R"("http://e.org/loose","concept":[)" + listed + "]}]}")};
  };
  const auto few = shelf_of(400), many = shelf_of(4'000);
  CHECK(Asked(few).codes("http://e.org/vs").empty());
  CHECK(cost::in_proportion([&](std::size_t size) { Asked(size > 400 ? many : few).codes("http://e.org/vs"); }, 4'000));
}

TEST_CASE("terminology: versions are chosen by pattern, rule and age") {
  const auto version = [](std::string_view number, std::string_view code) {
    return code_system("http://e.org/v", "\"version\":\"" + std::string(number) +
                                             "\",\"content\":\"complete\",\"concept\":[{\"code\":\"" +
                                             std::string(code) + "\"}]");
  };
  const auto pinned = [](std::string_view name, std::string_view number) {
    return value_set("http://e.org/" + std::string(name),
                     "{\"include\":[{\"system\":\"http://e.org/v\"" + std::string(number) + "}]}");
  };
  const Shelf shelf{version("1.2.0", "b"),
                    version("1.10.0", "c"),
                    version("1.1.0", "a"),
                    pinned("any", ""),
                    pinned("wild", R"(,"version":"1.1.x")"),
                    pinned("one", R"(,"version":"1.2.0")"),
                    pinned("bad", R"(,"version":"9")")};
  CHECK(Asked(shelf).codes("http://e.org/any") == "c");
  CHECK(Asked(shelf).codes("http://e.org/wild") == "a");
  CHECK(Asked(shelf).codes("http://e.org/one") == "b");
  CHECK(Asked(shelf).codes("http://e.org/bad") == "not-found");
  const VersionRules unsaid{{"http://e.org/v|1.1.0"}, {}, {}, {}}, forced{{}, {}, {"http://e.org/v|1.1.x"}, {}},
      checked{{}, {"http://e.org/v|1.2.x"}, {}, {}};
  CHECK(Asked(shelf, unsaid).codes("http://e.org/any") == "a");
  CHECK(Asked(shelf, unsaid).codes("http://e.org/one") == "b");
  CHECK(Asked(shelf, forced).codes("http://e.org/one") == "a");
  CHECK(Asked(shelf, checked).codes("http://e.org/any") == "b");
  CHECK(Asked(shelf, checked).codes("http://e.org/wild") == "exception");
  CHECK(compare_versions("1.10", "1.9") > 0);
  CHECK(compare_versions("2016-01-01", "2015-12-31") > 0);
  CHECK(version_matches("1.x", "1.2.0"));
  CHECK_FALSE(version_matches("1", "1.2.0"));
}

TEST_CASE("terminology: an expansion is a ValueSet of R4, nested, named and paged") {
  const Shelf shelf{animals(), value_set("http://e.org/all", R"({"include":[{"system":"http://e.org/animals"}]})",
                                         R"(,"text":{"status":"empty","div":"<div>x</div>"},"language":"en")")};
  ExpandRequest request;
  request.properties = {"legs", "definition"};
  request.include_designations = true;
  request.languages = *Languages::parse("de");
  const auto json = Asked(shelf).json("http://e.org/all", request);
  check_is_fhir(json);
  CHECK(json.find(R"("code":"mammal","display":"Mammal","contains":[{)") != json.npos);
  CHECK(json.find(R"("display":"Hund")") != json.npos);
  CHECK(json.find(R"("value":"Chien")") != json.npos);
  CHECK(json.find(R"("abstract":true)") != json.npos);
  CHECK(json.find(R"({"url":"value","valueInteger":4})") != json.npos);
  CHECK(json.find("\"compose\"") == json.npos);
  request.count = 2;
  request.offset = 3;
  CHECK(Asked(shelf).codes("http://e.org/all", request) == "bat mammoth");
  CHECK(Asked(shelf).json("http://e.org/all", request).find("\"total\":8") != std::string::npos);
  ExpandRequest words;
  words.filter = "NIGHT ow";
  CHECK(Asked(shelf).codes("http://e.org/all", words) == "owl");
  words.filter = "hund";
  CHECK(Asked(shelf).codes("http://e.org/all", words) == "dog");
  words.filter.clear();
  words.exclude_not_for_ui = true;
  words.active_only = true;
  CHECK(Asked(shelf).codes("http://e.org/all", words) == "mammal dog bat bird owl flyer");
}

TEST_CASE("terminology: codes of systems without case, of supplements and of fragments") {
  const Shelf shelf{
      code_system("http://e.org/loose", R"("content":"complete","caseSensitive":false,"concept":[{"code":"Aa"}])"),
      code_system("http://e.org/some", R"("content":"fragment","concept":[{"code":"a"}])"),
      code_system("http://e.org/more", R"("content":"supplement","supplements":"http://e.org/loose",
                  "concept":[{"code":"Aa","designation":[{"language":"fr","value":"Deux"}]}])"),
      code_system("http://e.org/empty", R"("content":"not-present")"),
      value_set("http://e.org/all", R"({"include":[{"system":"http://e.org/loose"},{"system":"http://e.org/some"}]})"),
      value_set("http://e.org/none", R"({"include":[{"system":"http://e.org/empty"}]})")};
  const Terminology terminology(shelf);
  CHECK(terminology.member("http://e.org/all", "http://e.org/loose", "aA").membership == Membership::in);
  CHECK(terminology.member("http://e.org/all", "http://e.org/some", "b").membership == Membership::unknown);
  CHECK(terminology.member("http://e.org/none", "http://e.org/empty", "b").membership == Membership::unknown);
  CHECK(terminology.code("http://e.org/loose", "b").membership == Membership::out);
  CHECK(terminology.code("http://e.org/empty", "b").membership == Membership::unknown);
  Asked asked(shelf);
  asked.sources.use_supplement("http://e.org/more");
  const auto told = lookup(asked.composer, {"http://e.org/loose", {}, "aa", {}, {}});
  REQUIRE(told);
  CHECK(told->find("Deux") != told->npos);
  CHECK(told->find(R"("name":"name","valueString":"http://e.org/loose")") != told->npos);
  check_is_fhir(*told);
}

TEST_CASE("terminology: an answer is forgotten when a resource changes") {
  Shelf shelf{animals(), value_set("http://e.org/vs", filtered("code", "=", "dog"))};
  const Terminology terminology(shelf);
  CHECK(terminology.member("http://e.org/vs", "http://e.org/animals", "owl").membership == Membership::out);
  shelf.put(value_set("http://e.org/vs", filtered("code", "=", "owl"), R"(,"version":"2")"));
  CHECK(terminology.member("http://e.org/vs", "http://e.org/animals", "owl").membership == Membership::in);
  CHECK(terminology.codes("http://e.org/vs|2", 10)->size() == 1);
  CHECK(terminology.codes("http://e.org/vs|2", 0).outcome().kind == fhir::Kind::too_costly);
}

TEST_CASE("terminology: codes of a well-known system that somebody else declares complete are a fragment of it") {
  const auto loinc = [](std::string_view publisher) {
    return R"({"resourceType":"CodeSystem","url":"http://loinc.org","status":"active","content":"complete",)" +
           std::string(publisher) + R"("concept":[{"code":"8302-2","display":"Body height"}]})";
  };
  const Shelf guide{loinc(R"("publisher":"A guide",)")}, own{loinc(R"("publisher":"Regenstrief Institute, Inc.",)")};
  CHECK(Terminology(guide).code("http://loinc.org", "8302-2").membership == Membership::in);
  CHECK(Terminology(guide).code("http://loinc.org", "29463-7").membership == Membership::unknown);
  CHECK(Terminology(own).code("http://loinc.org", "29463-7").membership == Membership::out);
  const Shelf nameless{loinc("")};
  CHECK(Terminology(nameless).code("http://loinc.org", "29463-7").membership == Membership::unknown);
}

TEST_CASE("terminology: subsumption") {
  const Shelf shelf{animals()};
  const Terminology terminology(shelf);
  const std::string_view url = "http://e.org/animals";
  CHECK(*terminology.subsumes(url, "animal", "dog") == Subsumption::subsumes);
  CHECK(*terminology.subsumes(url, "dog", "animal") == Subsumption::subsumed_by);
  CHECK(*terminology.subsumes(url, "dog", "dog") == Subsumption::equivalent);
  CHECK(*terminology.subsumes(url, "dog", "bird") == Subsumption::not_subsumed);
  CHECK(*terminology.subsumes(url, "flyer", "bat") == Subsumption::subsumes);
  CHECK(terminology.subsumes(url, "dog", "unicorn").outcome().kind == fhir::Kind::absent);
  CHECK(terminology.above(url, "bat", 10)->size() == 4);
  CHECK(terminology.below(url, "animal", 3).outcome().kind == fhir::Kind::too_costly);
}

TEST_CASE("terminology: codes that follow from a rule") {
  const auto valid = [](std::string_view system, std::string_view code) { return grammar_of(system)->valid(code); };
  for (const char* tag : {"de", "de-LU", "lb", "zh-Hant-TW", "sr-Latn", "es-419", "x-private", "gsw", "de-1996"})
    CHECK_MESSAGE(valid("urn:ietf:bcp:47", tag), std::string(tag));
  for (const char* tag : {"", "de_LU", "qq-ZZZZ", "d", "deutsch", "de-", "de--LU", "de-LU-", "xx-x", "zz", "de-x"})
    CHECK_FALSE_MESSAGE(valid("urn:ietf:bcp:47", tag), std::string(tag));
  for (const char* type : {"text/plain", "application/fhir+json; charset=utf-8", "image/svg+xml", "x-our/thing"})
    CHECK_MESSAGE(valid("urn:ietf:bcp:13", type), std::string(type));
  for (const char* type : {"", "text", "text/", "/plain", "txet/plain", "text/plain;x", "text/pl ain"})
    CHECK_FALSE_MESSAGE(valid("urn:ietf:bcp:13", type), std::string(type));
  CHECK(valid("http://unitsofmeasure.org", "mm[Hg]"));
  CHECK_FALSE(valid("http://unitsofmeasure.org", "furlong"));
}

TEST_CASE("terminology: languages by weight and by nearness") {
  const auto languages = Languages::parse("de-LU, fr;q=0.8, *;q=0");
  REQUIRE(languages);
  CHECK(languages->fit("de-LU").weight == 1);
  CHECK(languages->fit("fr-CH").weight == doctest::Approx(0.8));
  CHECK(languages->fit("fr-CH").excess == 3);
  CHECK(languages->fit("en").weight == 0);
  CHECK_FALSE(languages->falls_back());
  CHECK(languages->text() == "de-LU, fr; q=0.8, *; q=0");
  for (const char* wrong : {"-", "de;q=2", "de;q=nan", "de;weight=1", "d\xC3\xA9", "de;q="})
    CHECK_FALSE(Languages::parse(wrong));
}

TEST_CASE("terminology: maps that send on to each other are looked into once") {
  std::string groups;
  for (int i = 0; i < 40; ++i)
    groups +=
        std::string(i ? "," : "") +
        R"({"source":"http://e.org/from","target":"http://e.org/to","element":[{"code":"a","target":[{"code":"A",)"
        R"("equivalence":"equal"}]}],"unmapped":{"mode":"other-map","url":"http://e.org/map"}})";
  const auto map = fhir::make_canonical(
      R"({"resourceType":"ConceptMap","status":"active","url":"http://e.org/map","group":[)" + groups + "]}");
  TranslateRequest request;
  request.maps = request.others = {{map->resource, map}};
  request.codes = {{"http://e.org/from", {}, "unknown", {}}};
  CHECK(translate(request).find(R"("valueBoolean":false)") != std::string::npos);
  request.codes.push_back({"http://e.org/from", {}, "a", {}});
  CHECK(translate(request).find(R"("code":"A")") != std::string::npos);
}

TEST_CASE("terminology: translation, forth, back, and what is not mapped") {
  const auto map = fhir::make_canonical(R"({"resourceType":"ConceptMap","status":"active","url":"http://e.org/map",
    "sourceUri":"http://e.org/from-vs","group":[{"source":"http://e.org/from","target":"http://e.org/to","element":[
      {"code":"a","target":[{"code":"A","display":"Big","equivalence":"wider"}]},
      {"code":"n","target":[{"equivalence":"unmatched"}]},
      {"code":"d","target":[{"code":"D","equivalence":"equal","dependsOn":[{"property":"http://e.org/sex","value":"f"}]}]}],
      "unmapped":{"mode":"fixed","code":"X"}}]})");
  TranslateRequest request;
  request.maps = {{map->resource, map}};
  const auto run = [&](std::string_view code, bool reverse = false) {
    request.codes = {{reverse ? "http://e.org/to" : "http://e.org/from", {}, code, {}}};
    request.reverse = reverse;
    const auto json = translate(request);
    check_is_fhir(json);
    return json;
  };
  CHECK(
      run("a").find(R"("valueCode":"wider"},{"name":"concept","valueCoding":{"system":"http://e.org/to","code":"A")") !=
      std::string::npos);
  CHECK(run("A", true).find(
            R"("valueCode":"narrower"},{"name":"concept","valueCoding":{"system":"http://e.org/from","code":"a")") !=
        std::string::npos);
  CHECK(run("n").find(R"("name":"result","valueBoolean":false)") != std::string::npos);
  CHECK(run("other").find(R"("code":"X")") != std::string::npos);
  CHECK(run("d").find(R"("code":"D")") == std::string::npos);
  request.dependencies = {{"http://e.org/sex", {}, "f", {}}};
  CHECK(run("d").find(R"("code":"D")") != std::string::npos);
  request.source_set = "http://e.org/another";
  CHECK(run("a").find(R"("valueBoolean":false)") != std::string::npos);
}
