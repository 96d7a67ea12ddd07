// A small blocking HTTP/1.1 client for tests, benches and tools: one connection, kept alive, opened again when the
// server has closed it. No TLS, no redirects.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "src/http.h"

namespace alzette::net {

class Client {
 public:
  // `address` as the server prints it: "127.0.0.1:8080", "[::1]:8080".
  explicit Client(std::string address, std::chrono::milliseconds patience = std::chrono::milliseconds(30'000));
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends method, target, headers and body; Host and Content-Length are added. Chunked answers come whole.
  fhir::Result<Response> send(const Request& request);
  fhir::Result<Response> get(std::string target);

 private:
  enum class Sent { answered, closed, failed };
  bool open();
  void close();
  Sent attempt(const std::string& bytes, bool head_only, Response& response);

  std::string address_;
  std::chrono::milliseconds patience_;
  int socket_ = -1;
  std::string left_;  // bytes after the last answer
};

}  // namespace alzette::net
