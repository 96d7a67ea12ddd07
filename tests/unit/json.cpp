#include "fhir/format/json.h"

#include <doctest/doctest.h>

#include "fhir/bind.h"
#include "fhir/store.h"

namespace {

using fhir::Arena;
using fhir::Kind;
using fhir::Node;

// The refusal's text, or "" when the text was taken.
std::string refusal(std::string_view text, const fhir::json::Limits& limits = {}) {
  Arena arena;
  auto parsed = fhir::json::parse(text, arena, limits);
  if (parsed) return "";
  CHECK(parsed.outcome().issues.size() == 1);
  return parsed.outcome().issues.front().diagnostics;
}

bool refused_for(std::string_view text, std::string_view why) {
  const auto said = refusal(text);
  INFO(said);
  return said.find(why) != said.npos;
}

Kind kind_of(std::string_view text, const fhir::json::Limits& limits) {
  Arena arena;
  auto parsed = fhir::json::parse(text, arena, limits);
  return parsed ? Kind::internal : parsed.outcome().kind;
}

// Parsed, bound without fault, written.
std::string round_trip(std::string_view text) {
  Arena arena;
  auto parsed = fhir::json::parse(text, arena);
  REQUIRE(parsed);
  std::vector<fhir::Issue> issues;
  const Node* resource = fhir::bind(*parsed, arena, issues);
  for (const auto& issue : issues) MESSAGE(issue.expression, ": ", issue.diagnostics);
  REQUIRE(issues.empty());
  std::string out;
  fhir::json::write(*resource, out);
  return out;
}

}  // namespace

TEST_CASE("json: the raw tree keeps order, forms and literals") {
  Arena arena;
  auto parsed = fhir::json::parse(R"({"a":"x","b":[1.50,true,null],"c":{"d":"e"}})", arena);
  REQUIRE(parsed);
  const Node* a = (*parsed)->first;
  CHECK(a->name == "a");
  CHECK(a->text == "x");
  CHECK_FALSE(a->listed);
  const Node* b = a->next;
  CHECK(b->text == "1.50");
  CHECK(b->form == Node::Form::number);
  CHECK(b->listed);
  CHECK(b->next->form == Node::Form::boolean);
  CHECK(b->next->text == "true");
  CHECK(b->next->next->form == Node::Form::none);
  const Node* c = b->next->next->next;
  CHECK(c->form == Node::Form::object);
  CHECK(c->value_of("d") == "e");
  CHECK(c->next == nullptr);
}

TEST_CASE("json: escapes and surrogate pairs are decoded") {
  Arena arena;
  auto parsed = fhir::json::parse(R"({"a":"\u00e9\ud83d\ude00\n\"\\\/"})", arena);
  REQUIRE(parsed);
  CHECK((*parsed)->value_of("a") == "é😀\n\"\\/");
}

TEST_CASE("json B20: bad UTF-8 and half surrogates") {
  for (const std::string bad : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xFF", "\x80"}) {
    CHECK(refused_for("{\"a\":\"" + bad + "\"}", "not valid UTF-8"));
  }
  CHECK(refusal(R"({"a":"\ud800"})") != "");
  CHECK(refusal(R"({"a":"\ud800\u0041"})") != "");
  CHECK(refused_for(R"({"a":"\udc00"})", "surrogate"));
  CHECK(refusal(R"({"\udc00":"a"})") != "");
}

