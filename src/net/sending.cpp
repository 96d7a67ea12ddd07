// The sending half of a connection: answers leave together, as fast as the client takes them; and the ends of a
// connection: too slow, idle too long, refused, drained. RFC 9112 §9.6.
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <span>

#include "src/net/connection.h"

namespace alzette::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t tls_slice = 256u << 10;  // encrypted ahead of what the client has taken
constexpr std::size_t content_slice = 256u << 10;
constexpr std::size_t most_buffers = 32;  // handed to the kernel at once

}  // namespace

void Connection::flush() {
  if (writing_ || state_ == State::closed) return;
  const auto now = clock::Monotonic::now();
  if (!write_out(now)) return;
  if (closing_ && state_ != State::lingering && state_ != State::closed) begin_linger();
}

// True when all is sent; else waits for the socket or has closed it.
bool Connection::write_out(Time now) {
  for (;;) {
    if (tls_ && !encrypt()) return cut(), false;
    std::array<asio::const_buffer, most_buffers> buffers;
    std::size_t count = 0;
    std::size_t total = 0;
    bool more = false;
    const auto add = [&](std::string_view bytes) {
      buffers[count++] = asio::const_buffer(bytes.data(), bytes.size());
      total += bytes.size();
    };
    if (tls_)
      add(std::string_view(wire_).substr(wire_at_));
    else
      more = visit_out([&](std::string_view part) { return add(part), count < most_buffers; });
    const bool from_file = total == 0 && left_in_file() > 0;
    if (from_file) total = left_in_file();
    if (total == 0) return true;
    boost::system::error_code error;
    const auto sent = from_file ? send_file(error)
                                : socket_.send(std::span<const asio::const_buffer>(buffers.data(), count),
                                               more ? MSG_MORE : 0, error);
    if (error && error != asio::error::would_block) return cut(), false;
    sent_ += sent;
    if (tls_)
      wire_at_ += sent;
    else if (!from_file)
      drop_out(sent);
    if (sent < total) return wait_writable(now), false;
  }
}

// A content that lies in memory is sent from there.
std::string_view Connection::held(const Out& out) {
  return out.content && out.file < 0 ? out.content->in_memory() : std::string_view();
}

// Shows the parts that are not sent yet, until `visit` returns false. True: more follows at once.
template <class Visit>
bool Connection::visit_out(Visit visit) const {
  auto skip = out_offset_;
  for (auto i = out_at_; i < out_.size(); ++i) {
    for (const std::string_view part :
         {std::string_view(out_[i].head), std::string_view(out_[i].body), held(out_[i])}) {
      const auto gone = std::min(skip, part.size());
      skip -= gone;
      if (gone < part.size() && !visit(part.substr(gone))) return true;
    }
    if (out_[i].content && held(out_[i]).empty()) return true;
  }
  return false;
}

void Connection::drop_out(std::size_t bytes) {
  out_offset_ += bytes;
  while (out_at_ < out_.size()) {
    auto& out = out_[out_at_];
    const auto size = out.head.size() + out.body.size() + held(out).size();
    if (out_offset_ < size) return;
    out_offset_ -= size;
    if (out.file >= 0) {
      out.head.clear();
      out.body.clear();
      return;
    }
    if (out.content && held(out).empty()) {
      if (!load(out)) return;
    } else {
      out_[out_at_++] = {};
    }
  }
  out_.clear();
  out_at_ = out_offset_ = 0;
}

// Bytes of a file whose turn it is.
std::size_t Connection::left_in_file() const {
  if (out_at_ == out_.size() || out_[out_at_].file < 0) return 0;
  return static_cast<std::size_t>(out_[out_at_].content->size() - out_[out_at_].content_at);
}

// As many of them as the socket takes.
std::size_t Connection::send_file(boost::system::error_code& error) {
  auto& out = out_[out_at_];
  auto at = static_cast<off_t>(out.content_at);
  const auto sent = ::sendfile(socket_.native_handle(), out.file, &at, left_in_file());
  if (sent <= 0) {
    error.assign(sent < 0 ? errno : EIO, boost::system::system_category());
    return 0;
  }
  out.content_at += static_cast<std::uint64_t>(sent);
  if (left_in_file() == 0) {
    out = {};
    ++out_at_;
    drop_out(0);
  }
  return static_cast<std::size_t>(sent);
}

