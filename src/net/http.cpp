// A connection: bytes in, requests to the handler, answers out in order. The head is checked by framing.h first and
// then read by Beast's parser; bodies are taken apart by framing.h. RFC 9112 §9.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <exception>
#include <unordered_map>

#include "src/log.h"
#include "src/metrics.h"
#include "src/net/ascii.h"
#include "src/net/connection.h"
#include "src/net/date.h"

namespace alzette::net {

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr std::size_t small_read = 4u << 10;       // what an idle connection holds
constexpr std::size_t large_read = 64u << 10;      // while a body comes in
constexpr std::uint64_t slow_request = 1'000'000;  // microseconds: worth a line in the log

// Beast's parser over a head that has passed our own check: fields straight into the request.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  HeadParser(Request& request, std::uint32_t head_size) : request_(request) {
    header_limit(head_size + 1);
    body_limit(boost::none);
    skip(true);
  }

 private:
  using Code = beast::error_code;
  using Text = beast::string_view;

  void on_request_impl(beast::http::verb, Text method, Text, int, Code&) override {
    request_.method.assign(method.data(), method.size());
  }
  void on_response_impl(int, Text, int, Code&) override {}
  void on_field_impl(beast::http::field, Text name, Text value, Code&) override {
    request_.headers.emplace_back(std::string(name), std::string(value));
  }
  void on_header_impl(Code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(Text, Code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text, Code&) override { return 0; }
  void on_finish_impl(Code&) override {}

  Request& request_;
};

bool is_plain_id(std::string_view id) { return id.size() <= 64 && std::all_of(id.begin(), id.end(), is_token); }

// Hexadecimal of 15 digits: unique within a run, and short enough to need no allocation.
std::string make_id(std::uint64_t number) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string id(15, '0');
  for (auto digit = id.rbegin(); digit != id.rend(); ++digit, number >>= 4) *digit = digits[number & 15];
  return id;
}

bool is_fhir(std::string_view head) {
  const auto target = head.find(' ');
  if (target == std::string_view::npos) return false;
  head.remove_prefix(target + 1);
  if (!head.starts_with("/fhir")) return false;
  head.remove_prefix(5);
  return head.empty() || head.front() == '/' || head.front() == '?' || head.front() == ' ';
}

void count(std::string_view route, int status, std::uint64_t microseconds) {
  struct Measures {
    metrics::Counter requests;
    metrics::Histogram time;
  };
  thread_local std::unordered_map<std::uint64_t, Measures> known;  // by route and status
  const auto key = reinterpret_cast<std::uintptr_t>(route.data()) * 1009 + static_cast<std::uint64_t>(status);
  auto found = known.find(key);
  if (found == known.end()) {
    const std::string label = "route=\"" + std::string(route.empty() ? "none" : route) + "\"";
    const std::string labels = label + ",status=\"" + std::to_string(status) + "\"";
    found = known
                .try_emplace(key, Measures{metrics::Counter("alzette_requests_total", "Requests answered", labels),
                                           metrics::Histogram("alzette_request_seconds",
                                                              "From the first byte of a request to its answer", label)})
                .first;
  }
  found->second.requests.add();
  found->second.time.observe(microseconds);
}

// What the handler is given to answer with. Dropped unanswered, it answers 500.
class Ticket {
 public:
  explicit Ticket(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~Ticket() { give(refusal_answer({500, "the request was dropped without an answer"}, false)); }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  // What cannot be given (no memory) is still owed: whoever caught that, or the end of the ticket, answers again.
  void give(Response response) {
    if (given_.exchange(true)) return;
    try {
      Connection::respond(connection_, std::move(response));
    } catch (...) {
      given_ = false;
      throw;
    }
  }

 private:
  std::shared_ptr<Connection> connection_;
  std::atomic<bool> given_{false};
};

}  // namespace

Connection::Connection(std::shared_ptr<Shared> shared, Socket socket, bool secure)
    : shared_(std::move(shared)), socket_(std::move(socket)), body_(shared_->limits.body) {
  request_.secure = secure;
  if (secure) tls_ = std::make_unique<TlsSession>(*shared_->tls);
}

void Connection::start() {
  boost::system::error_code error;
  socket_.non_blocking(true, error);
  socket_.set_option(Tcp::no_delay(true), error);
  const auto remote = socket_.remote_endpoint(error);
  if (!error) peer_ = remote.address().to_string();
  place_ = shared_->connections.add(weak_from_this());
  enter(State::idle, clock::Monotonic::now());
  if (shared_->draining) return drain();  // it was on its way
  read();
}

void Connection::enter(State state, Time now) {
  state_ = state;
  resting_ = state == State::idle;
  since_ = now;
  mark(now);
}

