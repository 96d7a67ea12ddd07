// Requests to others, against a listener of our own on a free port.
#include "src/net/sender.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>
#include <thread>

using namespace alzette;
using namespace alzette::net;

namespace {

// Answers each connection with the same bytes, then closes it.
class Listener {
 public:
  explicit Listener(std::string answer) : answer_(std::move(answer)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket_, 16) == 0);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    thread_ = std::thread([this] { run(); });
  }
  ~Listener() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  std::string url;
  std::string heard;  // of the last request; to be read when it was answered

 private:
  void run() {
    for (;;) {
      const int peer = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) return;
      std::string request;
      std::array<char, 4096> part;
      while (request.find("\r\n\r\n") == std::string::npos) {
        const auto got = ::recv(peer, part.data(), part.size(), 0);
        if (got <= 0) break;
        request.append(part.data(), static_cast<std::size_t>(got));
      }
      heard = std::move(request);
      std::string_view rest = answer_;
      while (!rest.empty()) {
        const auto sent = ::send(peer, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        rest.remove_prefix(static_cast<std::size_t>(sent));
      }
      ::close(peer);
    }
  }
  std::string answer_;
  int socket_ = -1;
  std::thread thread_;
};

fhir::Result<int> ask(const std::string& answer, Outgoing outgoing, std::string* heard = nullptr) {
  Listener listener(answer);
  const Egress egress({listener.url});
  Sender sender(egress);
  outgoing.url = listener.url + outgoing.url;
  std::promise<fhir::Result<int>> promise;
  sender.send(
      listener.url, [&] { return std::optional(outgoing); },
      [&](fhir::Result<int> result) { promise.set_value(std::move(result)); });
  auto result = promise.get_future().get();
  if (heard) *heard = listener.heard;
  return result;
}

}  // namespace

TEST_CASE("sender: the status of the answer, however it ends") {
  for (const auto* answer :
       {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\n\r\nuntil the end",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "HTTP/1.0 200 \r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"}) {
    CAPTURE(answer);
    const auto status = ask(answer, {});
    REQUIRE(status);
    CHECK(*status == 200);
  }
  CHECK(*ask("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n", {}) == 307);
  CHECK(*ask("HTTP/1.1 503 Busy\r\n\r\n", {}) == 503);
  for (const auto* answer :
       {"", "HTTP/1.1 200", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 100 C\r\n\r\n"})
    CHECK_FALSE(ask(answer, {}));
}

TEST_CASE("sender: what is sent") {
  std::string heard;
  Outgoing outgoing;
  outgoing.method = "PUT";
  outgoing.url = "a/b?c=d";
  outgoing.headers = {{"Authorization", "Bearer x"}};
  outgoing.body = "body";
  REQUIRE(ask("HTTP/1.1 204 No Content\r\n\r\n", outgoing, &heard));
  CHECK(heard.starts_with("PUT /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:"));
  CHECK(heard.find("\r\nAuthorization: Bearer x\r\n") != std::string::npos);
  CHECK(heard.find("\r\nContent-Length: 4\r\n") != std::string::npos);
  outgoing.headers = {{"X", "a\r\nInjected: b"}};
  CHECK_FALSE(ask("HTTP/1.1 200 OK\r\n\r\n", outgoing));
}

TEST_CASE("sender: B104 an answer without end is cut off") {
  const auto status = ask("HTTP/1.1 200 OK\r\n\r\n" + std::string(8u << 20, 'x'), {});
  REQUIRE(status);
  CHECK(*status == 200);
  CHECK_FALSE(ask(std::string(1u << 20, 'x'), {}));
}

TEST_CASE("sender: B102 a name that means an address of a network of its own is not asked") {
  std::array<char, 256> name{};
  REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
  const Egress egress;
  Sender sender(egress);
  // The machine's own name passes as a name; whatever it resolves to here is not public, or it resolves to nothing.
  for (const auto& url : {"https://" + std::string(name.data()) + ":1/", std::string("https://ip6-loopback:1/"),
                          std::string("http://example.org/"), std::string("https://127.0.0.1:1/")}) {
    CAPTURE(url);
    std::promise<bool> answered;
    sender.send(
        url, [&] { return std::optional(Outgoing{url}); },
        [&](const fhir::Result<int>& result) { answered.set_value(bool{result}); });
    CHECK_FALSE(answered.get_future().get());
  }
}

TEST_CASE("sender: a peer that does not answer costs no more than its patience, and is asked one at a time") {
  const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(silent, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(silent, 16) == 0);  // accepted by the kernel, answered by nobody
  socklen_t size = sizeof address;
  ::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size);
  const auto url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  Listener quick("HTTP/1.1 200 OK\r\n\r\n");
  const Egress egress({url, quick.url});
  Sender sender(egress);
  std::array<std::promise<bool>, 3> slow;
  for (auto& promise : slow)
    sender.send(
        url, [&] { return std::optional(Outgoing{.url = url, .patience = std::chrono::milliseconds(200)}); },
        [&](const fhir::Result<int>& result) { promise.set_value(bool{result}); });
  std::promise<bool> answered;
  sender.send(
      quick.url, [&] { return std::optional(Outgoing{quick.url}); },
      [&](const fhir::Result<int>& result) { answered.set_value(bool{result}); });
  CHECK(answered.get_future().get());
  for (auto& promise : slow) CHECK_FALSE(promise.get_future().get());
  ::close(silent);
}

TEST_CASE("sender: what there is no need to send any more is not sent") {
  const Egress egress({"http://127.0.0.1:1/"});
  Sender sender(egress);
  std::promise<fhir::Kind> answered;
  sender.send(
      "http://127.0.0.1:1/", [] { return std::optional<Outgoing>(); },
      [&](const fhir::Result<int>& result) { answered.set_value(result.outcome().kind); });
  CHECK(answered.get_future().get() == fhir::Kind::absent);
}
