// Framing that two parsers could read differently, sent raw: alone, and as the second of a pipelined pair, where the
// first request must succeed. Numbers B01–B20 are those of the list of bad inputs.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <zlib.h>

#include <atomic>
#include <string>
#include <vector>

#include "src/net/gzip.h"
#include "src/net/http.h"
#include "tests/wire/raw.h"

using alzette::Request;
using alzette::Respond;
using alzette::net::Limits;
using alzette::net::Listen;
using alzette::net::Server;
using wire::Raw;
using wire::status_of;

namespace {

std::atomic<int> handled{0};

// Echoes the body; names the target.
void echo(const Request& request, const Respond& respond) {
  ++handled;
  respond({200, {{"Content-Type", "text/plain"}, {"X-Target", request.target}}, request.body, {}, "echo"});
}

std::unique_ptr<Server> start(const Limits& limits = {}) {
  Listen listen;
  listen.http = "127.0.0.1:0";
  auto server = Server::start(listen, limits, echo);
  REQUIRE(server);
  return std::move(*server);
}

struct Bad {
  const char* name;
  std::string bytes;
  int status;
};

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"; }
std::string head(const std::string& fields) { return "POST /fhir/Patient HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"; }
std::string chunked(const std::string& body) { return head("Transfer-Encoding: chunked\r\n") + body; }

const std::vector<Bad>& list() {
  using namespace std::string_literals;
  static const std::string many = [] {
    std::string fields;
    for (int i = 0; i < 1000; ++i) fields += "X-" + std::to_string(i) + ": v\r\n";
    return fields;
  }();
  static const std::vector<Bad> all{
      {"B01 gzip transfer coding with a length", head("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n") + "hello",
       400},
      {"B02 unknown transfer coding", head("Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n", 501},
      {"B03 chunked, identity", head("Transfer-Encoding: chunked, identity\r\n") + "0\r\n\r\n", 400},
      {"B04 chunked on HTTP/1.0",
       "POST /fhir/Patient HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"B05 two equal lengths", head("Content-Length: 5\r\nContent-Length: 5\r\n") + "hello", 400},
      {"B06 a list of lengths", head("Content-Length: 5, 5\r\n") + "hello", 400},
      {"B07 folded line", head("X-A: one\r\n two\r\n"), 400},
      {"B08 no host", "GET /fhir/metadata HTTP/1.1\r\n\r\n", 400},
      {"B08 two hosts", "GET /fhir/metadata HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"B09 length then coding", head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400},
      {"B09 coding then length", head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "0\r\n\r\n", 400},
      {"B09 two lengths", head("Content-Length: 5\r\nContent-Length: 6\r\n") + "hello", 400},
      {"B09 signed length", head("Content-Length: +5\r\n") + "hello", 400},
      {"B09 length of 2^64+5", head("Content-Length: 18446744073709551621\r\n") + "hello", 400},
      {"B09 bare LF", "GET /fhir/metadata HTTP/1.1\nHost: h\n\n", 400},
      {"B09 bare LF in a field", head("X-A: b\nX-C: d\r\n"), 400},
      {"B09 space before the colon", head("X-A : b\r\n"), 400},
      {"B09 NUL in a value", head("X-A: b\0c\r\n"s), 400},
      {"B09 CR in the target", "GET /fhir/a\rb HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"B10 signed chunk size", chunked("+5\r\nhello\r\n0\r\n\r\n"), 400},
      {"B10 0x chunk size", chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400},
      {"B10 17 digits", chunked("00000000000000005\r\nhello\r\n0\r\n\r\n"), 400},
      {"B10 chunk longer than its size", chunked("4\r\nhello\r\n0\r\n\r\n"), 400},
      {"B10 final CRLF missing", chunked("5\r\nhello\r\n0\r\n") + get("/"), 400},
      {"B10 extension of 1 MiB", chunked("5;" + std::string(1 << 20, 'x') + "\r\nhello\r\n0\r\n\r\n"), 400},
      {"B11 request line of 100 KiB", get("/fhir/Patient?name=" + std::string(100 << 10, 'x')), 414},
      {"B11 header of 64 KiB", head("X-A: " + std::string(64 << 10, 'x') + "\r\n"), 431},
      {"B11 1,000 headers", head(many), 431},
      {"B12 huge length, no body", head("Content-Length: 4294967295\r\n"), 413},
      {"B15 continue with an oversized length", head("Expect: 100-continue\r\nContent-Length: 4294967295\r\n"), 413},
      {"B15 unknown expectation", head("Expect: a-miracle\r\nContent-Length: 5\r\n") + "hello", 417},
      {"B16 gzip, gzip", head("Content-Encoding: gzip, gzip\r\nContent-Length: 5\r\n") + "hello", 415},
      {"B18 method override", head("X-HTTP-Method-Override: DELETE\r\n"), 400},
      {"B18 TRACE", "TRACE /fhir/Patient HTTP/1.1\r\nHost: h\r\n\r\n", 405},
      {"B18 CONNECT", "CONNECT evil:443 HTTP/1.1\r\nHost: h\r\n\r\n", 405},
      {"B18 HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"B18 garbage", "\x01\x02\x03garbage\r\n\r\n", 400},
      {"B18 garbage of words", "what is this\r\n\r\n", 400},
      {"B19 ..", get("/fhir/../etc/passwd"), 400},
      {"B19 encoded ..", get("/fhir/%2e%2e/etc/passwd"), 400},
      {"B19 half encoded ..", get("/fhir/.%2E/etc/passwd"), 400},
      {"B19 NUL", get("/fhir/Patient/%00"), 400},
      {"B19 overlong dot", get("/fhir/%c0%ae%c0%ae/x"), 400},
      {"B19 encoded twice", get("/fhir/%252e%252e/x"), 400},
      {"B19 encoded slash", get("/fhir/..%2fx"), 400},
      {"B19 //evil", get("//evil/fhir/Patient"), 400},
      {"B19 absolute form of another host", "GET http://evil/fhir/Patient HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"B20 bad UTF-8 in the path", get("/fhir/Patient/%ff"), 400},
      {"B20 raw bad UTF-8 in the path", get("/fhir/Patient/\xff"), 400},
      {"B20 overlong in the query", get("/fhir/Patient?name=%c0%80"), 400},
      {"B20 surrogate in the query", get("/fhir/Patient?name=%ed%a0%80"), 400},
      {"B20 NUL in the query", get("/fhir/Patient?name=%00"), 400},
      {"B20 damaged escape in the query", get("/fhir/Patient?name=%4"), 400},
  };
  return all;
}

}  // namespace

TEST_CASE("B01-B20 alone: the status of the list, then the connection closes") {
  Limits limits;  // none of which is what ends a connection here
  limits.head_time = limits.patience = limits.idle = std::chrono::hours(1);
  const auto server = start(limits);
  for (const auto& bad : list()) {
    CAPTURE(bad.name);
    handled = 0;
    Raw client(server->http());
    client.send(bad.bytes);
    const auto answer = client.all();
    CHECK(status_of(answer) == bad.status);
    CHECK(wire::count_of(answer, "HTTP/1.1 ") == 1);
    CHECK(answer.find("Connection: close") != std::string::npos);
    CHECK(client.closed);
    CHECK(handled == 0);
  }
}

TEST_CASE("B01-B20 pipelined: the first request succeeds, the second is refused") {
  const auto server = start();
  for (const auto& bad : list()) {
    CAPTURE(bad.name);
    handled = 0;
    Raw client(server->http());
    client.send(get("/fhir/first") + bad.bytes);
    const auto answer = client.all();
    CHECK(status_of(answer) == 200);
    const auto second = answer.find("HTTP/1.1 ", 9);
    REQUIRE(second != std::string::npos);
    CHECK(status_of(answer.substr(second)) == bad.status);
    CHECK(wire::count_of(answer, "HTTP/1.1 ") == 2);
    CHECK(client.closed);
    CHECK(handled == 1);
  }
}

TEST_CASE("B01-B20 byte by byte: the same answers") {
  const auto server = start();
  for (const auto& bad : list()) {
    if (bad.bytes.size() > 300) continue;
    CAPTURE(bad.name);
    Raw client(server->http());
    for (const char c : bad.bytes)
      if (!client.send({&c, 1})) break;
    CHECK(status_of(client.all()) == bad.status);
  }
}

TEST_CASE("refusals below /fhir are an OperationOutcome, elsewhere text") {
  const auto server = start();
  Raw fhir(server->http());
  fhir.send("GET /fhir/Patient HTTP/1.1\r\n\r\n");
  const auto outcome = fhir.all();
  CHECK(outcome.find("application/fhir+json") != std::string::npos);
  CHECK(outcome.find(R"("resourceType":"OperationOutcome")") != std::string::npos);
  Raw other(server->http());
  other.send("GET /fhirx/Patient HTTP/1.1\r\n\r\n");
  CHECK(other.all().find("text/plain") != std::string::npos);
  Raw late(server->http());  // refused in its body
  late.send(chunked("x"));
  CHECK(late.all().find("OperationOutcome") != std::string::npos);
}

TEST_CASE("B10 the final CRLF never comes") {
  const auto server = start();
  Raw client(server->http());
  client.send(chunked("5\r\nhello\r\n0\r\n"));
  client.end();
  CHECK(status_of(client.all()) == 400);
}

TEST_CASE("good chunked bodies, with extensions and trailers, in pieces") {
  const auto server = start();
  const auto message = chunked("5;a=b;c=\"d\"\r\nhello\r\n6 \r\n world\r\n0\r\nX-Sum: 1\r\n\r\n");
  Raw client(server->http());
  client.send(message + message);
  client.send(get("/end"));
  const auto answer = client.until("X-Target: /end");
  CHECK(wire::count_of(answer, "HTTP/1.1 200 OK") == 3);
  CHECK(wire::count_of(answer, "hello world") == 2);
  Raw slow(server->http());
  for (const char c : message) slow.send({&c, 1});
  CHECK(slow.until("hello world").find("hello world") != std::string::npos);
}

TEST_CASE("B15 Expect: 100-continue: continue first, then the answer") {
  const auto server = start();
  Raw client(server->http());
  client.send(head("Expect: 100-continue\r\nContent-Length: 5\r\n"));
  CHECK(client.until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  CHECK(client.until("hello").find("HTTP/1.1 200 OK") == 0);
}

TEST_CASE("B16 gzip bodies: decoded, bombs refused, damaged and cut short refused") {
  Limits limits;
  limits.body.bytes = 8u << 20;
  const auto server = start(limits);
  const auto post = [&](const std::string& body) {
    Raw client(server->http());
    client.send(
        head("Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"));
    client.send(body);
    client.end();
    return client.all();
  };
  const auto good = post(alzette::net::gzip("hello, gzip"));
  CHECK(status_of(good) == 200);
  CHECK(good.find("hello, gzip") != std::string::npos);
  CHECK(status_of(post(alzette::net::gzip(std::string(64u << 20, '\0')))) == 413);  // grows 1,000 times
  std::string noise(16u << 20, '\0');
  std::uint32_t seed = 1;
  for (auto& c : noise) c = static_cast<char>("0123456789abcdef"[(seed = seed * 1664525 + 1013904223) >> 28]);
  const auto packed = alzette::net::gzip(noise);
  REQUIRE(packed.size() > (8u << 20) / 2);
  CHECK(status_of(post(packed)) == 413);  // over the limit once decoded
  const auto text = alzette::net::gzip("a body that is cut");
  CHECK(status_of(post(text.substr(0, text.size() - 6))) == 400);
  CHECK(status_of(post("not gzip at all")) == 400);
}

TEST_CASE("large bodies go through the spool unharmed, by length and in chunks") {
  const auto server = start();
  std::string body(3u << 20, ' ');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i * 7 % 26);
  Raw client(server->http());
  client.send(head("Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n"));
  client.send(body);
  const auto answer = client.all();
  CHECK(status_of(answer) == 200);
  CHECK(answer.substr(answer.find("\r\n\r\n") + 4) == body);
}

TEST_CASE("HEAD has the length of GET and no body; keep-alive goes on") {
  const auto server = start();
  Raw client(server->http());
  client.send("HEAD /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody" + get("/next"));
  const auto answer = client.until("/next");
  CHECK(wire::count_of(answer, "HTTP/1.1 200 OK") == 2);
  CHECK(answer.find("Content-Length: 4\r\n") != std::string::npos);
  CHECK(answer.find("body") == std::string::npos);
}

TEST_CASE("HTTP/1.0 closes unless asked to keep alive; Connection: close closes") {
  const auto server = start();
  Raw old(server->http());
  old.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(status_of(old.all()) == 200);
  CHECK(old.closed);
  Raw kept(server->http());
  kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(kept.until("\r\n\r\n").find("Connection: keep-alive") != std::string::npos);
  kept.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(status_of(kept.all()) == 200);
  Raw closing(server->http());
  closing.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(closing.all().find("Connection: close") != std::string::npos);
  CHECK(closing.closed);
}

TEST_CASE("absolute form of our own host is served in origin form") {
  const auto server = start();
  Raw client(server->http());
  client.send("GET http://h:1/fhir/x?y=z HTTP/1.1\r\nHost: h:1\r\n\r\n");
  CHECK(client.until("\r\n\r\n").find("X-Target: /fhir/x?y=z\r\n") != std::string::npos);
}

TEST_CASE("the client's request id comes back when it is plain") {
  const auto server = start();
  Raw client(server->http());
  client.send("GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: abc-1\r\n\r\n");
  CHECK(client.until("\r\n\r\n").find("X-Request-Id: abc-1\r\n") != std::string::npos);
  client.send("GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: a b\"c\r\n\r\n");
  CHECK(client.until("\r\n\r\n").find("a b\"c") == std::string::npos);
}
