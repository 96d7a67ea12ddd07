#include "src/net/uri.h"

#include <doctest/doctest.h>

using alzette::net::path_segments;
using alzette::net::percent_decode;
using alzette::net::percent_encode;
using alzette::net::query_parameters;
using alzette::net::target_fault;

TEST_CASE("uri: percent-decoding") {
  CHECK(percent_decode("a%20b+c") == "a b+c");
  CHECK(percent_decode("a%20b+c", true) == "a b c");
  CHECK(percent_decode("M%C3%BCller") == "Müller");
  CHECK(percent_decode("%e2%82%ac") == "€");
  for (const char* bad : {"%", "%4", "%4g", "a%", "%00", "%ff", "%c0%80", "%ed%a0%80"})
    CHECK_FALSE(percent_decode(bad));
  CHECK(percent_encode("a b|ü/~") == "a%20b%7C%C3%BC%2F~");
  CHECK(percent_decode(percent_encode("a b|ü/%~+&=")) == "a b|ü/%~+&=");
}

TEST_CASE("uri: segments and parameters") {
  using List = std::vector<std::string>;
  CHECK(path_segments("/fhir/Patient/a%2Db") == List{"fhir", "Patient", "a-b"});
  CHECK(path_segments("/fhir/") == List{"fhir"});
  CHECK(path_segments("/") == List{});
  CHECK(path_segments("/a//b") == List{"a", "", "b"});
  CHECK_FALSE(path_segments("/%ff"));
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(query_parameters("name=Jos%C3%A9+M&_id=&flag&&x=a=b") ==
        Pairs{{"name", "José M"}, {"_id", ""}, {"flag", ""}, {"x", "a=b"}});
  CHECK(query_parameters("") == Pairs{});
  CHECK_FALSE(query_parameters("a=%zz"));
}

TEST_CASE("B19 uri: targets that try to leave their path") {
  for (const char* good : {"/", "/fhir/Patient/1", "/fhir/Patient?name=a/../b", "/a/b...c", "/a%20b", "/100%25",
                           "/fhir/Patient?a=%252e", "/.well-known/smart-configuration", "/ü"})
    CHECK(target_fault(good).empty());
  for (const char* bad : {"/..", "/a/../b", "/./a", "/%2e%2e/a", "/a/%2E.", "//evil", "/a%2fb", "/a%5cb", "/%252e%252e",
                          "/%00", "/%c0%ae", "/a?b=%ff", "/a?b=\xff", "/%0d%0a", "/a?%"})
    CHECK_FALSE(target_fault(bad).empty());
}
