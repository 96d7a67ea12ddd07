#include "src/net/egress.h"

#include <doctest/doctest.h>

using alzette::net::Egress;

TEST_CASE("egress: URLs are taken apart strictly") {
  const Egress egress;
  const auto plain = egress.judge("http://example.org/a?b=c");
  REQUIRE(plain);
  CHECK(plain->host == "example.org");
  CHECK(plain->port == "80");
  CHECK(plain->target == "/a?b=c");
  for (const auto* url : {"", "example.org", "ftp://x/", "http://", "http:///x", "http://u@x/", "http://u:p@x/"}) {
    CAPTURE(url);
    CHECK_FALSE(egress.judge(url));
  }
}

TEST_CASE("egress: B102 nothing inside a private network but what is allowed by name") {
  const Egress closed;
  for (const auto* url :
       {"http://127.0.0.1/", "http://localhost/", "https://localhost/", "https://127.0.0.1/", "https://10.1.2.3/",
        "https://172.16.0.1/", "https://192.168.1.1/", "https://169.254.169.254/", "https://100.64.0.1/",
        "https://0x7f.1/", "https://2130706433/", "https://[::1]/", "https://[fc00::1]/", "https://[fe80::1]/",
        "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/", "https://224.0.0.1/"}) {
    CAPTURE(url);
    const auto found = closed.resolve(url);
    REQUIRE_FALSE(found);
    CHECK(found.outcome().kind == fhir::Kind::unprocessable);
  }
  CHECK(closed.resolve("https://93.184.216.34/"));
  const Egress open({"http://127.0.0.1:9000/in/"});
  CHECK(open.resolve("http://127.0.0.1:9000/in/box"));
  CHECK_FALSE(open.resolve("http://127.0.0.1:9001/in/box"));
  CHECK_FALSE(open.resolve("http://127.0.0.1:9000/out"));
  CHECK_FALSE(open.resolve("https://127.0.0.1:9000/in/box"));
  for (const auto* path : {"../out", "%2e%2e/out", ".%2E/out", "%"}) {
    CAPTURE(path);
    CHECK_FALSE(open.resolve(std::string("http://127.0.0.1:9000/in/") + path));
  }
  CHECK_FALSE(open.resolve("http://127.0.0.1:9000@10.0.0.1/in/"));
  for (const char* prefix : {"http://127.0.0.1", "http://127.0.0.1:"}) {
    CAPTURE(prefix);
    const Egress host({prefix});
    CHECK(host.resolve("http://127.0.0.1:9000/in/box"));
    CHECK(host.resolve("http://127.0.0.1/"));
    CHECK_FALSE(host.resolve("http://127.0.0.10:9000/"));
    CHECK_FALSE(host.resolve("https://127.0.0.1:9000/"));
    CHECK_FALSE(host.resolve("http://127.0.0.1:9000@10.0.0.1/"));
  }
  CHECK(Egress({"http://[::1]"}).judge("http://[::1]:9000/"));
  for (const char* prefix : {"http://127.0.0.1/", "http://127.0.0.1:80", "http://127.0.0.1/127.0.0.1"})
    CHECK_FALSE(Egress({prefix}).judge("http://127.0.0.1:9000/127.0.0.1"));
}

TEST_CASE("egress: B102 what carries patient data goes by https, or where it is allowed by name") {
  const Egress egress({"http://127.0.0.1:9000/hooks"});
  CHECK(egress.judge_secure("https://example.org/hook"));
  CHECK_FALSE(egress.judge_secure("http://example.org/hook"));
  CHECK(egress.judge_secure("http://127.0.0.1:9000/hooks/1"));
  CHECK_FALSE(egress.judge_secure("http://127.0.0.1:9000/other"));
  CHECK_FALSE(egress.judge_secure("https://10.0.0.1/"));
}
