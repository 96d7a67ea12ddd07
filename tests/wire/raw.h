// Raw sockets for tests of the wire: what a client library would never send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace wire {

inline long milliseconds_since(std::chrono::steady_clock::time_point start) {
  return static_cast<long>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count());
}

class Raw {
 public:
  explicit Raw(const std::string& address) {  // "127.0.0.1:8080"
    const auto colon = address.rfind(':');
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr);
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&peer), sizeof peer) != 0) {
      ::close(socket_);
      socket_ = -1;
    }
  }
  ~Raw() {
    if (socket_ >= 0) ::close(socket_);
  }
  Raw(Raw&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  bool open() const { return socket_ >= 0; }
  int descriptor() const { return socket_; }

  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end() const { ::shutdown(socket_, SHUT_WR); }

  // Whatever comes next; "" when nothing came in time or the peer has closed (then `closed` is set).
  std::string some(int patience_ms, std::size_t most = 65536) {
    pollfd one{socket_, POLLIN, 0};
    if (::poll(&one, 1, patience_ms) <= 0) return {};
    std::string bytes(most, '\0');
    const auto got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got <= 0) closed = true;
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

  // Everything until the peer closes or `patience_ms` have passed without a byte.
  std::string all(int patience_ms = 20'000) {
    std::string bytes;
    for (;;) {
      auto part = some(patience_ms);
      if (part.empty()) return bytes;
      bytes += part;
    }
  }

  // Until `end` was seen.
  std::string until(std::string_view end, int patience_ms = 20'000) {
    std::string bytes;
    while (bytes.find(end) == std::string::npos) {
      auto part = some(patience_ms);
      if (part.empty()) return bytes;
      bytes += part;
    }
    return bytes;
  }

  bool closed = false;

 private:
  int socket_ = -1;
};

inline int status_of(std::string_view answer) {
  return answer.size() > 12 && answer.starts_with("HTTP/1.1 ") ? std::atoi(std::string(answer.substr(9, 3)).c_str())
                                                               : 0;
}

inline std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

}  // namespace wire
