#include "src/net/cors.h"

#include <algorithm>

namespace alzette::net {
namespace {

constexpr std::string_view methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
// Of what we send, beyond what any page may read.
constexpr std::string_view exposed =
    "Content-Location, Content-Range, ETag, Expires, Location, Retry-After, X-Progress, X-Request-Id";
constexpr std::string_view preflight_seconds = "600";

void permit(std::string_view origin, Response& response) {
  response.headers.emplace_back("Access-Control-Allow-Origin", origin);
}

// Of every answer: a cache must not give a page what was answered to somebody else without permission.
void vary(Response& response) { response.headers.emplace_back("Vary", "Origin"); }

// The answer to what a browser asks before it sends the page's own request.
Response preflight(const Request& request, std::string_view origin) {
  Response response;
  response.status = 204;
  permit(origin, response);
  vary(response);
  response.headers.emplace_back("Access-Control-Allow-Methods", methods);
  const auto wanted = find(request.headers, "Access-Control-Request-Headers");
  if (!wanted.empty()) response.headers.emplace_back("Access-Control-Allow-Headers", wanted);
  response.headers.emplace_back("Access-Control-Max-Age", preflight_seconds);
  return response;
}

}  // namespace

bool is_origin(std::string_view text) {
  const auto host = text.find("://");
  return host != text.npos && host > 0 && host + 3 < text.size() &&
         text.find_first_of("/?#@ ", host + 3) == text.npos &&
         std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Handler with_cors(std::vector<std::string> origins, Handler handler) {
  if (origins.empty()) return handler;
  return [origins = std::move(origins), handler = std::move(handler)](Request request, Respond respond) {
    const std::string origin(find(request.headers, "Origin"));
    const bool known =
        std::any_of(origins.begin(), origins.end(), [&](const auto& one) { return one == "*" || one == origin; });
    const bool permitted = known && !origin.empty();
    if (permitted && request.method == "OPTIONS" && !find(request.headers, "Access-Control-Request-Method").empty())
      return respond(preflight(request, origin));
    handler(std::move(request), [permitted, origin, respond = std::move(respond)](Response response) {
      vary(response);
      if (permitted) {
        permit(origin, response);
        response.headers.emplace_back("Access-Control-Expose-Headers", exposed);
      }
      respond(std::move(response));
    });
  };
}

}  // namespace alzette::net
