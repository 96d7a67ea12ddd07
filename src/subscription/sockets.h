// The WebSockets of subscribers. A client binds a connection to subscriptions with a token of $get-ws-binding-token
// ("bind-with-token: TOKEN"), or, to one of R4, by its id ("bind ID": it hears no more than that something happened).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/auth/seal.h"
#include "src/net/websocket.h"

namespace alzette::subscription {

inline constexpr std::int64_t token_life = 3'600'000;  // milliseconds

// A token for these subscriptions, and what one says: nothing when it is none of ours or too old.
std::string binding_token(const auth::Seal& seal, const std::vector<std::string>& ids, std::int64_t until);
std::optional<std::vector<std::string>> read_binding_token(const auth::Seal& seal, std::string_view token,
                                                           std::int64_t now);

// What a client said.
struct Asked {
  enum class Kind : std::uint8_t { token, id, other } kind = Kind::other;
  std::string value;
};
Asked read_request(std::string_view text);

// Who is connected and bound to what. Any thread.
class Sockets {
 public:
  // `bind`: a client asks for subscriptions by id (plain), or for those of its token.
  using Bind = std::function<void(std::shared_ptr<net::WebSocket>, std::vector<std::string> ids, bool plain)>;
  Sockets(const auth::Seal& seal, Bind bind) : seal_(seal), bind_(std::move(bind)) {}

  std::shared_ptr<net::WebSocketListener> open(std::shared_ptr<net::WebSocket> socket);

  void bind(const std::string& id, const std::shared_ptr<net::WebSocket>& socket);
  bool any(const std::string& id) const;
  void send(const std::string& id, const std::string& text) const;
  void unbind_all(const std::string& id);

 private:
  class Client;
  void received(const std::shared_ptr<net::WebSocket>& socket, std::string_view text);
  void closed(const net::WebSocket* socket);

  const auth::Seal& seal_;
  const Bind bind_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::vector<std::shared_ptr<net::WebSocket>>> bound_;
  std::unordered_map<const net::WebSocket*, std::vector<std::string>> open_;  // and what they are bound to
};

}  // namespace alzette::subscription
