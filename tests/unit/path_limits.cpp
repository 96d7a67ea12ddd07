// Hostile expressions: each ends with an outcome, soon, on a small stack.
#include <doctest/doctest.h>

#include <string>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/path/path.h"
#include "tests/unit/cost.h"

namespace {

using namespace fhir;

std::string repeated(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

Kind refusal(const std::string& expression, std::uint64_t steps = 1'000'000) {
  Node focus;
  focus.name = "Patient";
  auto program = path::compile(expression);
  if (!program) return program.outcome().kind;
  path::Context context;
  context.steps = steps;
  auto result = path::evaluate(**program, focus, context);
  REQUIRE_FALSE(result);
  return result.outcome().kind;
}

}  // namespace

TEST_CASE("path: nesting has a limit, in whatever form it comes") {
  CHECK(refusal(repeated("(", 1000) + "1" + repeated(")", 1000)) == Kind::malformed);
  CHECK(refusal(repeated("-", 100'000) + "1") == Kind::malformed);
  CHECK(refusal(repeated("a.where(", 1000) + "1" + repeated(")", 1000)) == Kind::malformed);
  CHECK(refusal(repeated("a[", 100'000)) == Kind::malformed);
  CHECK(refusal(repeated("1+", 100'000) + "1") == Kind::malformed);
  CHECK(refusal(repeated("a implies ", 100'000) + "a") == Kind::malformed);
}

TEST_CASE("path: nesting within the limit works") {
  CHECK(path::compile(repeated("(", 100) + "1" + repeated(")", 100)));
  CHECK(path::compile(repeated("1+", 300) + "1"));
  CHECK(path::compile("a" + repeated(".a", 50'000)));
}

TEST_CASE("path: what is nested as deeply as allowed runs") {
  const auto program = path::compile(repeated("1.select(", 120) + "$this" + repeated(")", 120));
  REQUIRE(program);
  const auto result = path::evaluate(**program, Node{}, {});
  REQUIRE(result);
  REQUIRE(result->size() == 1);
  CHECK((*result)[0].integer == 1);
}

TEST_CASE("path: the source has a limit") {
  CHECK(refusal(std::string((1u << 20) + 1, ' ')) == Kind::too_large);
  CHECK(refusal(std::string(1u << 20, '(')) == Kind::malformed);
  CHECK(refusal("'" + std::string(1u << 19, 'x')) == Kind::malformed);
}

TEST_CASE("path: endless and exploding evaluations end with too_costly") {
  const std::string ten = "(1|2|3|4|5|6|7|8|9|10)";
  CHECK(refusal("1.repeatAll($this)") == Kind::too_costly);
  CHECK(refusal("1.repeat($this + 1)") == Kind::too_costly);
  CHECK(refusal(ten + repeated(".select(" + ten + ")", 8) + ".count()") == Kind::too_costly);
  CHECK(refusal("'x'" + repeated(".replace('x', 'xxxxxxxxxxxxxxxx')", 10)) == Kind::too_costly);
  CHECK(refusal("1 + 1", 2) == Kind::too_costly);
  const std::string text = "'" + std::string(10'000, 'x') + "'";
  CHECK(refusal(ten + ".select(" + ten + ")" + ".select(" + ten + ")" + ".select(" + ten + ")" + ".aggregate(" + text +
                " + $this.toString())") == Kind::too_costly);
}

TEST_CASE("path: the first of many elements costs no more than the first of few") {
  std::string json = R"({"resourceType":"Patient","name":[{"family":"f"})";
  for (int i = 0; i < 3'000; ++i) json += R"(,{"family":"f"})";
  Arena arena;
  const auto raw = json::parse(json + "]}", arena);
  REQUIRE(raw);
  std::vector<Issue> issues;
  const auto* patient = bind(*raw, arena, issues);
  const auto program = path::compile("name.all(family = %resource.name.first().family)");
  REQUIRE(program);
  path::Context context;
  context.resource = patient;
  const auto result = path::evaluate(**program, *patient, context);
  REQUIRE(result);
  CHECK((*result)[0].boolean);
  const auto some = path::compile("(name.first() | name.family.first() | name.given.first()).count()");
  CHECK((*path::evaluate(**some, *patient, context))[0].integer == 2);
}

TEST_CASE("path: regular expressions are bounded in size, and none backtracks for ever") {
  CHECK(refusal("'a'.matches('" + std::string(1025, 'a') + "')") == Kind::malformed);
  CHECK(refusal("'a'.matches('" + std::string(600, 'a') + "' + '" + std::string(600, 'a') + "')") ==
        Kind::unprocessable);
  const auto match = [](std::size_t letters) {
    const auto program = path::compile("'" + std::string(letters, 'a') + "b'.matches('^(a+)+$')");
    REQUIRE(program);
    const auto result = path::evaluate(**program, Node{}, {});
    REQUIRE(result);
    CHECK_FALSE((*result)[0].boolean);
  };
  CHECK(cost::in_proportion(match, 50'000));
}

TEST_CASE("path: a fault names its column") {
  const auto program = path::compile("name.where(use = ");
  REQUIRE_FALSE(program);
  CHECK(program.outcome().issues[0].diagnostics.find("column 18") != std::string::npos);
}