void Connection::read() {
  if (reading_ || writing_ || state_ == State::handling || state_ == State::closed) return;
  Buffer& buffer = tls_ ? raw_ : in_;
  if (state_ == State::idle) buffer.shrink(small_read);
  const auto [data, size] = buffer.room(state_ == State::body ? large_read : small_read);
  reading_ = true;
  socket_.async_read_some(asio::buffer(data, size),
                          [self = shared_from_this()](const boost::system::error_code& error, std::size_t n) {
                            self->on_read(error.failed(), n);
                          });
}

void Connection::on_read(bool failed, std::size_t n) {
  reading_ = false;
  if (state_ == State::closed) return;
  if (failed) return on_end();
  received_ += n;
  if (tls_) {
    raw_.commit(n);
    if (!decrypt(n)) return;
  } else {
    in_.commit(n);
  }
  if (state_ == State::lingering) {
    in_.consume(in_.view().size());
    return read();
  }
  process();
}

bool Connection::decrypt(std::size_t n) {
  thread_local std::string plain;
  plain.clear();
  const auto state = tls_->receive(raw_.view().substr(raw_.view().size() - n), plain, wire_);
  raw_.consume(raw_.view().size());
  if (!plain.empty()) in_.append(plain);
  if (state == TlsSession::State::open) return true;
  if (state == TlsSession::State::failed && state_ != State::lingering) {
    log::write(log::Level::warning, "tls_refused", {{"peer", peer_}, {"reason", tls_->failure()}});
    static const metrics::Counter refused("alzette_tls_refused_total", "TLS connections that failed");
    refused.add();
    closing_ = true;  // the alert goes out first
    flush();
  } else {
    on_end();
  }
  return false;
}

// The client will send no more.
void Connection::on_end() {
  if (state_ == State::head || state_ == State::body) {
    refuse({400, "the request was cut short"});
    if (state_ != State::closed) flush();
    if (!writing_) cut();
    return;
  }
  if (!writing_) cut();
}

// Takes as many requests out of the buffer as are complete; all answers leave together.
void Connection::process() {
  if (processing_) return;
  processing_ = true;
  while (!closing_ && advance()) {
  }
  processing_ = false;
  if (state_ == State::closed) return;
  flush();
  read();
}

bool Connection::advance() {
  switch (state_) {
    case State::idle:
      if (in_.view().starts_with("\r\n")) in_.consume(2);  // an empty line before a request: RFC 9112 §2.2
      if (in_.empty() || in_.view() == "\r") return false;
      check_ = HeadCheck();
      started_ = clock::Monotonic::now();
      enter(State::head, started_);
      return true;
    case State::head:
      return take_head();
    case State::body:
      return take_body();
    case State::websocket:
      return take_frame();
    case State::handling:
    case State::lingering:
    case State::closed:
      return false;
  }
  return false;
}

bool Connection::take_head() {
  const auto bytes = in_.view();
  switch (check_.check(bytes, shared_->limits.head)) {
    case HeadCheck::State::more:
      return false;
    case HeadCheck::State::refused:
      refuse(check_.refusal());
      return false;
    case HeadCheck::State::complete:
      break;
  }
  head_ = check_.head();
  request_.headers.reserve(head_.fields);
  HeadParser parser(request_, static_cast<std::uint32_t>(head_.size));
  beast::error_code error;
  parser.put(asio::const_buffer(bytes.data(), head_.size), error);
  if (error || !parser.is_done()) {
    refuse({400, "the head of the request is malformed"});
    return false;
  }
  request_.target = head_.target;
  exchange_.head_only = request_.method == "HEAD";
  exchange_.http10 = head_.http10;
  exchange_.keep_alive = head_.keep_alive;
  exchange_.takes_gzip = accepts_gzip(find(request_.headers, "Accept-Encoding"));
  const auto id = find(request_.headers, "X-Request-Id");
  exchange_.id = !id.empty() && is_plain_id(id) ? std::string(id) : make_id(++shared_->requests);
  if (exchange_.head_only) request_.method = "GET";
  return begin_body();
}

bool Connection::begin_body() {
  if (!head_.chunked && head_.length == 0) {
    in_.consume(head_.size);
    dispatch();
    return true;
  }
  // A coded body is held to the limit while it is decoded; more than the limit coded is too much already.
  const auto& limits = shared_->limits.body;
  const bool document = limits.takes_documents(request_.target);
  if (head_.length > (document ? limits.document_bytes : limits.bytes)) {
    refuse({413, "the body is larger than this server takes"});
    return false;
  }
  in_.consume(head_.size);
  left_ = head_.length;
  chunks_ = Chunks();
  body_.begin(head_.gzip, head_.length, document);
  enter(State::body, started_);
  if (head_.expects_continue && in_.empty()) {
    out_.push_back({"HTTP/1.1 100 Continue\r\n\r\n", {}, nullptr});
    flush();
  }
  return state_ == State::body;
}

