// A connection that becomes a WebSocket: what it receives goes to its listener, what others send waits for its turn.
// RFC 6455.
#include <boost/asio/post.hpp>

#include "src/net/connection.h"
#include "src/net/date.h"

namespace alzette::net {
namespace {

constexpr std::size_t most_waiting = 16u << 20;  // bytes that a client has not taken: it is cut off

// What those who send hold: the connection may be gone.
class Sending final : public WebSocket {
 public:
  explicit Sending(std::weak_ptr<Connection> connection) : connection_(std::move(connection)) {}
  void send(std::string text) override { push(frame(Opcode::text, text), false); }
  void close() override { push(close_frame(going_away), true); }

 private:
  void push(std::string bytes, bool last) const {
    if (const auto connection = connection_.lock()) Connection::send_frame(connection, std::move(bytes), last);
  }
  std::weak_ptr<Connection> connection_;
};

}  // namespace

void Connection::open_websocket(const Request& request) {
  auto response =
      shared_->draining ? refusal_answer({503, "the server is about to end"}, false) : websocket_answer(request);
  response.route = "websocket";
  if (response.status != 101) return answer(std::move(response));
  const auto head = head_of(response, exchange_, date_now());
  report(response.status, head.size(), response.route);
  out_.push_back({head, {}, nullptr});
  frames_ = std::make_unique<Frames>();
  enter(State::websocket, clock::Monotonic::now());
  listener_ = shared_->websockets.open(request, std::make_shared<Sending>(weak_from_this()));
}

bool Connection::take_frame() {
  auto event = frames_->next(in_);
  if (!event) return false;
  since_ = clock::Monotonic::now();
  pinged_ = false;
  switch (event->opcode) {
    case Opcode::text:
      if (listener_) listener_->received(std::move(event->payload));
      return true;
    case Opcode::ping:
      out_.push_back({frame(Opcode::pong, event->payload), {}, nullptr});
      return true;
    case Opcode::close:
      out_.push_back({frame(Opcode::close, event->payload), {}, nullptr});
      closing_ = true;
      return false;
    case Opcode::pong:
    case Opcode::more:
    case Opcode::binary:
      return true;
  }
  return true;
}

void Connection::send_frame(const std::shared_ptr<Connection>& connection, std::string frame, bool last) {
  if (connection->shared_->stopped) return;
  boost::asio::post(connection->strand(), [connection, bytes = std::move(frame), last]() mutable {
    connection->push_frame(std::move(bytes), last);
  });
}

void Connection::push_frame(std::string frame, bool last) {
  if (state_ != State::websocket || closing_) return;
  std::size_t waiting = frame.size();
  for (auto i = out_at_; i < out_.size(); ++i) waiting += out_[i].head.size();
  if (waiting > most_waiting) return cut();
  out_.push_back({std::move(frame), {}, nullptr});
  closing_ = last;
  if (!processing_) flush();
}

}  // namespace alzette::net
