// A small blocking HTTP/1.1 client for tests, benches and tools: one connection, plain or by TLS, kept alive, opened
// again when the server has closed it. No redirects.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "src/http.h"
#include "src/net/tls.h"

namespace alzette::net {

class Client {
 public:
  // `address` as the server prints it: "127.0.0.1:8080", "[::1]:8080". With `tls` the peer must show a certificate for
  // `host`, or where none is given for the host in the address.
  explicit Client(std::string address, std::chrono::milliseconds patience = std::chrono::milliseconds(30'000),
                  std::shared_ptr<const TlsContext> tls = nullptr, std::string host = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends method, target, headers and body; Host and Content-Length are added. Chunked answers come whole.
  fhir::Result<Response> send(const Request& request);
  fhir::Result<Response> get(std::string target);
  // How many bytes the body of an answer may have: a longer one fails. 1 GiB until it is said.
  void take_at_most(std::uint64_t bytes) { most_ = bytes; }

 private:
  enum class Sent { answered, closed, failed };
  bool open();
  bool connect(const std::string& host, const char* port);
  bool greet(const std::string& host);  // the handshake of TLS
  void close();
  Sent attempt(const std::string& bytes, bool head_only, Response& response);
  bool write(std::string_view wire);
  // Waits for bytes and appends them; 0: the peer has closed, negative: it failed or took too long.
  int read(std::string& plain);

  std::string address_;
  std::chrono::milliseconds patience_;
  std::shared_ptr<const TlsContext> tls_;
  std::string host_;
  std::uint64_t most_ = 1u << 30;
  std::unique_ptr<TlsSession> session_;
  int socket_ = -1;
  std::string left_;     // bytes after the last answer
  std::string failure_;  // why TLS failed, "" when it did not
};

}  // namespace alzette::net
