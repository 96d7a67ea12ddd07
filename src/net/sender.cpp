// Outgoing requests: see sender.h. RFC 9112.
#include "src/net/sender.h"

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <list>
#include <thread>
#include <unordered_map>

#include "src/log.h"
#include "src/net/address.h"
#include "src/net/ascii.h"
#include "src/net/tls.h"

namespace alzette::net {

namespace asio = boost::asio;
using fhir::Kind;
using fhir::Outcome;
using fhir::Result;
using Tcp = asio::ip::tcp;
using Error = boost::system::error_code;

namespace {

Outcome failed(std::string why) { return {Kind::timeout, "transient", std::move(why)}; }

bool is_safe(std::string_view text) { return text.find_first_of("\r\n") == text.npos && text.find('\0') == text.npos; }

Result<std::string> bytes_of(const Outgoing& outgoing, const Endpoint& endpoint) {
  std::string bytes = outgoing.method + " " + endpoint.target + " HTTP/1.1\r\nHost: " + endpoint.authority() + "\r\n";
  for (const auto& [name, value] : outgoing.headers) {
    if (!is_safe(name) || !is_safe(value)) return Outcome(Kind::unprocessable, "value", "a header is not one line");
    bytes.append(name).append(": ").append(value).append("\r\n");
  }
  bytes += "Content-Length: " + std::to_string(outgoing.body.size()) + "\r\nConnection: close\r\n\r\n";
  return bytes + outgoing.body;
}

// What is known of an answer from the bytes that have come.
class Answer {
 public:
  // True when there is no more to wait for.
  bool add(std::string_view bytes, std::size_t most) {
    text_ += bytes;
    while (!status_ || *status_ < 200) {
      const auto end = text_.find("\r\n\r\n");
      if (end == text_.npos) return text_.size() > most;
      if (!read_head(text_.substr(0, end + 2))) return true;
      text_.erase(0, end + 4);
    }
    if (chunked_) return text_.ends_with("0\r\n\r\n") || text_.size() > most;
    return (length_ && text_.size() >= *length_) || text_.size() > most;
  }
  // Nothing: no answer of HTTP.
  std::optional<int> status() const { return status_ && *status_ >= 200 ? status_ : std::nullopt; }

 private:
  bool read_head(std::string_view head) {
    status_.reset();
    constexpr std::string_view protocol = "HTTP/1.";
    if (head.size() < 13 || !head.starts_with(protocol) || head[8] != ' ') return false;
    int status = 0;
    if (std::from_chars(head.data() + 9, head.data() + 12, status).ptr != head.data() + 12 || status < 100)
      return false;
    status_ = status;
    for (auto at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
      const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
      const auto colon = line.find(':');
      if (colon == line.npos) continue;
      const auto value = trim(line.substr(colon + 1));
      if (same_word(line.substr(0, colon), "Transfer-Encoding")) chunked_ = true;
      std::size_t length = 0;
      if (same_word(line.substr(0, colon), "Content-Length") &&
          std::from_chars(value.data(), value.data() + value.size(), length).ec == std::errc())
        length_ = length;
    }
    if (status == 204 || status == 304) length_ = 0;
    return true;
  }
  std::string text_;
  std::optional<int> status_;
  std::optional<std::size_t> length_;
  bool chunked_ = false;
};

// A fault in making it costs this one request alone.
Result<std::optional<Outgoing>> made(const Sender::Make& make) {
  try {
    return make();
  } catch (const std::exception& error) {
    log::write(log::Level::error, "request_not_made", {{"reason", error.what()}});
    return failed("the request could not be made");
  }
}

// One request on its way, on the sender's thread.
class Errand : public std::enable_shared_from_this<Errand> {
 public:
  Errand(asio::io_context& io, const TlsContext& tls, std::size_t most, Endpoint endpoint, Tcp::endpoint address,
         std::string request, Sender::Done done)
      : socket_(io),
        timer_(io),
        most_(most),
        address_(std::move(address)),
        request_(std::move(request)),
        done_(std::move(done)) {
    if (endpoint.tls) tls_ = std::make_unique<TlsSession>(tls, endpoint.host);
  }

  void start(std::chrono::milliseconds patience) {
    timer_.expires_after(patience);
    timer_.async_wait([self = shared_from_this()](const Error& error) {
      if (!error) self->end("no answer in time");
    });
    socket_.async_connect(address_, [self = shared_from_this()](const Error& error) {
      if (error) return self->end("cannot connect: " + error.message());
      if (self->tls_)
        self->tls_->greet(self->wire_);
      else
        self->wire_ = std::move(self->request_);
      self->write();
      self->read();
    });
  }

 private:
  void write() {
    if (writing_ || wire_.empty() || !done_) return;
    writing_ = true;
    sent_ = std::exchange(wire_, {});
    asio::async_write(socket_, asio::buffer(sent_), [self = shared_from_this()](const Error& error, std::size_t) {
      self->writing_ = false;
      if (!error) self->write();  // otherwise the answer may have come already; reading tells
    });
  }

