#include "src/net/gzip.h"

#include <doctest/doctest.h>

#include "src/net/answer.h"
#include "src/net/body.h"

using alzette::net::accepts_gzip;
using alzette::net::gzip;
using alzette::net::Inflater;

namespace {

Inflater::State inflate(std::string_view packed, std::size_t step, std::uint64_t limit, std::string& plain) {
  Inflater inflater(limit, 100);
  for (; !packed.empty(); packed.remove_prefix(std::min(step, packed.size()))) {
    const auto state = inflater.feed(packed.substr(0, step), [&](std::string_view part) {
      plain += part;
      return true;
    });
    if (state != Inflater::State::more) return state;
  }
  return inflater.finish();
}

}  // namespace

TEST_CASE("gzip: there and back in pieces of any size, and of more than one member") {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919);
  const auto packed = gzip(text);
  for (const std::size_t step : {std::size_t{1}, std::size_t{1000}, packed.size()}) {
    std::string plain;
    CHECK(inflate(packed, step, 10'000'000, plain) == Inflater::State::complete);
    CHECK(plain == text);
  }
  std::string plain;
  CHECK(inflate(gzip("one ") + gzip("two"), 5, 100, plain) == Inflater::State::complete);
  CHECK(plain == "one two");
}

TEST_CASE("B16 gzip: bombs, limits and damage") {
  std::string plain;
  CHECK(inflate(gzip(std::string(20 << 20, '\0')), 4096, 1u << 30, plain) == Inflater::State::too_large);
  CHECK(plain.size() < 8u << 20);
  CHECK(inflate(gzip("longer than ten"), 100, 10, plain) == Inflater::State::too_large);
  auto packed = gzip("a text that is long enough to be damaged");
  CHECK(inflate(packed.substr(0, packed.size() - 1), 100, 1000, plain) == Inflater::State::damaged);
  packed[packed.size() - 5] ^= 1;
  CHECK(inflate(packed, 100, 1000, plain) == Inflater::State::damaged);
  CHECK(inflate("", 100, 1000, plain) == Inflater::State::damaged);
  CHECK(inflate(gzip("x") + "rubbish", 100, 1000, plain) == Inflater::State::damaged);
}

TEST_CASE("gzip: Accept-Encoding") {
  for (const char* yes : {"gzip", "deflate, gzip", "GZIP;q=0.5", "*", "br;q=1.0, gzip;q=0.8, *;q=0.1", "x-gzip"})
    CHECK(accepts_gzip(yes));
  for (const char* no : {"", "identity", "gzip;q=0", "gzip; q=0.000", "deflate, br", "*;q=0", "gzip;q=0, *"})
    CHECK_FALSE(accepts_gzip(no));
}

TEST_CASE("body: the same bytes from memory and from the spool, and the limit in both") {
  alzette::net::BodyLimits limits;
  limits.spool_from = 1000;
  limits.medium_bytes = 0;
  limits.bytes = 5000;
  for (const std::size_t size : {0, 1, 999, 1000, 1001, 5000}) {
    alzette::net::Body body(limits);
    body.begin(false, 0, false);
    std::string sent;
    for (std::size_t i = 0; i < size; ++i) sent += static_cast<char>('a' + i % 26);
    for (std::size_t i = 0; i < size; i += 300)
      REQUIRE(body.add(std::string_view(sent).substr(i, 300)) == alzette::net::Body::State::good);
    std::string whole;
    std::shared_ptr<const fhir::Content> spooled;
    CHECK(body.finish(whole, spooled) == alzette::net::Body::State::good);
    CHECK(whole == sent);
    CHECK_FALSE(spooled);
  }
  alzette::net::Body body(limits);
  body.begin(false, 0, false);
  CHECK(body.add(std::string(5000, 'x')) == alzette::net::Body::State::good);
  CHECK(body.add("x") == alzette::net::Body::State::too_large);
  limits.spool_folder = "/no/such/folder";
  alzette::net::Body homeless(limits);
  homeless.begin(false, 0, false);
  CHECK(homeless.add(std::string(2000, 'x')) == alzette::net::Body::State::no_space);
}

TEST_CASE("body: a document stays in its file and may be larger") {
  alzette::net::BodyLimits limits;
  limits.spool_from = 1000;
  limits.medium_bytes = 0;
  limits.bytes = 2000;
  limits.document_bytes = 5000;
  CHECK(limits.takes_documents("/soap"));
  CHECK(limits.takes_documents("/soap/ITI-41?x"));
  CHECK_FALSE(limits.takes_documents("/soapy"));
  CHECK_FALSE(limits.takes_documents("/fhir"));
  std::shared_ptr<const fhir::Content> spooled;
  std::string whole;
  alzette::net::Body body(limits);
  body.begin(false, 0, true);
  CHECK(body.add(std::string(2500, 'x')) == alzette::net::Body::State::good);
  CHECK(body.add(std::string(2500, 'y')) == alzette::net::Body::State::good);
  CHECK(body.finish(whole, spooled) == alzette::net::Body::State::good);
  CHECK(whole.empty());
  REQUIRE(spooled);
  CHECK(spooled->size() == 5000);
  CHECK(spooled->text() == std::string(2500, 'x') + std::string(2500, 'y'));
  CHECK(spooled->text(2499, 2) == "xy");
  body.begin(false, 0, true);
  CHECK(body.add(std::string(5001, 'x')) == alzette::net::Body::State::too_large);
}

TEST_CASE("body: of medium size it needs no file, as long as all together are few") {
  alzette::net::BodyLimits limits;
  limits.spool_from = 1000;
  limits.spool_medium = 3000;
  limits.medium_bytes = 5000;
  limits.spool_folder = "/no/such/folder";
  using State = alzette::net::Body::State;
  const auto receive = [&](std::uint64_t expected, std::size_t size, std::shared_ptr<const fhir::Content>& spooled) {
    alzette::net::Body body(limits);
    body.begin(false, expected, true);
    const auto state = body.add(std::string(size, 'x'));
    std::string whole;
    if (state == State::good) CHECK(body.finish(whole, spooled) == State::good);
    return state;
  };
  std::shared_ptr<const fhir::Content> one, two, three;
  REQUIRE(receive(2500, 2500, one) == State::good);
  REQUIRE(one);
  CHECK(one->in_memory() == std::string(2500, 'x'));
  CHECK(receive(0, 1500, two) == State::no_space);  // it may become 3000
  CHECK(receive(1500, 1500, two) == State::good);
  CHECK(receive(1500, 1500, three) == State::no_space);
  one.reset();
  CHECK(receive(1500, 1500, three) == State::good);
  two.reset();
  three.reset();
  CHECK(receive(3001, 3001, one) == State::no_space);
  CHECK(receive(3000, 3000, one) == State::good);
  CHECK(receive(0, 3000, two) == State::no_space);
  one.reset();
  CHECK(receive(0, 3000, one) == State::good);  // in chunks
}

TEST_CASE("answer: an answer without content has no length") {
  alzette::Response response{204, {}, "dropped", nullptr, {}};
  const auto head = alzette::net::head_of(response, {}, "now");
  CHECK(head == "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n");
  CHECK(response.body.empty());
}
