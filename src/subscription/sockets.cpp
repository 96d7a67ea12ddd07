#include "src/subscription/sockets.h"

#include <algorithm>
#include <charconv>

#include "src/clock.h"
#include "src/net/ascii.h"

namespace alzette::subscription {
namespace {

constexpr std::string_view token_context = "subscription websocket";
constexpr std::size_t most_bound = 1000;  // subscriptions of one connection

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    if (end > at) words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace

std::string binding_token(const auth::Seal& seal, const std::vector<std::string>& ids, std::int64_t until) {
  auto text = std::to_string(until);
  for (const auto& id : ids) text += " " + id;
  return seal.seal(text, token_context);
}

std::optional<std::vector<std::string>> read_binding_token(const auth::Seal& seal, std::string_view token,
                                                           std::int64_t now) {
  const auto text = seal.open(token, token_context);
  auto words = text ? words_of(*text) : std::vector<std::string>();
  std::int64_t until = 0;
  if (words.empty()) return std::nullopt;
  std::from_chars(words[0].data(), words[0].data() + words[0].size(), until);
  if (until < now) return std::nullopt;
  words.erase(words.begin());
  return words;
}

Asked read_request(std::string_view text) {
  text = net::trim(text);
  const auto end = std::min(text.find_first_of(": "), text.size());
  auto value = net::trim(text.substr(std::min(end + 1, text.size())));
  const auto verb = text.substr(0, end);
  if (verb == "bind-with-token") return {Asked::Kind::token, std::string(value)};
  if (verb == "bind") return {Asked::Kind::id, std::string(value.starts_with(':') ? value.substr(1) : value)};
  return {};
}

class Sockets::Client final : public net::WebSocketListener {
 public:
  Client(Sockets& sockets, std::shared_ptr<net::WebSocket> socket) : sockets_(sockets), socket_(std::move(socket)) {}
  void received(std::string text) override { sockets_.received(socket_, text); }
  void closed() override { sockets_.closed(socket_.get()); }

 private:
  Sockets& sockets_;
  std::shared_ptr<net::WebSocket> socket_;
};

std::shared_ptr<net::WebSocketListener> Sockets::open(std::shared_ptr<net::WebSocket> socket) {
  {
    const std::lock_guard lock(mutex_);
    open_[socket.get()];
  }
  return std::make_shared<Client>(*this, std::move(socket));
}

void Sockets::received(const std::shared_ptr<net::WebSocket>& socket, std::string_view text) {
  const auto request = read_request(text);
  if (request.kind == Asked::Kind::id) return bind_(socket, {request.value}, true);
  const auto ids =
      request.kind == Asked::Kind::token ? read_binding_token(seal_, request.value, clock::wall_ms()) : std::nullopt;
  if (ids) return bind_(socket, *ids, false);
  socket->send(request.kind == Asked::Kind::token ? "error: the token is not valid, or no longer"
                                                  : "error: bind-with-token TOKEN, or bind ID, is understood here");
}

void Sockets::closed(const net::WebSocket* socket) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(socket);
  if (found == open_.end()) return;
  for (const auto& id : found->second) {
    auto& list = bound_[id];
    std::erase_if(list, [&](const auto& one) { return one.get() == socket; });
    if (list.empty()) bound_.erase(id);
  }
  open_.erase(found);
}

void Sockets::bind(const std::string& id, const std::shared_ptr<net::WebSocket>& socket) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(socket.get());
  if (found == open_.end() || found->second.size() >= most_bound) return;
  if (std::find(found->second.begin(), found->second.end(), id) != found->second.end()) return;
  found->second.push_back(id);
  bound_[id].push_back(socket);
}

bool Sockets::any(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return bound_.contains(id);
}

void Sockets::send(const std::string& id, const std::string& text) const {
  const std::lock_guard lock(mutex_);
  const auto found = bound_.find(id);
  if (found == bound_.end()) return;
  for (const auto& socket : found->second) socket->send(text);
}

void Sockets::unbind_all(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = bound_.find(id);
  if (found == bound_.end()) return;
  for (const auto& socket : found->second)
    if (const auto place = open_.find(socket.get()); place != open_.end()) std::erase(place->second, id);
  bound_.erase(found);
}

}  // namespace alzette::subscription
