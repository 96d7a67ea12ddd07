// The MLLP server with a handler of its own: what becomes of answers that are never given.
#include "src/net/mllp.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string>
#include <thread>

#include "src/net/mllp_client.h"

using namespace alzette::net;
using namespace std::chrono_literals;

namespace {

// While it lives, this process can open nothing more.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(STDIN_FILENO);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

std::chrono::nanoseconds processor_time() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

TEST_CASE("mllp: a message whose answer is dropped ends its connection, and no other one") {
  MllpHandler handler;
  handler.message = [](std::string message, const std::string&, const MllpHandler::Respond& respond) {
    if (message != "lost") respond("answer to " + message);
  };
  handler.refused = [](std::string_view, std::string_view) { return std::string(); };
  auto server = MllpServer::start({"127.0.0.1:0", "", {}}, {}, std::move(handler));
  REQUIRE(server);
  constexpr std::chrono::minutes patience(5);
  MllpClient one((*server)->mllp(), patience), other((*server)->mllp(), patience);
  REQUIRE(one.send("first"));
  REQUIRE(other.send("first"));
  CHECK_FALSE(one.send("lost"));
  const auto answer = other.send("second");
  REQUIRE(answer);
  CHECK(*answer == "answer to second");
  (*server)->stop();  // does not wait for what is lost
}

TEST_CASE("mllp: B14 a server that can open nothing more waits for what ends, without spinning") {
  MllpHandler handler;
  handler.message = [](const std::string&, const std::string&, const MllpHandler::Respond& respond) {
    respond("answer");
  };
  handler.refused = [](std::string_view, std::string_view) { return std::string(); };
  const auto server = MllpServer::start({"127.0.0.1:0", "", {}}, {}, std::move(handler));
  REQUIRE(server);
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto& address = (*server)->mllp();
  there.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  {
    const NoMoreFiles none;
    REQUIRE(::connect(client, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0);
    const auto before = processor_time();
    std::this_thread::sleep_for(1s);
    CHECK(processor_time() - before < 50ms);
  }
  constexpr std::string_view message = "\x0bMSH\x1c\r";
  REQUIRE(::send(client, message.data(), message.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(message.size()));
  std::string answer(64, '\0');
  answer.resize(static_cast<std::size_t>(std::max<ssize_t>(::recv(client, answer.data(), answer.size(), 0), 0)));
  CHECK(answer ==
        "\x0b"
        "answer\x1c\r");
  ::close(client);
}
