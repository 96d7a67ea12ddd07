// One client's connection and the core it lives on: the inside of the server of net/http.h.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>  // before Asio 1.18, which forgets it
#include <vector>

#include "src/clock.h"
#include "src/metrics.h"
#include "src/net/answer.h"
#include "src/net/body.h"
#include "src/net/buffer.h"
#include "src/net/http.h"
#include "src/net/websocket.h"

namespace alzette::net {

using Time = clock::Monotonic::time_point;
using Tcp = boost::asio::ip::tcp;
class Connection;
struct Core;

// What all cores share.
struct Shared {
  Limits limits;
  Handler handler;
  WebSocketDoor websockets;
  std::shared_ptr<const TlsContext> tls;
  bool log_requests = false;
  std::uint32_t most_connections = 0;
  std::atomic<std::uint32_t> open{0};
  std::vector<std::weak_ptr<Core>> cores;
};

// One thread's part of the server. Everything but `io`, `stopped` and `open` belongs to that thread alone.
struct Core {
  explicit Core(std::shared_ptr<Shared> all) : shared(std::move(all)) {}

  std::shared_ptr<Shared> shared;
  boost::asio::io_context io{1};
  std::thread::id thread;
  std::atomic<bool> stopped{false};
  std::atomic<std::uint32_t> open{0};  // connections, with those on their way to this core
  bool draining = false;
  std::string date;
  std::uint64_t requests = 0;  // for ids
  std::uint32_t number = 0;
  std::list<Connection*> connections;  // the longest unused first
  std::string plain;                   // decrypted bytes on their way

  void count(std::string_view route, int status, std::uint64_t microseconds);

 private:
  struct Measures {
    metrics::Counter requests;
    metrics::Histogram time;
  };
  std::unordered_map<std::uint64_t, Measures> measures_;  // by route and status
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Core> core, Tcp::socket socket, bool secure);

  void start();
  void sweep(Time now);
  bool idle() const { return state_ == State::idle && !writing_; }
  void drain();  // closes now when idle, else after the answer
  void cut();    // closes now

  // From any thread.
  static void respond(const std::shared_ptr<Connection>& connection, Response response);
  static void send_frame(const std::shared_ptr<Connection>& connection, std::string frame, bool last);

 private:
  enum class State : std::uint8_t { idle, head, body, handling, websocket, lingering, closed };
  struct Out {
    std::string head, body;
    std::shared_ptr<const fhir::Content> content;  // what follows; pieces of it become the body in turn
    std::uint64_t content_at = 0;
    int file = -1;  // the content's, when it is sent from there
  };

  void read();
  void on_read(bool failed, std::size_t n);
  bool decrypt(std::size_t n);
  void on_end();
  void process();
  bool advance();
  bool take_head();
  bool begin_body();
  bool take_body();
  bool take_chunks();
  bool keep(std::string_view data);
  void dispatch();
  void open_websocket(const Request& request);
  bool take_frame();
  void push_frame(std::string frame, bool last);
  void answer(Response response);
  void refuse(const Refusal& refusal);
  void report(int status, std::size_t bytes, std::string_view route);
  void flush();
  bool write_out(Time now);
  static std::string_view held(const Out& out);
  template <class Visit>
  bool visit_out(Visit visit) const;
  void drop_out(std::size_t bytes);
  std::size_t left_in_file() const;
  std::size_t send_file(boost::system::error_code& error);
  bool load(Out& out);
  bool encrypt();
  void wait_writable(Time now);
  std::uint64_t progress();
  void mark(Time now);
  bool too_slow(Time now);
  void abort();
  void begin_linger();
  void enter(State state, Time now);

  std::shared_ptr<Core> core_;
  Tcp::socket socket_;
  std::list<Connection*>::iterator place_;
  State state_ = State::idle;
  bool reading_ = false, writing_ = false, blocked_ = false, processing_ = false, closing_ = false;
  Time since_;                                                 // of the state
  Time mark_;                                                  // start of the window in which a rate is measured
  std::uint64_t mark_progress_ = 0, received_ = 0, sent_ = 0;  // bytes
  Buffer in_;
  HeadCheck check_;
  Head head_;
  Chunks chunks_;
  std::uint64_t left_ = 0;  // of a body with a length
  Body body_;
  Request request_;
  Exchange exchange_;
  Time started_;
  std::string peer_;
  std::vector<Out> out_;
  std::size_t out_at_ = 0, out_offset_ = 0;
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<Frames> frames_;  // of a WebSocket, as is
  std::shared_ptr<WebSocketListener> listener_;
  bool pinged_ = false;
  Buffer raw_;
  std::string wire_;
  std::size_t wire_at_ = 0;
};

}  // namespace alzette::net