  void read() {
    socket_.async_read_some(asio::buffer(part_), [self = shared_from_this()](const Error& error, std::size_t n) {
      if (!self->done_) return;
      if (error) return self->end("the connection was closed");
      if (!self->take({self->part_.data(), n})) self->read();
    });
  }

  // True: ended.
  bool take(std::string_view bytes) {
    std::string plain;
    if (tls_) {
      const auto state = tls_->receive(bytes, plain, wire_);
      if (state == TlsSession::State::failed) return end("TLS: " + std::string(tls_->failure())), true;
      if (tls_->established() && !request_.empty()) tls_->send(std::exchange(request_, {}), wire_);
      write();
      bytes = plain;
    }
    if (!answer_.add(bytes, most_)) return false;
    end("the answer is not one of HTTP");
    return true;
  }

  void end(const std::string& why) {
    if (!done_) return;
    Error ignored;
    timer_.cancel(ignored);
    socket_.close(ignored);
    const auto status = answer_.status();
    std::exchange(done_, nullptr)(status ? Result<int>(*status) : Result<int>(failed(why)));
  }

  Tcp::socket socket_;
  asio::steady_timer timer_;
  const std::size_t most_;
  const Tcp::endpoint address_;
  std::string request_;
  Sender::Done done_;
  std::unique_ptr<TlsSession> tls_;
  std::string wire_, sent_;
  bool writing_ = false;
  Answer answer_;
  std::array<char, 8 << 10> part_;
};

}  // namespace

// Outlives what is posted: stop() waits for both threads.
struct Sender::State {
  struct Waiting {
    std::string host;
    Make make;
    Done done;
  };
  struct Host {
    std::size_t active = 0;
    bool ailing = false;  // it did not answer the last time
  };

  State(const Egress& rules, Limits most) : egress(rules), limits(most), makers(most.makers) {}

  const Egress& egress;
  const Limits limits;
  std::shared_ptr<const TlsContext> tls = TlsContext::client();
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::thread_pool makers;
  std::thread thread;
  // What follows belongs to the thread.
  std::unordered_map<std::string, Host> hosts;
  std::list<Waiting> waiting;
  std::size_t active = 0;

  void take(const std::string& url, Make make, Done done) {
    const auto endpoint = egress.judge_secure(url);
    if (!endpoint) return done(endpoint.outcome());
    waiting.push_back({endpoint->authority(), std::move(make), std::move(done)});
    begin_some();
  }

  void begin_some() {
    for (auto next = waiting.begin(); next != waiting.end() && active < limits.connections;) {
      auto& host = hosts[next->host];
      if (host.active >= (host.ailing ? 1 : limits.per_host)) {
        ++next;
        continue;
      }
      ++host.active;
      ++active;
      begin(std::move(*next));
      next = waiting.erase(next);
    }
  }

  // Making and looking up take their time: not on this thread.
  void begin(Waiting one) {
    Done done = [this, host = one.host, inner = std::move(one.done)](Result<int> result) {
      ended(host, result || result.outcome().kind != Kind::timeout);
      inner(std::move(result));
      begin_some();
    };
    asio::post(makers, [this, make = std::move(one.make), done = std::move(done)] {
      auto outgoing = made(make);
      if (outgoing && !*outgoing) outgoing = Outcome(Kind::absent, "not-found", "there is nothing to send any more");
      auto address = outgoing ? egress.resolve((**outgoing).url) : Result<std::string>(outgoing.outcome());
      asio::post(io, [this, done, outgoing = std::move(outgoing), address = std::move(address)] {
        if (!address) return done(address.outcome());
        go(**outgoing, *address, done);
      });
    });
  }

  void go(const Outgoing& outgoing, const std::string& resolved, const Done& done) {
    auto endpoint = egress.judge_secure(outgoing.url);
    if (!endpoint) return done(std::move(endpoint.outcome()));
    const auto address = resolve(resolved);
    if (!address) return done(failed("the address cannot be read"));
    auto bytes = bytes_of(outgoing, *endpoint);
    if (!bytes) return done(std::move(bytes.outcome()));
    std::make_shared<Errand>(io, *tls, limits.answer, std::move(*endpoint), *address, std::move(*bytes), done)
        ->start(outgoing.patience);
  }

  void ended(const std::string& name, bool answered) {
    const auto found = hosts.find(name);
    --active;
    found->second.ailing = !answered;
    if (--found->second.active == 0 && answered) hosts.erase(found);
  }
};

Sender::Sender(const Egress& egress, Limits limits) : state_(std::make_unique<State>(egress, limits)) {
  state_->thread = std::thread([state = state_.get()] { state->io.run(); });
}

Sender::~Sender() { stop(); }

void Sender::send(std::string url, Make make, Done done) {
  asio::post(state_->io, [state = state_.get(), url = std::move(url), make = std::move(make), done = std::move(done)] {
    state->take(url, make, done);
  });
}

void Sender::stop() {
  if (!state_->thread.joinable()) return;
  state_->makers.stop();
  state_->makers.join();
  state_->io.stop();
  state_->thread.join();
}

}  // namespace alzette::net
