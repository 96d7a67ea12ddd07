// What is not FHIR: health, metrics, the page that says what this is.
#include "src/pages.h"

#include "src/metrics.h"
#include "src/openapi.h"

namespace alzette {
namespace {

constexpr std::string_view home = R"(<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Alzette</title></head>
<body>
<h1>Alzette )" ALZETTE_VERSION R"(</h1>
<p>A health-record exchange that speaks standards: HL7 FHIR R4.</p>
<ul>
<li><a href="/fhir/metadata?_pretty=true">/fhir/metadata</a>: what this server does (CapabilityStatement)</li>
<li><a href="/fhir/Patient?_count=5&amp;_pretty=true">/fhir/Patient</a>: the FHIR base is <code>/fhir</code></li>
<li><a href="/soap?wsdl">/soap</a>: the IHE transactions that come by SOAP</li>
<li><a href="/openapi.json">/openapi.json</a>: the same for tools that read OpenAPI</li>
<li><a href="/health/live">/health/live</a>, <a href="/health/ready">/health/ready</a>, <a href="/metrics">/metrics</a></li>
</ul>
</body>
</html>
)";

Response text(int status, std::string_view type, std::string body, std::string_view route) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", type);
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = std::move(body);
  response.route = route;
  return response;
}

Response ready(fhir::Store& store) {
  const bool open = store.snapshot() != nullptr;
  return text(open ? 200 : 503, "application/json", open ? R"({"status":"ready"})" : R"({"status":"not ready"})",
              "ready");
}

}  // namespace

std::optional<Response> page(std::string_view method, std::string_view path, fhir::Store& store) {
  const bool known =
      path == "/" || path == "/health/live" || path == "/health/ready" || path == "/metrics" || path == "/openapi.json";
  if (!known) return std::nullopt;
  if (method != "GET" && method != "HEAD") {
    auto response = text(405, "text/plain; charset=utf-8", "Only GET and HEAD\n", "page");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  if (path == "/health/live") return text(200, "application/json", R"({"status":"live"})", "live");
  if (path == "/health/ready") return ready(store);
  if (path == "/openapi.json") return text(200, "application/json", openapi(), "openapi");
  if (path == "/metrics") return text(200, "text/plain; version=0.0.4; charset=utf-8", metrics::text(), "metrics");
  return text(200, "text/html; charset=utf-8", std::string(home), "home");
}

}  // namespace alzette
