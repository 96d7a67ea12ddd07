// MLLP: connections, framing, time limits, drain.
#include "src/net/mllp.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <set>
#include <thread>
#include <vector>

#include "src/clock.h"
#include "src/log.h"
#include "src/metrics.h"
#include "src/net/address.h"

namespace alzette::net {

namespace asio = boost::asio;

namespace {

using Tcp = asio::ip::tcp;
using Time = clock::Monotonic::time_point;

constexpr char start_block = 0x0B;
constexpr char end_block = 0x1C;

struct Measures {
  metrics::Counter connections{"alzette_mllp_connections_total", "MLLP connections accepted"};
  metrics::Counter messages{"alzette_mllp_messages_total", "Frames that were complete"};
  metrics::Counter refused{"alzette_mllp_refused_frames_total", "Frames too long, broken or too slow"};
  metrics::Counter junk{"alzette_mllp_junk_bytes_total", "Bytes between frames, line ends aside"};
  metrics::Counter tls_refused{"alzette_mllp_tls_refused_total", "TLS connections that failed"};
};
const Measures& measures() {
  static const Measures all;
  return all;
}

class Session;

struct Shared {
  MllpLimits limits;
  MllpHandler handler;
  std::shared_ptr<const TlsContext> tls;
  asio::io_context io{1};
  std::set<Session*> sessions;
  std::atomic<bool> stopped{false};
  bool draining = false;
};

// Takes frames out of a stream of bytes.
class Frames {
 public:
  enum class State { more, frame, too_long, nested, junk };
  explicit Frames(const MllpLimits& limits) : limits_(limits) {}

  void append(std::string_view bytes) { in_ += bytes; }
  std::size_t waiting() const { return in_.size() - at_; }
  bool inside() const { return inside_; }
  std::string_view start() const { return std::string_view(in_).substr(at_); }

  State next(std::string& frame) {
    if (!inside_ && !skip_to_start()) return junk_ > limits_.junk ? State::junk : State::more;
    const auto end = in_.find(end_block, scanned_);
    const auto nested = std::string_view(in_).substr(0, end).find(start_block, scanned_);
    if (nested != std::string::npos) return State::nested;
    scanned_ = std::min(end, in_.size());
    if (scanned_ - at_ > limits_.message) return State::too_long;
    if (end == std::string::npos) return State::more;
    frame = in_.substr(at_, end - at_);
    at_ = end + 1;
    inside_ = false;
    junk_ = 0;
    compact();
    return State::frame;
  }

 private:
  // The end block's carriage return, and other line ends, belong between frames.
  bool skip_to_start() {
    std::size_t junk = 0;
    for (; at_ < in_.size(); ++at_) {
      if (in_[at_] == start_block && at_ + 1 < in_.size() && in_[at_ + 1] != start_block) break;
      if (in_[at_] == start_block && at_ + 1 == in_.size()) break;
      if (in_[at_] != '\r' && in_[at_] != '\n') ++junk;
    }
    if (junk) measures().junk.add(junk);
    junk_ += junk;
    compact();
    if (at_ == in_.size()) return false;
    ++at_;
    scanned_ = at_;
    inside_ = true;
    return junk_ <= limits_.junk;
  }

  void compact() {
    if (at_ < in_.size() / 2 && at_ < 64u << 10) return;
    in_.erase(0, at_);
    scanned_ -= std::min(scanned_, at_);
    at_ = 0;
  }

  const MllpLimits& limits_;
  std::string in_;
  std::size_t at_ = 0, scanned_ = 0, junk_ = 0;
  bool inside_ = false;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  // An answer that is waited for. Dropped without it (no memory), the connection ends, and the sender sends again.
  class Owed {
   public:
    explicit Owed(std::shared_ptr<Session> session) : session_(std::move(session)) {}
    ~Owed() {
      if (!given_) to_session([session = session_] { session->cut(); });
    }
    Owed(const Owed&) = delete;
    Owed& operator=(const Owed&) = delete;

    void give(std::string answer) {
      to_session([session = session_, text = std::move(answer)] { session->answer(text); });
      given_ = true;
    }

   private:
    template <class Work>
    void to_session(Work work) {
      if (!session_->shared_.stopped) asio::post(session_->shared_.io, std::move(work));
    }

    std::shared_ptr<Session> session_;
    bool given_ = false;
  };

  Session(std::shared_ptr<Shared> shared, Tcp::socket socket, bool secure)
      : keeps_(std::move(shared)), shared_(*keeps_), socket_(std::move(socket)), frames_(shared_.limits) {
    if (secure) tls_ = std::make_unique<TlsSession>(*shared_.tls);
  }