TEST_CASE("json B21 B22: depth is capped before anything recurses") {
  CHECK(refusal(std::string(200'000, '[')) != "");
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "{\"a\":";
  CHECK(refused_for(deep, "deeper than 64"));
  std::string lists;
  for (int i = 0; i < 10'000; ++i) lists += "{\"a\":[";
  CHECK(refused_for(lists, "deeper than 64"));
  const auto nested = [](int levels) {
    std::string text;
    for (int i = 0; i < levels - 1; ++i) text += "{\"a\":";
    text += "{\"a\":1";
    return text + std::string(static_cast<std::size_t>(levels), '}');
  };
  CHECK(refusal(nested(64)) == "");
  CHECK(refused_for(nested(65), "deeper than 64"));
}

TEST_CASE("json B23: duplicate keys, at any level and in any number") {
  CHECK(refused_for(R"({"id":"1","id":"2"})", "line 1, column 12"));
  CHECK(refused_for(R"({"a":{"b":1,"c":2,"b":3}})", "\"b\" is given twice"));
  CHECK(refused_for("{\"a\":1,\"\\u0061\":2}", "\"a\" is given twice"));
  CHECK(refusal(R"({"a":{"b":1},"c":{"b":1}})") == "");
  std::string many = "{";
  for (int i = 0; i < 900; ++i) many += "\"key" + std::to_string(i) + "\":1,";
  CHECK(refusal(many + "\"last\":1}") == "");
  CHECK(refused_for(many + "\"key77\":1}", "\"key77\" is given twice"));
}

TEST_CASE("json B24: zero characters") {
  CHECK(refused_for(R"({"a":"x\u0000y"})", "U+0000"));
  CHECK(refused_for(R"({"\u0000":"y"})", "U+0000"));
  CHECK(refused_for(std::string_view("{\"a\":\"\0\"}", 9), "zero byte"));
  CHECK(refused_for(std::string_view("{\"a\":1}\0{}", 10), "zero byte"));
}

TEST_CASE("json B25: numbers are kept as written or refused") {
  CHECK(refused_for(R"({"a":1e999999})", "outside"));
  CHECK(refused_for(R"({"a":-1e-999999})", "outside"));
  CHECK(refused_for(R"({"a":)" + std::string(600, '9') + "}", ""));
  for (const std::string number :
       {"1.10", "-0.0", "1E+5", "123456789012345678901234567890", "0.00000000000000000001"}) {
    Arena arena;
    auto parsed = fhir::json::parse("{\"a\":" + number + "}", arena);
    REQUIRE(parsed);
    CHECK((*parsed)->value_of("a") == number);
  }
}

TEST_CASE("json B26: what is not JSON") {
  for (const char* bad : {"",
                          " ",
                          "null",
                          "1",
                          "\"a\"",
                          "[]",
                          "[{\"a\":1}]",
                          "{\"a\":NaN}",
                          "{\"a\":Infinity}",
                          "{\"a\":0x10}",
                          "{\"a\":01}",
                          "{\"a\":+1}",
                          "{\"a\":.5}",
                          "{\"a\":1.}",
                          "{\"a\":1,}",
                          "{\"a\":[1,]}",
                          "{\"a\":1} x",
                          "{\"a\":1}{\"b\":2}",
                          "{/*c*/\"a\":1}",
                          "{\"a\":1}//",
                          "{'a':1}",
                          "{a:1}",
                          "{\"a\":\"\n\"}",
                          "{\"a\":\"\\x\"}",
                          "{\"a\" 1}",
                          "{\"a\":1",
                          "\xEF\xBB\xBF{\"a\":1}",
                          "{\"a\":tru}",
                          "{\"a\":[1}"})
    CHECK_MESSAGE(refusal(bad) != "", bad);
}

TEST_CASE("json: null, empty objects, empty lists and lists of lists say nothing in FHIR") {
  CHECK(refused_for(R"({"a":null})", "null"));
  CHECK(refused_for(R"({"a":{}})", "empty"));
  CHECK(refused_for(R"({"a":[]})", "empty"));
  CHECK(refused_for(R"({})", "empty"));
  CHECK(refused_for(R"({"a":[[1]]})", "list inside a list"));
  CHECK(refused_for(R"({"":1})", "name is empty"));
}

TEST_CASE("json B29: size, values, members") {
  fhir::json::Limits limits;
  limits.bytes = 100;
  limits.nodes = 4;
  limits.array = 3;
  limits.members = 3;
  CHECK(kind_of(std::string(101, ' '), limits) == Kind::too_large);
  CHECK(kind_of(R"({"a":[1,2,3,4]})", limits) == Kind::too_large);
  CHECK(kind_of(R"({"a":1,"b":2,"c":3,"d":4})", limits) == Kind::too_large);
  CHECK(kind_of(R"({"a":[1,2,3],"b":[1,2,3]})", limits) == Kind::too_large);
  CHECK(refusal(R"({"a":[1,2,3],"b":1})", limits) == "");
  CHECK(refusal(R"({"aaaaaaaaaaaaaaaaaaaaaaaa":[1,2,3],"b":[1,2,3]})", limits) == "");  // two more for its 48 bytes
}

TEST_CASE("json: the place of a fault is named") {
  CHECK(
      refused_for("{\n  \"name\": [\n    {\"é\": 1, \"family\": }\n  ]\n}", "line 3, column 24, at $.name[0].family"));
  const auto place = [](std::string_view text) {
    Arena arena;
    const auto parsed = fhir::json::parse(text, arena);
    REQUIRE_FALSE(parsed);
    return parsed.outcome().issues.front().expression;
  };
  CHECK(place(R"({"resourceType":"Patient","name":[{},{"given":["x",]}]})") == "Patient.name[0]");
  CHECK(place(R"({"resourceType":"Patient","name":[{"given":["x","y" "z"]}]})") == "Patient.name[0].given[1]");
  CHECK(place(R"({"resourceType":"Patient","_birthDate":{"id":null}})") == "Patient.birthDate.id");
  CHECK(place(R"({"resourceType":"Patient","active":true,"active":true})") == "Patient.active");
  CHECK(place(R"({"resourceType":"Patient","a b":{"id":01}})") == "Patient");
  CHECK(place(R"({"resourceType":"Patient")") == "Patient");
  CHECK(place(R"({"name":[{"given":[01]}],"resourceType":"Patient"})").empty());
}

TEST_CASE("json: a bound resource is written as it came, without white space") {
  const std::string patient =
      R"({"resourceType":"Patient","id":"p1","active":true,"name":[{"family":"Müller \"x\"","given":["A","B"],)"
      R"("_given":[null,{"id":"g"}]}],"birthDate":"1970-01-01","_birthDate":{"extension":[{"url":"http://e.org/t",)"
      R"("valueDateTime":"1970-01-01T01:02:03Z"}]},"multipleBirthInteger":2})";
  CHECK(round_trip(patient) == patient);
  const std::string spaced = R"( { "active" : true, "resourceType":"Patient" } )";
  CHECK(round_trip(spaced) == R"({"resourceType":"Patient","active":true})");
}

TEST_CASE("json: lists of primitives with gaps on either side") {
  const std::string both =
      R"({"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,{"extension":[{"url":"http://e.org","valueCode":"x"}]}]}]})";
  CHECK(round_trip(both) == both);
  const std::string only =
      R"({"resourceType":"Patient","name":[{"_given":[{"extension":[{"url":"http://e.org","valueCode":"x"}]}]}]})";
  CHECK(round_trip(only) == only);
}

