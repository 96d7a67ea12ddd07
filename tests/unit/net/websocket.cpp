#include "src/net/websocket.h"

#include <doctest/doctest.h>

#include <vector>

using namespace alzette;
using namespace alzette::net;

namespace {

// As a client sends it: masked.
std::string masked(unsigned first, std::string_view payload) {
  std::string out{static_cast<char>(first)};
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  const std::string mask = "\x11\x22\x33\x44";
  out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i & 3]);
  return out;
}

std::vector<Frames::Event> all(std::string_view bytes, std::size_t piece) {
  Frames frames;
  Buffer in;
  std::vector<Frames::Event> events;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    in.append(bytes.substr(at, piece));
    while (auto event = frames.next(in)) events.push_back(std::move(*event));
  }
  return events;
}

std::uint16_t code_of(const Frames::Event& event) {
  REQUIRE(event.payload.size() == 2);
  return static_cast<std::uint16_t>(static_cast<unsigned char>(event.payload[0]) << 8 |
                                    static_cast<unsigned char>(event.payload[1]));
}

}  // namespace

TEST_CASE("websocket: messages in pieces, pings between them, however the bytes arrive") {
  const std::string longer(300, 'x');
  const auto bytes = masked(0x01, "Mos") + masked(0x89, "p") + masked(0x80, "elle") + masked(0x81, longer) +
                     masked(0x8a, "") + masked(0x88, "\x03\xe8");
  for (const std::size_t piece : {1u, 2u, 7u, 1000u}) {
    const auto events = all(bytes, piece);
    REQUIRE(events.size() == 5);
    CHECK(events[0].opcode == Opcode::ping);
    CHECK(events[0].payload == "p");
    CHECK(events[1].opcode == Opcode::text);
    CHECK(events[1].payload == "Moselle");
    CHECK(events[2].payload == longer);
    CHECK(events[3].opcode == Opcode::pong);
    CHECK(events[4].opcode == Opcode::close);
    CHECK(code_of(events[4]) == 1000);
  }
}

TEST_CASE("websocket: what breaks the rules ends the connection with a reason") {
  const auto ends_with = [](std::string_view bytes) {
    const auto events = all(bytes, 3);
    REQUIRE_FALSE(events.empty());
    CHECK(events.back().opcode == Opcode::close);
    return code_of(events.back());
  };
  CHECK(ends_with(std::string("\x81\x01x\0\0\0", 6)) == protocol_error);  // not masked
  CHECK(ends_with(masked(0xc1, "x")) == protocol_error);                  // reserved bit
  CHECK(ends_with(masked(0x83, "x")) == protocol_error);                  // reserved opcode
  CHECK(ends_with(masked(0x80, "x")) == protocol_error);                  // goes on with nothing
  CHECK(ends_with(masked(0x01, "x") + masked(0x81, "y")) == protocol_error);
  CHECK(ends_with(masked(0x09, "x")) == protocol_error);  // a ping in pieces
  CHECK(ends_with(masked(0x89, std::string(200, 'x'))) == protocol_error);
  CHECK(ends_with(masked(0x88, "x")) == protocol_error);         // half a code
  CHECK(ends_with(masked(0x88, "\x03\xed")) == protocol_error);  // 1005 is never sent
  CHECK(ends_with(masked(0x82, "x")) == not_taken);
  CHECK(ends_with(masked(0x81, "\xff")) == not_utf8);
  std::string many;
  for (int i = 0; i < 3; ++i) many += masked(i ? 0x00 : 0x01, std::string(30'000, 'x'));
  CHECK(ends_with(many) == too_long);
  // After that nothing more is listened to.
  CHECK(all(masked(0x83, "x") + masked(0x81, "hello"), 100).size() == 1);
}

TEST_CASE("websocket: our frames and handshake") {
  CHECK(frame(Opcode::text, "hi") == std::string("\x81\x02hi"));
  CHECK(frame(Opcode::text, std::string(126, 'x')).substr(0, 4) == std::string("\x81\x7e\x00\x7e", 4));
  CHECK(frame(Opcode::text, std::string(65'536, 'x')).substr(0, 10) ==
        std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
  Request request;
  request.method = "GET";
  request.headers = {{"Upgrade", "WebSocket"},
                     {"Connection", "keep-alive, upgrade"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  auto answer = websocket_answer(request);
  CHECK(answer.status == 101);
  CHECK(find(answer.headers, "Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455 §1.3
  request.headers[2].second = "8";
  CHECK(websocket_answer(request).status == 426);
  request.headers.pop_back();
  CHECK(websocket_answer(request).status == 400);
  request.headers[0].second = "h2c";
  answer = websocket_answer(request);
  CHECK(answer.status == 426);
  CHECK(find(answer.headers, "Upgrade") == "websocket");  // RFC 9110 §15.5.22
}