  void start() {
    boost::system::error_code error;
    socket_.set_option(Tcp::no_delay(true), error);
    const auto remote = socket_.remote_endpoint(error);
    if (!error) peer_ = remote.address().to_string();
    since_ = clock::Monotonic::now();
    shared_.sessions.insert(this);
    measures().connections.add();
    read();
  }

  void sweep(Time now) {
    const auto& limits = shared_.limits;
    const auto age = now - since_;
    if (shared_.draining && age > limits.sweep && idle()) return cut();
    if (writing_) {
      if (now - write_since_ > limits.send_time) cut();
    } else if (!working_ && frames_.inside() && age > limits.frame_time) {
      refuse("The message did not arrive in time");
    } else if (!working_ && tls_ && !tls_->established() && age > limits.frame_time) {
      cut();
    } else if (!working_ && age > limits.idle) {
      cut();
    }
  }

  bool busy() const { return working_ || writing_; }

  // Nothing that has arrived waits for its answer.
  bool idle() const {
    boost::system::error_code error;
    return !busy() && (socket_.available(error) == 0 || error);
  }

  void cut() {
    if (closed_) return;
    closed_ = true;
    boost::system::error_code error;
    socket_.shutdown(Tcp::socket::shutdown_send, error);
    socket_.close(error);
    shared_.sessions.erase(this);
  }

 private:
  void read() {
    if (reading_ || closed_ || closing_ ||
        frames_.waiting() > shared_.limits.ahead + (working_ ? 0 : shared_.limits.message))
      return;
    reading_ = true;
    socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](const auto& error, std::size_t n) {
      self->reading_ = false;
      if (self->closed_) return;
      if (error) return self->ended();
      self->received({self->buffer_.data(), n});
    });
  }

  // The peer sends no more: what it is owed is still sent.
  void ended() {
    if (!busy()) return cut();
    closing_ = true;
  }

  void received(std::string_view bytes) {
    if (!tls_) {
      frames_.append(bytes);
    } else {
      std::string plain;
      const auto state = tls_->receive(bytes, plain, out_);
      frames_.append(plain);
      if (state == TlsSession::State::failed) {
        log::write(log::Level::warning, "tls_refused", {{"peer", peer_}, {"reason", tls_->failure()}});
        measures().tls_refused.add();
      }
      if (state != TlsSession::State::open) {
        closing_ = true;
        send();
        if (!busy()) cut();
        return;
      }
      send();
    }
    process();
    read();
  }

  void process() {
    while (!working_ && !closed_ && !refused_ && out_.size() < shared_.limits.ahead) {
      std::string frame;
      const bool was_inside = frames_.inside();
      switch (frames_.next(frame)) {
        case Frames::State::more:
          if (frames_.inside() && !was_inside) since_ = clock::Monotonic::now();
          return;
        case Frames::State::frame:
          dispatch(std::move(frame));
          break;
        case Frames::State::too_long:
          return refuse("The message is longer than this server takes");
        case Frames::State::nested:
          return refuse("A new message starts before the one before has ended");
        case Frames::State::junk:
          measures().refused.add();
          return cut();
      }
    }
  }

  void dispatch(std::string frame) {
    working_ = true;
    since_ = clock::Monotonic::now();
    measures().messages.add();
    const auto owed = std::make_shared<Owed>(shared_from_this());
    shared_.handler.message(std::move(frame), peer_, [owed](std::string answer) { owed->give(std::move(answer)); });
  }

  void answer(const std::string& text) {
    if (closed_) return;
    working_ = false;
    since_ = clock::Monotonic::now();
    queue(text);
    if (closing_) {
      send();
      if (!writing_) cut();
      return;
    }
    process();
    send();
    read();
  }

  void queue(const std::string& text) {
    if (text.empty()) return;
    std::string frame;
    frame.reserve(text.size() + 3);
    ((frame += start_block) += text) += {end_block, '\r'};
    if (tls_) {
      if (!tls_->send(frame, out_)) cut();
    } else {
      out_ += frame;
    }
  }

  void refuse(std::string_view why) {
    measures().refused.add();
    refused_ = closing_ = true;
    queue(shared_.handler.refused(frames_.start(), why));
    send();
    if (!writing_) cut();
  }

  void send() {
    if (writing_ || closed_ || out_.empty()) return;
    writing_ = true;
    write_since_ = clock::Monotonic::now();
    sending_.swap(out_);
    out_.clear();
    asio::async_write(socket_, asio::buffer(sending_), [self = shared_from_this()](const auto& error, std::size_t) {
      self->writing_ = false;
      if (self->closed_) return;
      if (error) return self->cut();
      if (!self->out_.empty()) return self->send();
      if (self->closing_ && !self->working_) return self->cut();
      self->process();
      self->read();
    });
  }

