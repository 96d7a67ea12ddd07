// The write path: what is stored, what is refused, which ids are given.
#include <doctest/doctest.h>

#include <set>

#include "fhir/bundle.h"
#include "src/rest/incoming.h"
#include "src/rest/references.h"

using namespace alzette;

namespace {

fhir::Result<fhir::Write> write_of(std::string_view text, std::string_view id = "p1") {
  auto incoming = rest::receive(text);
  if (!incoming) return incoming.outcome();
  return rest::prepare(*incoming->resource, id, fhir::Method::create, "http://h/fhir");
}

std::string rewritten(std::string_view text, std::string_view full_url, const rest::NewNames& names) {
  auto incoming = rest::receive(text);
  REQUIRE(incoming);
  const rest::ResolveCriteria none = [](std::string_view) -> fhir::Result<std::string_view> {
    return std::string_view("Practitioner/found");
  };
  REQUIRE(rest::rewrite_references(*incoming->resource, full_url, names, none, *incoming->arena));
  const auto write = rest::prepare(*incoming->resource, "x", fhir::Method::create, "http://h/fhir");
  REQUIRE(write);
  return write->body.bytes;
}

}  // namespace

TEST_CASE("the stored form: type, id and meta in front, the server's own parts of meta replaced") {
  const auto write =
      write_of(R"({"active":true,"meta":{"versionId":"9","lastUpdated":"2020-01-01T00:00:00Z","source":"http://s"},)"
               R"("id":"other","resourceType":"Patient"})");
  REQUIRE(write);
  CHECK(write->body.bytes == R"({"resourceType":"Patient","id":"p1","meta":{"source":"http://s"},"active":true})");
  CHECK(write->body.bytes.substr(0, write->body.meta_at).ends_with("\"meta\":{"));
  CHECK(write->patient == "p1");
  const auto bare = write_of(R"({"resourceType":"Patient","active":true})");
  REQUIRE(bare);
  CHECK(bare->body.bytes == R"({"resourceType":"Patient","id":"p1","meta":{},"active":true})");
}

TEST_CASE("B25: decimals are stored as they were written") {
  const auto write = write_of(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)"
                              R"("valueQuantity":{"value":1.10},"subject":{"reference":"Patient/9"}})");
  REQUIRE(write);
  CHECK(write->body.bytes.find("\"value\":1.10}") != std::string::npos);
  CHECK(write->patient == "9");
}

TEST_CASE("B27: what is no resource is refused with 400") {
  for (const auto* text : {R"({"active":true})", R"({"resourceType":"Nonsense"})", R"({"resourceType":["Patient"]})",
                           R"({"resourceType":"Resource"})", "[]", "", "null", "{"}) {
    CAPTURE(text);
    const auto refused = rest::receive(text);
    REQUIRE_FALSE(refused);
    CHECK(refused.outcome().kind == fhir::Kind::malformed);
    CHECK(refused.outcome().refuses());
  }
}

TEST_CASE("B34: a day that does not exist is refused with 400, a missing element with 422") {
  const auto day = write_of(R"({"resourceType":"Patient","birthDate":"2024-02-30"})");
  REQUIRE_FALSE(day);
  CHECK(day.outcome().kind == fhir::Kind::malformed);
  CHECK(day.outcome().issues.front().expression == "Patient.birthDate");
  const auto missing = write_of(R"({"resourceType":"Observation","code":{"text":"x"}})");
  REQUIRE_FALSE(missing);
  CHECK(missing.outcome().kind == fhir::Kind::unprocessable);
}

TEST_CASE("ids are unique, valid and in the order of time") {
  rest::Ids ids(42);
  std::set<std::string> seen;
  std::string last;
  for (int i = 0; i < 5000; ++i) {
    const auto id = ids.next(1769846700000 + i / 100);
    CHECK(rest::is_id(id));
    CHECK(seen.insert(id).second);
    CHECK(last < id);
    last = id;
  }
  CHECK(rest::Ids(1).next(5) != rest::Ids(2).next(5));
}

TEST_CASE("references between entries become the new names wherever the type is an address") {
  const rest::NewNames names{{"urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f10", "Patient/n1"},
                             {"http://other/fhir/Patient/7", "Patient/n7"}};
  const auto text =
      rewritten(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)"
                R"("text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">)"
                R"(<a href=\"urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f10\">p</a></div>"},)"
                R"("extension":[{"url":"http://e","valueUri":"urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f10"}],)"
                R"("identifier":[{"value":"urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f10"}],)"
                R"("subject":{"reference":"urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f10"},)"
                R"("focus":[{"reference":"Patient/7"},{"reference":"#c"},{"reference":"Patient/8"}],)"
                R"("contained":[{"resourceType":"Patient","id":"c"}],)"
                R"("performer":[{"reference":"Practitioner?identifier=a|b"}]})",
                "http://other/fhir/Observation/1", names);
  CHECK(text.find(R"("subject":{"reference":"Patient/n1"})") != std::string::npos);
  CHECK(text.find(R"("valueUri":"Patient/n1")") != std::string::npos);
  CHECK(text.find(R"(href=\"Patient/n1\")") != std::string::npos);
  CHECK(text.find(R"("value":"urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f10")") != std::string::npos);
  CHECK(text.find(R"("focus":[{"reference":"Patient/n7"},{"reference":"#c"},{"reference":"Patient/8"}])") !=
        std::string::npos);
  CHECK(text.find(R"("performer":[{"reference":"Practitioner/found"}])") != std::string::npos);
}

TEST_CASE("a reference means an entry's fullUrl however its letters are written, and whichever version it names") {
  const rest::NewNames names{{"urn:uuid:6D4C1D4E-0B52-4A6A-9A51-1D9B3C6A7F10", "Patient/n1"},
                             {"http://other/fhir/Patient/7", "Patient/n7"},
                             {"http://here/fhir/Patient/8", "Patient/8"}};
  const auto text = rewritten(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)"
                              R"("text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>)"
                              R"(<a href='urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f10'>p</a></div>"},)"
                              R"("subject":{"reference":"urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f10"},)"
                              R"("focus":[{"reference":"http://other/fhir/Patient/7/_history/3"},)"
                              R"({"reference":"Patient/7/_history/4"},{"reference":"Patient/9/_history/1"},)"
                              R"({"reference":"http://here/fhir/Patient/8/_history/2"}]})",
                              "http://other/fhir/Observation/1", names);
  CHECK(text.find(R"("subject":{"reference":"Patient/n1"})") != std::string::npos);
  CHECK(text.find(R"(href='Patient/n1')") != std::string::npos);
  CHECK(text.find(R"("focus":[{"reference":"Patient/n7"},{"reference":"Patient/n7"},)"
                  R"({"reference":"Patient/9/_history/1"},{"reference":"http://here/fhir/Patient/8/_history/2"}])") !=
        std::string::npos);
}
