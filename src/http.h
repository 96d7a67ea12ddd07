// HTTP in plain data, so that only net/http.cpp knows Beast. Header names are compared without case.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alzette {

using Headers = std::vector<std::pair<std::string, std::string>>;
std::string_view find(const Headers& headers, std::string_view name);  // first value, or ""

struct Request {
  std::string method;  // "GET"
  std::string target;  // origin-form as sent: "/fhir/Patient?name=x" (checked: valid UTF-8 after decoding, no "..")
  Headers headers;
  std::string body;     // decoded (gzip) and within limits; bodies above 64 KiB were spooled while read
  std::string peer;     // address, for logs
  bool secure = false;  // came by TLS
};

struct Response {
  int status = 200;
  Headers headers;  // without Content-Length, Date, Connection: the server adds these (and gzip where asked)
  std::string body;
};

// Called once, from any thread. The server sends on the connection's own thread.
using Respond = std::function<void(Response)>;

// Called on the connection's core thread. Must not block; long work goes to a worker and calls `respond` from there.
using Handler = std::function<void(Request, Respond)>;

}  // namespace alzette
