// HTTP in plain data, so that only net/http.cpp knows Beast. Header names are compared without case.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/content.h"

namespace alzette {

using Headers = std::vector<std::pair<std::string, std::string>>;
std::string_view find(const Headers& headers, std::string_view name);  // first value, or ""

std::string_view reason_phrase(int status);  // "Not Found"

struct Request {
  std::string method;  // "GET"; HEAD arrives as GET and the server drops the body of the answer
  std::string target;  // origin-form as sent: "/fhir/Patient?name=x" (checked: valid UTF-8 after decoding, no "..")
  Headers headers;
  std::string body;  // decoded (gzip) and within limits; bodies above 64 KiB were spooled while read
  std::shared_ptr<const fhir::Content> spooled = nullptr;  // instead of `body`: a large one that stays in its file
  std::string peer;                                        // address, for logs
  std::string id;       // the client's X-Request-Id when it is a plain token, else our own; the answer carries it
  bool secure = false;  // came by TLS
};

struct Response {
  int status = 200;
  Headers headers;  // without Content-Length, Date, Connection: the server adds these (and gzip where asked)
  std::string body;
  std::shared_ptr<const fhir::Content> content = nullptr;  // sent behind `body`, piece by piece
  std::string_view route =
      {};  // pattern of the row that answered ("GET [type]/[id]"), static text, for logs and metrics
  std::int64_t last_updated = 0;  // what Last-Modified says to the second: milliseconds since 1970 UTC, 0 = nothing
};

// Called once, from any thread. When every copy is dropped uncalled, the client gets a 500.
using Respond = std::function<void(Response)>;

// Called on one of the network's threads, one at a time for a connection. Must not block; long work goes to a worker
// and calls `respond` from there.
using Handler = std::function<void(Request, Respond)>;

}  // namespace alzette
