// The sending side of MLLP.
#include "src/net/mllp_client.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

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
    connected = why.empty();
    return why;
  }

  std::string write(const std::string& frame) {
    bool done = false;
    boost::system::error_code error;
    asio::async_write(socket, asio::buffer(frame), [&](const boost::system::error_code& result, std::size_t) {
      error = result;
      done = true;
    });
    return finish(done, error);
  }

  // Up to the end block, which is left out with what stands before the start block.
  std::string read(std::string& answer) {
    std::array<char, 4096> part;
    for (;;) {
      bool done = false;
      std::size_t size = 0;
      boost::system::error_code error;
      socket.async_read_some(asio::buffer(part), [&](const boost::system::error_code& result, std::size_t n) {
        error = result;
        size = n;
        done = true;
      });
      if (auto why = finish(done, error); !why.empty()) return why;
      answer.append(part.data(), size);
      if (answer.size() > most_answer) return close(), "the answer is too long";
      const auto end = answer.find('\x1C');
      if (end == std::string::npos) continue;
      const auto start = answer.find('\x0B');
      answer = start < end ? answer.substr(start + 1, end - start - 1) : answer.substr(0, end);
      return {};
    }
  }
};

MllpClient::MllpClient(std::string address, std::chrono::milliseconds patience) : state_(std::make_unique<State>()) {
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
