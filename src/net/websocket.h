// WebSocket, the server's side: the handshake and the frames of RFC 6455, without extensions. Messages are texts; what
// a connection does with them is said by those who open it. Frames:
//
//   FIN·opcode  MASK·length(7)  [length(16 or 64)]  masking key(32, clients only)  payload
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "src/http.h"
#include "src/net/buffer.h"

namespace alzette::net {

// One connection, for those who send on it. Any thread; after its end nothing happens.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  virtual void send(std::string text) = 0;
  virtual void close() = 0;  // after what was sent
};

// What becomes of a connection. Called one at a time, on one of the network's threads; must not block.
class WebSocketListener {
 public:
  virtual ~WebSocketListener() = default;
  virtual void received(std::string text) = 0;
  virtual void closed() = 0;  // once, at the end
};

// Where WebSockets are opened, and by whom.
struct WebSocketDoor {
  std::string path;  // "" = nowhere
  std::function<std::shared_ptr<WebSocketListener>(const Request&, std::shared_ptr<WebSocket>)> open = nullptr;
};

// 101, or what is wrong with the handshake; 426 to who asks for none.
Response websocket_answer(const Request& request);

enum class Opcode : std::uint8_t { more = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
inline constexpr std::uint16_t going_away = 1001, protocol_error = 1002, not_taken = 1003, not_utf8 = 1007,
                               too_long = 1009;

std::string frame(Opcode opcode, std::string_view payload);
std::string close_frame(std::uint16_t code);

// Takes a client's frames apart and puts the pieces of a message together.
class Frames {
 public:
  static constexpr std::size_t most = 64u << 10;  // bytes of a message; clients have little to say
  struct Event {
    Opcode opcode = Opcode::text;  // text, ping, pong or close
    std::string payload;           // of a close: what is to be answered with
  };
  // The next event, or nothing until more has come. A client that breaks the rules gives a close with the reason's
  // code, and is not listened to any more.
  std::optional<Event> next(Buffer& in);

 private:
  Event refuse(std::uint16_t code);
  std::optional<Event> take(bool last, Opcode opcode, std::string payload);
  std::string message_;
  bool within_ = false;  // a message whose last piece has not come
  bool over_ = false;
};

}  // namespace alzette::net
