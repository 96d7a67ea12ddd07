#include "src/net/client.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <utility>

namespace alzette::net {

namespace http = boost::beast::http;

namespace {

std::string bytes_of(const Request& request, const std::string& address) {
  std::string bytes = request.method + " " + request.target + " HTTP/1.1\r\n";
  if (find(request.headers, "Host").empty()) bytes += "Host: " + address + "\r\n";
  for (const auto& [name, value] : request.headers) bytes.append(name).append(": ").append(value).append("\r\n");
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH")
    bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return bytes + "\r\n" + request.body;
}

}  // namespace

Client::Client(std::string address, std::chrono::milliseconds patience, std::shared_ptr<const TlsContext> tls,
               std::string host)
    : address_(std::move(address)), patience_(patience), tls_(std::move(tls)), host_(std::move(host)) {}

Client::~Client() { close(); }

void Client::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  session_ = nullptr;
  left_.clear();
}

bool Client::open() {
  const auto colon = address_.rfind(':');
  if (colon == std::string::npos) return false;
  auto host = address_.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (!connect(host, address_.c_str() + colon + 1)) return false;
  if (!tls_ || greet(host_.empty() ? host : host_)) return true;
  close();
  return false;
}

bool Client::connect(const std::string& host, const char* port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port, &hints, &found) != 0) return false;
  for (auto* one = found; one != nullptr && socket_ < 0; one = one->ai_next) {
    socket_ = ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (socket_ >= 0 && ::connect(socket_, one->ai_addr, one->ai_addrlen) != 0) close();
  }
  freeaddrinfo(found);
  if (socket_ < 0) return false;
  const timeval patience{patience_.count() / 1000, static_cast<suseconds_t>(patience_.count() % 1000 * 1000)};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return true;
}

bool Client::greet(const std::string& host) {
  session_ = std::make_unique<TlsSession>(*tls_, host);
  std::string wire;
  session_->greet(wire);
  failure_ = "TLS: the peer ended the greeting";
  while (write(wire)) {
    wire.clear();
    if (session_->established()) return failure_.clear(), true;
    if (read(left_) <= 0) break;
  }
  return false;
}

bool Client::write(std::string_view wire) {
  while (!wire.empty()) {
    const auto written = ::send(socket_, wire.data(), wire.size(), MSG_NOSIGNAL);
    if (written <= 0) return false;
    wire.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

int Client::read(std::string& plain) {
  std::array<char, 64 << 10> part;
  const auto got = ::recv(socket_, part.data(), part.size(), 0);
  if (got <= 0) return static_cast<int>(got);
  const std::string_view bytes(part.data(), static_cast<std::size_t>(got));
  if (!session_) return plain.append(bytes), static_cast<int>(got);
  std::string wire;
  const auto before = plain.size();
  const auto state = session_->receive(bytes, plain, wire);
  write(wire);
  if (state == TlsSession::State::failed) failure_ = "TLS: " + std::string(session_->failure());
  if (plain.size() > before || state == TlsSession::State::open) return static_cast<int>(got);
  return state == TlsSession::State::closed ? 0 : -1;
}

fhir::Result<Response> Client::get(std::string target) {
  Request request;
  request.method = "GET";
  request.target = std::move(target);
  return send(request);
}

fhir::Result<Response> Client::send(const Request& request) {
  const auto bytes = bytes_of(request, address_);
  const bool fresh = socket_ < 0;
  if (fresh && !open())
    return fhir::Outcome(fhir::Kind::busy, "transient",
                         "cannot connect to " + address_ + (failure_.empty() ? "" : ": " + failure_));
  Response response;
  auto sent = attempt(bytes, request.method == "HEAD", response);
  // A kept connection may have been closed by the server in the meantime: once more on a new one.
  if (sent == Sent::closed && !fresh && open()) sent = attempt(bytes, request.method == "HEAD", response);
  if (sent == Sent::answered) return response;
  close();
  return fhir::Outcome(fhir::Kind::timeout, "timeout",
                       "no answer from " + address_ + (failure_.empty() ? "" : ": " + failure_));
}

Client::Sent Client::attempt(const std::string& bytes, bool head_only, Response& response) {
  std::string wire;
  if (session_ && !session_->send(bytes, wire)) return close(), Sent::failed;
  write(session_ ? wire : bytes);  // when it fails, the server may have answered already
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.skip(head_only);
  parser.body_limit(most_);
  std::string pending = std::exchange(left_, {});
  while (!parser.is_done()) {
    boost::beast::error_code error;
    const auto used = parser.put(boost::asio::const_buffer(pending.data(), pending.size()), error);
    pending.erase(0, used);
    if (error && error != http::error::need_more) return close(), Sent::failed;
    if (parser.is_done()) break;
    const auto got = read(pending);
    if (got < 0) return close(), Sent::failed;
    if (got == 0) {
      const bool started = parser.got_some();
      if (started) parser.put_eof(error);
      close();
      if (!started) return Sent::closed;
      if (error || !parser.is_done()) return Sent::failed;
      break;
    }
  }
  left_ = std::move(pending);
  auto& message = parser.get();
  response.status = static_cast<int>(message.result_int());
  response.headers.clear();
  for (const auto& field : message) response.headers.emplace_back(field.name_string(), field.value());
  response.body = std::move(message.body());
  if (!message.keep_alive()) close();
  return Sent::answered;
}

}  // namespace alzette::net
