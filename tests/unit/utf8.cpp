#include "fhir/utf8.h"

#include <doctest/doctest.h>

#include "fhir/incoming.h"
#include "fhir/value.h"

TEST_CASE("utf8: characters are written and counted") {
  std::string out;
  for (const std::uint32_t character : {0x41u, 0xE9u, 0x20ACu, 0x1F600u}) fhir::append_utf8(character, out);
  CHECK(out == "Aé€😀");
  CHECK(fhir::characters(out) == 4);
}

TEST_CASE("utf8: messages cut no character in two and repeat no damage") {
  CHECK(fhir::shortened("xéé", 3) == "xé");
  CHECK(fhir::shortened("xéé", 2) == "x");
  CHECK(fhir::quoted("a\xff"
                     "b") == "'a'");
  std::string odd = "x";
  for (int i = 0; i < 300; ++i) odd += "é";
  for (const auto& text : {R"({"resourceType":"Patient","gender":")" + odd + "\"}",
                           R"({"resourceType":"Patient","birthDate":")" + odd + "\"}",
                           R"({"resourceType":"Patient",")" + odd + "\":1}", R"({"resourceType":")" + odd + "\"}",
                           "<Patient xmlns=\"http://hl7.org/fhir\"><" + odd + " value=\"1\"/></Patient>"}) {
    const auto format = text.front() == '<' ? fhir::Format::xml : fhir::Format::json;
    const auto incoming = fhir::receive(text, format);
    const auto faults = incoming ? fhir::faults_of(*incoming->resource) : std::optional(incoming.outcome());
    REQUIRE(faults);
    CHECK_FALSE(faults->issues.empty());
    for (const auto& issue : faults->issues) {
      CHECK(fhir::bad_utf8(issue.diagnostics) == std::string::npos);
      CHECK(fhir::bad_utf8(issue.expression) == std::string::npos);
    }
  }
}