bool Connection::take_body() {
  bool complete = false;
  if (head_.chunked) {
    complete = take_chunks();
  } else {
    const auto data = in_.view().substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, in_.view().size())));
    if (!keep(data)) return false;
    in_.consume(data.size());
    left_ -= data.size();
    complete = left_ == 0;
  }
  if (!complete) return false;
  switch (body_.finish(request_.body, request_.spooled)) {
    case Body::State::good:
      dispatch();
      return true;
    case Body::State::no_space:
      refuse({503, "no room to keep the body"});
      return false;
    case Body::State::damaged:
    case Body::State::too_large:
      break;
  }
  refuse({400, "the gzip body is damaged or cut short"});
  return false;
}

// True when the last chunk was taken.
bool Connection::take_chunks() {
  auto input = in_.view();
  const auto before = input.size();
  auto state = Chunks::State::data;
  while (state == Chunks::State::data) {
    std::string_view data;
    state = chunks_.next(input, data);
    if (state == Chunks::State::data && !keep(data)) return false;
  }
  if (state == Chunks::State::refused) refuse({400, "the chunked body is malformed"});
  in_.consume(before - input.size());
  return state == Chunks::State::complete;
}

bool Connection::keep(std::string_view data) {
  switch (body_.add(data)) {
    case Body::State::good:
      return true;
    case Body::State::damaged:
      refuse({400, "the gzip body is damaged or cut short"});
      break;
    case Body::State::too_large:
      refuse({413, head_.gzip ? "the body is larger than this server takes, or grows too much when decoded"
                              : "the body is larger than this server takes"});
      break;
    case Body::State::no_space:
      refuse({503, "no room to keep the body"});
      break;
  }
  return false;
}

void Connection::dispatch() {
  enter(State::handling, started_);
  shared_->connections.used(place_);
  Request request = std::move(request_);
  request_ = Request();
  request_.secure = request.secure;
  request.peer = peer_;
  request.id = exchange_.id;
  if (!shared_->websockets.path.empty() &&
      request.target.substr(0, request.target.find('?')) == shared_->websockets.path)
    return open_websocket(request);
  auto ticket = std::make_shared<Ticket>(shared_from_this());
  try {
    shared_->handler(std::move(request), [ticket](Response response) { ticket->give(std::move(response)); });
  } catch (const std::exception& error) {
    log::write(log::Level::error, "handler_failed", {{"id", exchange_.id}, {"what", error.what()}});
    ticket->give(refusal_answer({500, "an internal error; the log has more under the request's id"}, false));
  }
}

void Connection::respond(const std::shared_ptr<Connection>& connection, Response response) {
  const auto& shared = *connection->shared_;
  if (shared.stopped) return;
  // The connection waits for this answer, so its exchange does not change; compression costs the thread that answers.
  compress(response, connection->exchange_.takes_gzip, shared.limits.gzip_from);
  asio::dispatch(connection->strand(),
                 [connection, answer = std::move(response)]() mutable { connection->answer(std::move(answer)); });
}

void Connection::answer(Response response) {
  if (state_ != State::handling) return;
  if (shared_->draining) exchange_.keep_alive = false;
  const int status = response.status;
  const auto route = response.route;
  std::string head = head_of(response, exchange_, date_now());
  const auto content = response.content ? static_cast<std::size_t>(response.content->size()) : 0;
  report(status, head.size() + response.body.size() + content, route);
  const int file = response.content && !tls_ ? response.content->file() : -1;
  out_.push_back({std::move(head), std::move(response.body), std::move(response.content), 0, file});
  if (exchange_.keep_alive)
    enter(State::idle, clock::Monotonic::now());
  else
    closing_ = true;
  process();
}

void Connection::refuse(const Refusal& refusal) {
  const bool fhir = state_ == State::head ? is_fhir(in_.view()) : is_fhir(" " + request_.target);
  auto response = refusal_answer(refusal, fhir);
  exchange_.keep_alive = false;
  if (state_ == State::head) exchange_.id.clear();
  const auto head = head_of(response, exchange_, date_now());
  report(refusal.status, head.size() + response.body.size(), {});
  out_.push_back({head, std::move(response.body), nullptr});
  closing_ = true;
}

void Connection::report(int status, std::size_t bytes, std::string_view route) {
  const auto taken = clock::microseconds_since(started_);
  count(route, status, taken);
  const bool notable = status >= 500 || taken >= slow_request;
  if (!notable && !shared_->log_requests) return;
  log::write_later(notable ? log::Level::warning : log::Level::info, "request",
                   {{"id", exchange_.id},
                    {"route", route},
                    {"status", status},
                    {"bytes", bytes},
                    {"microseconds", taken},
                    {"peer", peer_}});
}

}  // namespace alzette::net