// The next piece of a content; false when it cannot be read any more, so that the answer cannot be ended.
bool Connection::load(Out& out) {
  out.head.clear();
  out.body = out.content->text(out.content_at, content_slice);
  out.content_at += out.body.size();
  const bool ended = out.content_at == out.content->size();
  if (out.body.empty() && !ended) {
    out_.clear();
    out_at_ = 0;
    cut();
    return false;
  }
  if (ended) out.content = nullptr;
  return true;
}

// Fills `wire_` when it is empty: a slice of what waits, and the good-bye after the last.
bool Connection::encrypt() {
  if (wire_at_ < wire_.size()) return true;
  wire_.clear();
  wire_at_ = 0;
  thread_local std::string plain;
  plain.clear();
  visit_out([&](std::string_view part) {
    plain.append(part.substr(0, tls_slice - plain.size()));
    return plain.size() < tls_slice;
  });
  drop_out(plain.size());
  if (!plain.empty()) return tls_->send(plain, wire_);
  if (closing_) tls_->close(wire_);
  return true;
}

void Connection::wait_writable(Time now) {
  writing_ = true;
  if (!blocked_) {  // from here on the client must keep the least rate
    blocked_ = true;
    mark(now);
  }
  socket_.async_wait(Tcp::socket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
    if (self->state_ == State::closed) return;
    if (error) return self->cut();
    self->writing_ = false;
    self->flush();
    if (self->writing_ || self->state_ == State::closed) return;
    self->blocked_ = false;
    self->mark(clock::Monotonic::now());
    self->process();
  });
}

// Bytes received; while we send, bytes that have reached the client.
std::uint64_t Connection::progress() {
  int queued = 0;
  if (!writing_ || ioctl(socket_.native_handle(), SIOCOUTQ, &queued) != 0) return received_;
  return sent_ - static_cast<std::uint64_t>(queued);
}

void Connection::mark(Time now) {
  mark_ = now;
  mark_progress_ = progress();
}

bool Connection::too_slow(Time now) {
  const auto& limits = shared_->limits;
  if (now - mark_ < limits.patience) return false;
  const auto asked = limits.slowest * static_cast<std::uint64_t>(limits.patience.count()) / 1000;
  const bool slow = progress() - mark_progress_ < asked;
  mark(now);
  return slow;
}

void Connection::sweep(Time now) {
  const auto& limits = shared_->limits;
  if (writing_) {
    if (too_slow(now)) abort();
    return;
  }
  const auto age = now - since_;
  switch (state_) {
    case State::idle:
      if (age > (tls_ && !tls_->established() ? limits.head_time : limits.idle)) cut();
      break;
    case State::head:
      if (age <= limits.head_time) break;
      refuse({408, "the head of the request took too long"});
      flush();
      break;
    case State::body:
      if (!too_slow(now)) break;
      refuse({408, "the body of the request came too slowly"});
      flush();
      break;
    case State::websocket:
      if (age > 2 * limits.idle) return cut();
      if (age <= limits.idle || pinged_) break;
      pinged_ = true;  // who is there answers
      push_frame(frame(Opcode::ping, {}), false);
      break;
    case State::lingering:
      if (age > limits.linger) cut();
      break;
    case State::handling:
    case State::closed:
      break;
  }
}

// The client may still be sending: closing at once would reset the connection and lose the answer on its way.
void Connection::begin_linger() {
  boost::system::error_code error;
  socket_.shutdown(Tcp::socket::shutdown_send, error);
  in_.consume(in_.view().size());
  enter(State::lingering, clock::Monotonic::now());
  read();
}

void Connection::drain() {
  if (state_ == State::websocket) return push_frame(close_frame(going_away), true);
  if (!idle() && state_ != State::lingering) return;
  closing_ = true;
  flush();
  cut();
}

// With a reset, so that the kernel drops what the client does not take.
void Connection::abort() {
  boost::system::error_code error;
  if (state_ != State::closed) socket_.set_option(asio::socket_base::linger(true, 0), error);
  cut();
}

void Connection::cut() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  boost::system::error_code error;
  socket_.close(error);
  resting_ = false;
  shared_->connections.remove(place_);
  if (const auto listener = std::exchange(listener_, nullptr)) listener->closed();
}

}  // namespace alzette::net
