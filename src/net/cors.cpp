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
  response.headers.emplace_back("Vary", "Origin");
}

// The answer to what a browser asks before it sends the page's own request.
Response preflight(const Request& request, std::string_view origin) {
  Response response;
  response.status = 204;
  permit(origin, response);
  response.headers.emplace_back("Access-Control-Allow-Methods", methods);
  const auto wanted = find(request.headers, "Access-Control-Request-Headers");
  if (!wanted.empty()) response.headers.emplace_back("Access-Control-Allow-Headers", wanted);
  response.headers.emplace_back("Access-Control-Max-Age", preflight_seconds);
  return response;
}

}  // namespace

Handler with_cors(std::vector<std::string> origins, Handler handler) {
  if (origins.empty()) return handler;
  return [origins = std::move(origins), handler = std::move(handler)](Request request, Respond respond) {
    const std::string origin(find(request.headers, "Origin"));
    const bool known = std::any_of(origins.begin(), origins.end(),
                                   [&](const auto& permitted) { return permitted == "*" || permitted == origin; });
    if (origin.empty() || !known) return handler(std::move(request), std::move(respond));
    if (request.method == "OPTIONS" && !find(request.headers, "Access-Control-Request-Method").empty())
      return respond(preflight(request, origin));
    handler(std::move(request), [origin, respond = std::move(respond)](Response response) {
      permit(origin, response);
      response.headers.emplace_back("Access-Control-Expose-Headers", exposed);
      respond(std::move(response));
    });
  };
}

}  // namespace alzette::net
