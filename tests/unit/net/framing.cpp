#include "src/net/framing.h"

#include <doctest/doctest.h>

#include <string>

using alzette::net::Chunks;
using alzette::net::HeadCheck;
using alzette::net::HeadLimits;

namespace {

HeadCheck checked(const std::string& bytes, const HeadLimits& limits = {}) {
  HeadCheck check;
  check.check(bytes, limits);
  return check;
}

// The body of a chunked message given in pieces of `step` bytes; "refused" or "more" when it is not complete.
std::string dechunk(std::string_view message, std::size_t step, std::string* rest = nullptr) {
  Chunks chunks;
  std::string body;
  while (!message.empty()) {
    auto piece = message.substr(0, step);
    message.remove_prefix(piece.size());
    for (auto state = Chunks::State::data; state == Chunks::State::data;) {
      std::string_view data;
      state = chunks.next(piece, data);
      if (state == Chunks::State::data) body += data;
      if (state == Chunks::State::refused) return "refused";
      if (state == Chunks::State::complete) {
        if (rest != nullptr) *rest = std::string(piece) + std::string(message);
        return body;
      }
    }
  }
  return "more";
}

}  // namespace

TEST_CASE("framing: a head that arrives in pieces, in a buffer that moves") {
  const std::string whole =
      "POST /fhir/Patient?x=y HTTP/1.1\r\nHost: example.lu:8080\r\nContent-Length: 12\r\nExpect: 100-Continue\r\n"
      "content-encoding: GZIP\r\nConnection: foo, Close\r\n\r\nbody";
  for (std::size_t step = 1; step < whole.size(); ++step) {
    HeadCheck check;
    std::string moved;
    auto state = HeadCheck::State::more;
    for (std::size_t n = step; state == HeadCheck::State::more; n += step) {
      moved = whole.substr(0, n);
      state = check.check(moved, {});
    }
    REQUIRE(state == HeadCheck::State::complete);
    CHECK(check.head().size == whole.size() - 4);
    CHECK(check.head().method == "POST");
    CHECK(check.head().target == "/fhir/Patient?x=y");
    CHECK(check.head().length == 12);
    CHECK(check.head().expects_continue);
    CHECK(check.head().gzip);
    CHECK_FALSE(check.head().keep_alive);
    CHECK(check.head().fields == 5);
  }
}

TEST_CASE("framing: OPTIONS * and absolute form") {
  CHECK(checked("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").head().target == "*");
  CHECK(checked("GET HTTP://A:1/b?c HTTP/1.1\r\nHost: a:1\r\n\r\n").head().target == "/b?c");
  CHECK(checked("GET * HTTP/1.1\r\nHost: a\r\n\r\n").refusal().status == 400);
}

TEST_CASE("B11 framing: limits hold before the line is complete") {
  HeadLimits limits;
  limits.request_line = 100;
  limits.fields = 200;
  limits.count = 3;
  CHECK(checked("GET /" + std::string(200, 'x'), limits).refusal().status == 414);
  const std::string start = "GET / HTTP/1.1\r\n";
  CHECK(checked(start + "A: " + std::string(250, 'x'), limits).refusal().status == 431);
  CHECK(checked(start + "A: b\r\nB: c\r\nC: d\r\nD: e\r\n", limits).refusal().status == 431);
}

TEST_CASE("B09 framing: lengths") {
  const auto length = [](const std::string& value) {
    return checked("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + value + "\r\n\r\n");
  };
  CHECK(length("18446744073709551615").head().length == UINT64_MAX);
  for (const char* bad : {"18446744073709551616", "18446744073709551621", "-1", "+1", "0x10", "1 1", "", "1,1", "1e3"})
    CHECK(length(bad).refusal().status == 400);
}

TEST_CASE("B10 framing: chunks in pieces of every size") {
  const std::string good = "5;a=\"b\"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX: y\r\nZ:\r\n\r\nnext";
  for (std::size_t step = 1; step <= good.size(); ++step) {
    std::string rest;
    CHECK(dechunk(good, step, &rest) == "hello0123456789");
    CHECK(rest == "next");
  }
  for (const char* bad :
       {"+5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "-5\r\n", "\r\n", ";x\r\n", "5\nhello", "5\r\nhelloX",
        "5\r\nhello\r5", "00000000000000005\r\n", "5\r\nhello\r\n0\r\nGET / HTTP/1.1\r\n\r\n", "0\r\n: x\r\n\r\n",
        "5;\x01\r\nhello\r\n0\r\n\r\n", "0\r\n\n", "g\r\n"})
    for (const std::size_t step : {1, 3, 100}) CHECK(dechunk(bad, step) == "refused");
  CHECK(dechunk("5\r\nhello\r\n0\r\n", 4) == "more");
  CHECK(dechunk("ffffffffffffffff\r\nabc", 1) == "more");
  CHECK(dechunk("1;" + std::string(20'000, 'x'), 1000) == "refused");
}