  std::shared_ptr<Shared> keeps_;
  Shared& shared_;
  Tcp::socket socket_;
  Frames frames_;
  std::unique_ptr<TlsSession> tls_;
  std::array<char, 16u << 10> buffer_;
  std::string out_, sending_, peer_;
  Time since_;  // of the state that the sweep judges
  Time write_since_;
  bool reading_ = false, writing_ = false, working_ = false, closing_ = false, closed_ = false, refused_ = false;
};

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(std::shared_ptr<Shared> shared, bool secure)
      : shared_(std::move(shared)), acceptor_(shared_->io), again_(shared_->io), secure_(secure) {}

  std::optional<fhir::Outcome> open(const std::string& address, std::string& bound) {
    const auto endpoint = resolve(address);
    if (!endpoint) return cannot_listen(address, "not an address");
    boost::system::error_code error;
    acceptor_.open(endpoint->protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(*endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return cannot_listen(address, error.message());
    bound = text_of(acceptor_.local_endpoint(error));
    return std::nullopt;
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](const boost::system::error_code& error, Tcp::socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (error) return self->pause();
      if (self->shared_->sessions.size() < self->shared_->limits.connections)
        std::make_shared<Session>(self->shared_, std::move(socket), self->secure_)->start();
      self->accept();
    });
  }

  void close() {
    boost::system::error_code error;
    acceptor_.close(error);
    again_.cancel(error);
  }

 private:
  // Out of descriptors: waits a little, so as not to spin.
  void pause() {
    again_.expires_after(std::chrono::milliseconds(20));
    again_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && self->acceptor_.is_open()) self->accept();
    });
  }

  std::shared_ptr<Shared> shared_;
  Tcp::acceptor acceptor_;
  asio::steady_timer again_;
  bool secure_;
};

}  // namespace

struct MllpServer::State {
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  std::vector<std::shared_ptr<Listener>> listeners;
  std::string mllp, mllps;
  asio::steady_timer timer{shared->io};
  Time drain_until;
  std::thread thread;

  std::optional<fhir::Outcome> open(const std::string& address, bool secure, std::string& bound) {
    if (address.empty()) return std::nullopt;
    listeners.push_back(std::make_shared<Listener>(shared, secure));
    return listeners.back()->open(address, bound);
  }

  void sweep() {
    timer.expires_after(shared->limits.sweep);
    timer.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      const auto now = clock::Monotonic::now();
      for (auto* session : std::vector<Session*>(shared->sessions.begin(), shared->sessions.end())) session->sweep(now);
      if (shared->draining && (shared->sessions.empty() || now > drain_until)) return shared->io.stop();
      sweep();
    });
  }

  void begin_drain() {
    if (shared->draining) return;
    shared->draining = true;
    drain_until = clock::Monotonic::now() + shared->limits.drain;
    for (auto& listener : listeners) listener->close();
    shared->limits.sweep = std::min(shared->limits.sweep, std::chrono::milliseconds(20));
    timer.cancel();
    sweep();
  }
};

MllpServer::MllpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

fhir::Result<std::unique_ptr<MllpServer>> MllpServer::start(const MllpListen& listen, const MllpLimits& limits,
                                                            MllpHandler handler) {
  auto state = std::make_unique<State>();
  state->shared->limits = limits;
  state->shared->handler = std::move(handler);
  if (!listen.mllps.empty()) {
    auto tls = TlsContext::server(listen.tls.value_or(TlsFiles{}));
    if (!tls) return std::move(tls.outcome());
    state->shared->tls = std::move(*tls);
  }
  if (auto refused = state->open(listen.mllp, false, state->mllp)) return *refused;
  if (auto refused = state->open(listen.mllps, true, state->mllps)) return *refused;
  for (auto& listener : state->listeners) listener->accept();
  state->sweep();
  state->thread = std::thread([&io = state->shared->io] { io.run(); });
  return std::unique_ptr<MllpServer>(new MllpServer(std::move(state)));
}

MllpServer::~MllpServer() { stop(); }

const std::string& MllpServer::mllp() const { return state_->mllp; }
const std::string& MllpServer::mllps() const { return state_->mllps; }

void MllpServer::stop() {
  if (!state_->thread.joinable()) return;
  asio::post(state_->shared->io, [this] { state_->begin_drain(); });
  state_->thread.join();
  state_->shared->stopped = true;
  for (auto* session : std::vector<Session*>(state_->shared->sessions.begin(), state_->shared->sessions.end()))
    session->cut();
  // Whatever still waits for a closed socket is let go of.
  state_->shared->io.restart();
  state_->shared->io.poll();
}

}  // namespace alzette::net
