// One client's connection, and what all of them share: the inside of the server of net/http.h.
#pragma once

#include <atomic>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>  // before Asio 1.18, which forgets it
#include <vector>

#include "src/clock.h"
#include "src/net/answer.h"
#include "src/net/body.h"
#include "src/net/buffer.h"
#include "src/net/http.h"
#include "src/net/websocket.h"

namespace alzette::net {

using Time = clock::Monotonic::time_point;
using Tcp = boost::asio::ip::tcp;
using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;
using Socket = boost::asio::basic_stream_socket<Tcp, Strand>;
class Connection;

// The connections of a server, the longest unused first. From any thread.
class Roll {
 public:
  using Place = std::list<std::weak_ptr<Connection>>::iterator;

  Place add(std::weak_ptr<Connection> connection);
  void remove(Place place);
  void used(Place place);
  std::size_t size() const;
  std::vector<std::shared_ptr<Connection>> all() const;
  std::shared_ptr<Connection> longest_resting() const;  // each is given once between two requests of its client

 private:
  mutable std::mutex mutex_;
  std::list<std::weak_ptr<Connection>> connections_;
};

// What all connections share.
struct Shared {
  explicit Shared(std::uint32_t threads) : io(static_cast<int>(threads)) {}

  boost::asio::io_context io;
  Limits limits;
  Handler handler;
  WebSocketDoor websockets;
  std::shared_ptr<const TlsContext> tls;
  bool log_requests = false;
  std::uint32_t most_connections = 0;
  Roll connections;
  std::atomic<std::uint64_t> requests{0};  // for ids
  std::atomic<bool> draining{false}, stopped{false};
};

// All but what is marked runs on its strand: on any of the server's threads, one at a time.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Shared> shared, Socket socket, bool secure);

  void start();
  void sweep(Time now);
  bool idle() const { return state_ == State::idle && !writing_; }
  void drain();  // closes now when idle, else after the answer
  void cut();    // closes now

  // From any thread.
  Strand strand() { return socket_.get_executor(); }
  bool take_rest() { return resting_.exchange(false); }  // whether it waits for a request, the first time only
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

  std::shared_ptr<Shared> shared_;
  Socket socket_;
  Roll::Place place_;
  State state_ = State::idle;
  std::atomic<bool> resting_{false};
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
