// The MLLP server with a handler of its own: what becomes of answers that are never given.
#include "src/net/mllp.h"

#include <doctest/doctest.h>

#include "src/net/mllp_client.h"

using namespace alzette::net;

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
