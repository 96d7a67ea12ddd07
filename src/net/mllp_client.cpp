// The sending side of MLLP.
#include "src/net/mllp_client.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace alzette::net {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

namespace {

constexpr std::size_t most_answer = 1u << 20;

}  // namespace

struct MllpClient::State {
  std::string address;
  std::chrono::milliseconds patience;
  asio::io_context io{1};
  Tcp::socket socket{io};
  bool connected = false;
  std::shared_ptr<const TlsContext> tls;
  std::unique_ptr<TlsSession> session;  // of this connection, null when it is plain
  std::string early;                    // what came with the end of the handshake

  // Runs what was started until it is done or `patience` is over; the reason when it is not done.
  std::string finish(const bool& done, const boost::system::error_code& error) {
    io.restart();
    io.run_for(patience);
    if (done && !error) return {};
    close();
    return done ? error.message() : "no answer in time";
  }

  void close() {
    boost::system::error_code ignored;
    socket.close(ignored);
    connected = false;
    io.restart();
    io.poll();  // the handlers of what was given up
  }

  std::string connect() {
    const auto colon = address.rfind(':');
    boost::system::error_code error;
    const auto found = Tcp::resolver(io).resolve(address.substr(0, colon), address.substr(colon + 1), error);
    if (error) return error.message();
    bool done = false;
    asio::async_connect(socket, found, [&](const boost::system::error_code& result, const Tcp::endpoint&) {
      error = result;
      done = true;
    });
    auto why = finish(done, error);
    early.clear();
    session = tls ? std::make_unique<TlsSession>(*tls, address.substr(0, colon)) : nullptr;
    if (why.empty() && session) why = shake_hands();
    connected = why.empty();
    return why;
  }

  std::string shake_hands() {
    std::string wire;
    auto state = session->receive({}, early, wire);
    for (;;) {
      if (auto why = write_bytes(wire); !wire.empty() && !why.empty()) return why;
      wire.clear();
      if (state != TlsSession::State::open) return close(), "TLS: " + std::string(session->failure());
      if (session->established()) return {};
      std::string bytes;
      if (auto why = read_bytes(bytes); !why.empty()) return why;
      state = session->receive(bytes, early, wire);
    }
  }

  std::string write(const std::string& frame) {
    if (!session) return write_bytes(frame);
    std::string wire;
    if (!session->send(frame, wire)) return close(), "TLS: the session is broken";
    return write_bytes(wire);
  }

  std::string write_bytes(const std::string& frame) {
    bool done = false;
    boost::system::error_code error;
    asio::async_write(socket, asio::buffer(frame), [&](const boost::system::error_code& result, std::size_t) {
      error = result;
      done = true;
    });
    return finish(done, error);
  }

  // Some more bytes of the wire.
  std::string read_bytes(std::string& bytes) {
    std::array<char, 4096> part;
    bool done = false;
    std::size_t size = 0;
    boost::system::error_code error;
    socket.async_read_some(asio::buffer(part), [&](const boost::system::error_code& result, std::size_t n) {
      error = result;
      size = n;
      done = true;
    });
    auto why = finish(done, error);
    bytes.append(part.data(), size);
    return why;
  }

  // Some more of what they say.
  std::string read_plain(std::string& plain) {
    if (!session) return read_bytes(plain);
    if (!early.empty()) return plain.append(std::exchange(early, {})), std::string();
    std::string bytes, wire;
    if (auto why = read_bytes(bytes); !why.empty()) return why;
    const auto state = session->receive(bytes, plain, wire);
    if (!wire.empty())
      if (auto why = write_bytes(wire); !why.empty()) return why;
    return state == TlsSession::State::open || !plain.empty() ? std::string() : (close(), "TLS: the peer has gone");
  }

  // Up to the end block, which is left out with what stands before the start block.
  std::string read(std::string& answer) {
    for (;;) {
      if (auto why = read_plain(answer); !why.empty()) return why;
      if (answer.size() > most_answer) return close(), "the answer is too long";
      const auto end = answer.find('\x1C');
      if (end == std::string::npos) continue;
      const auto start = answer.find('\x0B');
      answer = start < end ? answer.substr(start + 1, end - start - 1) : answer.substr(0, end);
      return {};
    }
  }
};

MllpClient::MllpClient(std::string address, std::chrono::milliseconds patience, std::shared_ptr<const TlsContext> tls)
    : state_(std::make_unique<State>()) {
  state_->tls = std::move(tls);
  state_->address = std::move(address);
  state_->patience = patience;
}

MllpClient::~MllpClient() = default;

fhir::Result<std::string> MllpClient::send(std::string_view message) {
  std::string why = state_->connected ? std::string() : state_->connect();
  std::string answer;
  if (why.empty()) why = state_->write("\x0B" + std::string(message) + "\x1C\r");
  if (why.empty()) why = state_->read(answer);
  if (!why.empty()) return fhir::Outcome(fhir::Kind::timeout, "transient", state_->address + ": " + why);
  return answer;
}

}  // namespace alzette::net
