// Replies, links, tokens and forms: what the door says without a store behind it.
#include <doctest/doctest.h>

#include "fhir/bundle.h"
#include "src/auth/seal.h"
#include "src/negotiate.h"
#include "src/rest/paging.h"
#include "src/rest/reply.h"
#include "src/route.h"

using namespace alzette;

TEST_CASE("B35: If-Match takes one entity tag as we give them") {
  const auto version = rest::if_match("W/\"3\"");
  REQUIRE(version);
  CHECK(*version == 3);
  CHECK(**rest::if_match("\"12\"") == 12);
  CHECK_FALSE(rest::if_match("")->has_value());
  for (const auto* wrong :
       {"3", "W/3", "W/\"\"", "W/\"x\"", "W/\"-1\"", "W/\"0\"", "\"1\", \"2\"", "W/\"99999999999999999999\""}) {
    CAPTURE(wrong);
    const auto refused = rest::if_match(wrong);
    REQUIRE_FALSE(refused);
    CHECK(rest::status_of(refused.outcome()) == 400);
  }
}

TEST_CASE("each kind of refusal has its status") {
  using fhir::Kind;
  const auto status = [](Kind kind, const char* code = "invalid") { return rest::status_of({kind, code, "x"}); };
  CHECK(status(Kind::malformed) == 400);
  CHECK(status(Kind::unprocessable) == 422);
  CHECK(status(Kind::absent) == 404);
  CHECK(status(Kind::gone) == 410);
  CHECK(status(Kind::conflict) == 409);
  CHECK(status(Kind::precondition) == 412);
  CHECK(status(Kind::too_large) == 413);
  CHECK(status(Kind::too_costly) == 400);
  CHECK(status(Kind::busy, "throttled") == 429);
  CHECK(status(Kind::busy, "transient") == 503);
  const auto busy = rest::refuse({Kind::busy, "transient", "later"});
  CHECK(find(busy.headers, "Retry-After") == "1");
  CHECK(busy.body == R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"transient",)"
                     R"("diagnostics":"later"}]})");
}

TEST_CASE("Prefer comes in lists and in several headers") {
  Request request;
  CHECK(rest::preferred_return(request) == rest::Return::unspecified);
  CHECK_FALSE(rest::lenient(request));
  request.headers = {{"prefer", "respond-async; foo=\"a\", return=minimal"}, {"Prefer", "handling=lenient"}};
  CHECK(rest::preferred_return(request) == rest::Return::minimal);
  CHECK(rest::lenient(request));
  request.headers = {{"Prefer", "return=OperationOutcome;handling=strict"}};
  CHECK(rest::preferred_return(request) == rest::Return::operation_outcome);
  CHECK_FALSE(rest::lenient(request));
}

