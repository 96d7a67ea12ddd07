// Requests of pages from other origins.
#include "src/net/cors.h"

#include <doctest/doctest.h>

#include <optional>

using namespace alzette;

namespace {

// What a server that lets pages of `origins` in answers; nothing when the request came to nobody.
Response ask(std::vector<std::string> origins, std::string method, Headers headers) {
  const auto handler = net::with_cors(std::move(origins), [](const Request& request, const Respond& respond) {
    respond({.status = 200, .headers = {{"ETag", "W/\"1\""}}, .body = request.method});
  });
  std::optional<Response> answer;
  Request request;
  request.method = std::move(method);
  request.headers = std::move(headers);
  handler(std::move(request), [&](Response response) { answer = std::move(response); });
  REQUIRE(answer);
  return std::move(*answer);
}

const Headers from_app{{"Origin", "https://app.example"}};

}  // namespace

TEST_CASE("a page reads answers where its origin is let in, and nowhere else") {
  const auto named = ask({"https://other.example", "https://app.example"}, "GET", from_app);
  CHECK(named.body == "GET");
  CHECK(find(named.headers, "Access-Control-Allow-Origin") == "https://app.example");
  CHECK(find(named.headers, "Access-Control-Expose-Headers").find("ETag") != std::string_view::npos);
  CHECK(find(named.headers, "Vary") == "Origin");
  CHECK(find(named.headers, "ETag") == "W/\"1\"");
  CHECK(find(ask({"*"}, "GET", from_app).headers, "Access-Control-Allow-Origin") == "https://app.example");
  CHECK(ask({}, "GET", from_app).headers.size() == 1);
  // A cache must not keep the answer for a page that is let in.
  for (const auto& answer : {ask({"https://other.example"}, "GET", from_app), ask({"https://app"}, "GET", from_app),
                             ask({"*"}, "GET", {}), ask({"https://app.example"}, "GET", {})}) {
    CHECK(answer.body == "GET");
    CHECK(answer.headers.size() == 2);
    CHECK(find(answer.headers, "Vary") == "Origin");
  }
}

TEST_CASE("a preflight is answered before the handler, another OPTIONS by it") {
  auto headers = from_app;
  headers.emplace_back("Access-Control-Request-Method", "PUT");
  headers.emplace_back("Access-Control-Request-Headers", "content-type,if-match");
  const auto answer = ask({"https://app.example"}, "OPTIONS", headers);
  CHECK(answer.status == 204);
  CHECK(answer.body.empty());
  CHECK(find(answer.headers, "Access-Control-Allow-Origin") == "https://app.example");
  CHECK(find(answer.headers, "Access-Control-Allow-Methods") == "GET, HEAD, POST, PUT, PATCH, DELETE");
  CHECK(find(answer.headers, "Access-Control-Allow-Headers") == "content-type,if-match");
  CHECK(ask({"https://app.example"}, "OPTIONS", from_app).body == "OPTIONS");
  CHECK(ask({"https://other.example"}, "OPTIONS", headers).body == "OPTIONS");
}