TEST_CASE("json: decimals to the digit, contained resources and bundles with their type") {
  const std::string observation =
      R"({"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p"}],"valueQuantity":{"value":1.50}})";
  CHECK(round_trip(observation) == observation);
  const std::string bundle =
      R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"p"}}]})";
  CHECK(round_trip(bundle) == bundle);
}

TEST_CASE("json: strings are escaped no more than needed") {
  std::string out;
  fhir::json::write_string("a\"\\/\b\f\n\r\t\x01é\x7F", out);
  CHECK(out == "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001é\x7F\"");
}

TEST_CASE("json: indent changes white space alone") {
  CHECK(fhir::json::indent(R"({"a":[1,{"b":"x,{\"y"}]})") ==
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x,{\\\"y\"\n    }\n  ]\n}");
}

TEST_CASE("json: the stored form leaves room for the version in meta") {
  const auto body = [](std::string_view text) {
    Arena arena;
    auto parsed = fhir::json::parse(text, arena);
    std::vector<fhir::Issue> issues;
    return fhir::json::body_of(*fhir::bind(*parsed, arena, issues), "x");
  };
  const auto bare = body(R"({"active":true,"id":"other","resourceType":"Patient"})");
  CHECK(bare.bytes == R"({"resourceType":"Patient","id":"x","meta":{},"active":true})");
  CHECK(bare.bytes.substr(0, bare.meta_at).ends_with("\"meta\":{"));
  const auto full = body(
      R"({"resourceType":"Patient","active":true,"meta":{"versionId":"7","lastUpdated":"2020-01-01T00:00:00Z","tag":[{"code":"t"}]}})");
  CHECK(full.bytes == R"({"resourceType":"Patient","id":"x","meta":{"tag":[{"code":"t"}]},"active":true})");
  CHECK(full.bytes.substr(full.meta_at, 5) == "\"tag\"");
}