TEST_CASE("the form of an answer: Accept by quality, _format first") {
  Request request;
  const auto form = [&](fhir::search::Parameters parameters = {}) { return negotiate(request, parameters); };
  CHECK(form()->content_type == rest::fhir_json);
  CHECK_FALSE(form()->fhir);
  request.headers = {{"Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}};
  CHECK(form()->content_type == rest::fhir_json);
  request.headers = {{"Accept", "application/fhir+json;q=0.2, application/json"}};
  CHECK(form()->content_type == "application/json; charset=utf-8");
  request.headers = {{"Accept", "application/fhir+json;q=0.2, application/xml;q=nan, application/xml;q=7"}};
  CHECK(form()->format == fhir::Format::json);
  request.headers = {{"Accept", "application/fhir+xml"}};
  CHECK(form()->format == fhir::Format::xml);
  request.headers = {{"Accept", "application/fhir+turtle"}};
  CHECK_FALSE(form());
  CHECK(form({{"_format", "json"}, {"_pretty", "true"}})->pretty);
  CHECK(form({{"_format", "application/fhir json"}})->fhir);
  CHECK(form({{"_format", "xml"}})->format == fhir::Format::xml);
  CHECK(form({{"_format", "text/xml"}})->fhir);
  CHECK_FALSE(form({{"_format", "ttl"}}));
  request.headers = {{"Accept", "application/xml"}};
  CHECK(form()->format == fhir::Format::xml);
  CHECK_FALSE(form()->fhir);  // may be the content of a Binary
  request.headers = {{"Accept", "application/fhir+json; fhirVersion=5.0"}};
  CHECK_FALSE(form());
  request.headers = {{"Accept", "application/fhir+json; fhirVersion=4.0"}};
  CHECK(form()->fhir);
  request.headers = {{"Accept", "application/json;q=0"}};
  CHECK_FALSE(form());
}

TEST_CASE("whether Accept takes content: the most specific range decides") {
  Request request;
  const auto taken = [&](std::string_view accept, std::string_view media, fhir::search::Parameters parameters = {}) {
    request.headers = {{"Accept", std::string(accept)}};
    return takes(request, parameters, media);
  };
  CHECK(taken("", "application/pdf"));
  CHECK(taken("text/html, */*;q=0.1", "application/pdf"));
  CHECK(taken("Application/PDF", "application/pdf; version=1.7"));
  CHECK(taken("application/*", "application/pdf"));
  CHECK(taken("application/octet-stream", "application/pdf"));
  CHECK(taken("application/xml", "text/xml"));
  CHECK_FALSE(taken("text/*", "application/pdf"));
  CHECK_FALSE(taken("image/png, text/plain", "application/pdf"));
  CHECK_FALSE(taken("*/*, application/pdf;q=0", "application/pdf"));
  CHECK(taken("image/png", "application/pdf", {{"_format", "application/pdf"}}));
  CHECK_FALSE(taken("*/*", "application/pdf", {{"_format", "text/plain"}}));
}

TEST_CASE("the form of a body") {
  CHECK(body_form("") == BodyForm::json);
  CHECK(body_form("application/fhir+json; charset=UTF-8") == BodyForm::json);
  CHECK(body_form("Application/JSON") == BodyForm::json);
  CHECK(body_form("application/fhir+json; charset=latin1") == BodyForm::other);
  CHECK(body_form("application/x-www-form-urlencoded") == BodyForm::form);
  CHECK(body_form("application/fhir+xml") == BodyForm::xml);
  CHECK(body_form("text/xml; charset=utf-8") == BodyForm::xml);
  CHECK(body_form("application/fhir+turtle") == BodyForm::other);
}

TEST_CASE("B58: a page token belongs to its query and cannot be changed") {
  auth::Seal::Key key{};
  key[0] = 7;
  const auth::Seal seal(key);
  const std::string token("\x01\x00page\xff", 7);
  const auto sealed = seal.seal(token, "Patient?name=a");
  CHECK(sealed.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
        std::string::npos);
  CHECK(seal.open(sealed, "Patient?name=a") == token);
  CHECK_FALSE(seal.open(sealed, "Patient?name=b"));
  auth::Seal::Key other;
  for (std::size_t i = 0; i < other.size(); ++i) other[i] = static_cast<unsigned char>(i);
  // HMAC-SHA256 of "7:1.2.0.0Patient?name=a", made by another program.
  CHECK(auth::Seal(other).seal("1.2.0.0", "Patient?name=a") == "XhmE79SPH1ptRZ-tJPM3awMS4yLjAuMA");
  CHECK(seal.seal(token, "Patient?name=a") == sealed);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto altered = sealed;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(seal.open(altered, "Patient?name=a"));
  }
  CHECK_FALSE(seal.open(sealed.substr(0, sealed.size() - 1), "Patient?name=a"));
  CHECK_FALSE(seal.open("", "Patient?name=a"));
  key[0] = 8;
  CHECK_FALSE(auth::Seal(key).open(sealed, "Patient?name=a"));
}

TEST_CASE("links repeat what was honoured, escaped where a query must be") {
  CHECK(rest::link("http://h/fhir", "Patient", {{"name:exact", "Weber & Söhne"}, {"_count", "5"}}, "TOK") ==
        "http://h/fhir/Patient?name:exact=Weber%20%26%20S%C3%B6hne&_count=5&_page=TOK");
  CHECK(rest::link("http://h/fhir", "", {}) == "http://h/fhir");
}

TEST_CASE("routes: rows by path and method") {
  const auto code = [](std::string_view method, std::vector<std::string> segments) -> std::string {
    const auto found = find_route(method, segments);
    if (!found) return "absent";
    return found->route.row ? std::string(found->route.row->code) : "method";
  };
  CHECK(code("GET", {"metadata"}) == "capabilities");
  CHECK(code("GET", {"Patient", "1"}) == "read");
  CHECK(code("GET", {"Patient", "1", "_history"}) == "history-instance");
  CHECK(code("GET", {"Patient", "1", "_history", "2"}) == "vread");
  CHECK(code("GET", {"Patient"}) == "search-type");
  CHECK(code("POST", {"Patient", "_search"}) == "search-type");
  CHECK(code("POST", {"Patient"}) == "create");
  CHECK(code("PUT", {"Patient"}) == "update");
  CHECK(code("POST", {}) == "transaction");
  CHECK(code("GET", {}) == "search-system");
  CHECK(code("GET", {"_history"}) == "history-system");
  CHECK(code("PATCH", {"Patient", "1"}) == "patch");
  CHECK(code("POST", {"Patient", "1"}) == "method");
  CHECK(code("GET", {"Nonsense"}) == "absent");
  CHECK(code("GET", {"DomainResource"}) == "absent");
  CHECK(code("GET", {"Patient", "$nonsense"}) == "absent");
  CHECK(code("GET", {"Patient", "a b"}) == "absent");
  CHECK(code("GET", {"Patient", std::string(65, 'a')}) == "absent");
  CHECK(code("GET", {"Patient", ".."}) == "absent");
  CHECK(code("GET", {"Patient", "1", "2", "3", "4"}) == "absent");
}

TEST_CASE("a body takes version and time at its mark") {
  fhir::Body bare{R"({"resourceType":"Patient","id":"1","meta":{}})", 0};
  bare.meta_at = bare.bytes.find("}");
  CHECK(fhir::stored_bytes(bare, 2, 0) ==
        R"({"resourceType":"Patient","id":"1","meta":{"versionId":"2","lastUpdated":"1970-01-01T00:00:00.000Z"}})");
  fhir::Body more{R"({"id":"1","meta":{"source":"x"}})", 18};
  CHECK(fhir::stored_bytes(more, 1, 0) ==
        R"({"id":"1","meta":{"versionId":"1","lastUpdated":"1970-01-01T00:00:00.000Z","source":"x"}})");
}
