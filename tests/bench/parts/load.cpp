// See load.h. Answers are told apart by Content-Length; the server under test never sends chunks to such requests.

#include "tests/bench/parts/load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
  int socket = -1;
  std::string out;
  std::vector<char> in;   // while an answer comes, and until it was looked at
  std::size_t held = 0;   // bytes of `in` that have come
  std::size_t head = 0;   // bytes before the body
  std::size_t whole = 0;  // bytes of the answer; 0 until that is known
  Clock::time_point start;
  Answer last;
  bool answered = false;
};

int connect_to(std::uint16_t port) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect to port " + std::to_string(port));
  int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

bool is_frame(std::string_view in) { return in.starts_with('\x0B'); }

// Finds out where the answer that has begun will end, once that can be told.
void find_end(Connection& connection) {
  const std::string_view in(connection.in.data(), connection.held);
  if (is_frame(in)) {
    connection.head = 1;
    const auto end = in.find("\x1C\r");
    if (end != std::string_view::npos) connection.whole = end + 2;
    return;
  }
  const auto end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return;
  connection.head = end + 4;
  const std::string_view head = in.substr(0, connection.head);
  static constexpr std::string_view name = "\r\ncontent-length:";
  const auto found = std::search(head.begin(), head.end(), name.begin(), name.end(),
                                 [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
  std::size_t length = 0;
  if (found != head.end()) length = std::strtoul(found + name.size(), nullptr, 10);
  connection.whole = connection.head + length;
}

int status_of(std::string_view in) {
  if (!is_frame(in)) return std::atoi(in.data() + 9);
  return in.find("\rMSA|AA") != std::string_view::npos ? 200 : 400;
}

class Run {
 public:
  // rate 0: closed loop.
  Run(std::uint16_t port, unsigned clients, double rate, const Next& next)
      : next_(next), rate_(rate), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    connections_.resize(clients);
    open_ = clients;
    for (unsigned i = 0; i < clients; ++i) {
      connections_[i].socket = connect_to(port);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u32 = i;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i].socket, &event);
    }
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    for (Connection& connection : connections_)
      if (connection.socket >= 0) ::close(connection.socket);
    ::close(epoll_);
  }

  Figures operator()(double seconds, double warm = 0) {
    const auto start = Clock::now();
    counts_from_ = start + span(warm);
    end_ = counts_from_ + span(seconds);
    for (unsigned i = 0; i < connections_.size(); ++i) ready(i);
    std::vector<epoll_event> events(connections_.size());
    Clock::time_point due = start;
    while (open_ > 0 && Clock::now() < end_ + std::chrono::seconds(30)) {
      for (; rate_ > 0 && !idle_.empty() && due <= Clock::now(); due += span(1 / rate_)) fire(take_idle(), due);
      if (open_ == 0) break;
      int count = wait(events, due);
      for (int i = 0; i < count; ++i) receive(events[static_cast<std::size_t>(i)].data.u32);
    }
    return figures(std::chrono::duration<double>(Clock::now() - counts_from_).count());
  }

 private:
  static Clock::duration span(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  int wait(std::vector<epoll_event>& events, Clock::time_point due) {
    std::chrono::nanoseconds left = std::chrono::seconds(1);
    if (rate_ > 0 && !idle_.empty()) left = std::clamp<std::chrono::nanoseconds>(due - Clock::now(), left * 0, left);
    const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    return ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  }

  void ready(unsigned index) {
    if (rate_ > 0)
      idle_.push_back(index);
    else
      fire(index, Clock::now());
  }
  unsigned take_idle() {
    unsigned index = idle_.back();
    idle_.pop_back();
    return index;
  }

  void fire(unsigned index, Clock::time_point start) {
    Connection& connection = connections_[index];
    connection.out = start < end_ ? next_(index, connection.answered ? &connection.last : nullptr) : "";
    if (!connection.in.empty()) spare_.push_back(std::exchange(connection.in, {}));
    if (connection.out.empty()) {
      --open_;
      return;
    }
    connection.start = rate_ > 0 ? start : Clock::now();
    // Requests are small against a socket's buffer, so that a blocking send does not wait.
    for (std::size_t at = 0; at < connection.out.size();) {
      ssize_t sent = ::send(connection.socket, connection.out.data() + at, connection.out.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return broken(connection);
      at += static_cast<std::size_t>(sent);
    }
  }

  void receive(unsigned index) {
    Connection& connection = connections_[index];
    if (connection.in.empty() && !spare_.empty()) {
      connection.in = std::move(spare_.back());
      spare_.pop_back();
    }
    connection.in.resize(std::max({connection.in.size(), connection.held + 65536, connection.whole}));
    const ssize_t got = ::recv(connection.socket, connection.in.data() + connection.held,
                               connection.in.size() - connection.held, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return broken(connection);
    connection.held += static_cast<std::size_t>(got);
    if (connection.whole == 0) find_end(connection);
    if (connection.whole == 0 || connection.held < connection.whole) return;
    finish(connection);
    ready(index);
  }

  void finish(Connection& connection) {
    const std::string_view answer(connection.in.data(), connection.whole);
    connection.last = {status_of(answer), answer.substr(connection.head)};
    connection.answered = true;
    connection.held = connection.whole = 0;
    if (connection.start < counts_from_) return;
    latencies_.push_back(std::chrono::duration<float, std::milli>(Clock::now() - connection.start).count());
    bytes_ += connection.last.body.size();
    ++(connection.last.status / 100 == 2 ? good_ : bad_);
  }

  void broken(Connection& connection) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.socket, nullptr);
    ::close(connection.socket);
    connection.socket = -1;
    ++bad_;
    --open_;
  }

  Figures figures(double elapsed) {
    Figures result;
    result.good = good_;
    result.bad = bad_;
    if (latencies_.empty()) return result;
    std::sort(latencies_.begin(), latencies_.end());
    auto count = static_cast<double>(latencies_.size());
    result.rate = count / elapsed;
    result.p50 = latencies_[latencies_.size() / 2];
    result.p99 = latencies_[latencies_.size() * 99 / 100];
    result.bytes = static_cast<double>(bytes_) / count;
    return result;
  }

  const Next& next_;
  const double rate_;
  int epoll_;
  std::vector<unsigned> idle_;
  std::vector<Connection> connections_;
  std::vector<std::vector<char>> spare_;  // as large as the answers; the last one is still in the core's cache
  Clock::time_point counts_from_, end_;
  std::vector<float> latencies_;
  std::uint64_t good_ = 0, bad_ = 0, bytes_ = 0;
  unsigned open_ = 0;
};

}  // namespace

Figures drive(std::uint16_t port, unsigned clients, double seconds, const Next& next, double warm) {
  return Run(port, clients, 0, next)(seconds, warm);
}

Figures paced(std::uint16_t port, unsigned clients, double rate, double seconds, const Next& next) {
  return Run(port, clients, rate, next)(seconds);
}

Page ask(std::uint16_t port, const std::string& request) {
  Page page;
  bool asked = false;
  drive(port, 1, 60, [&](unsigned, const Answer* last) {
    if (last) page = {last->status, std::string(last->body)};
    return std::exchange(asked, true) ? std::string() : request;
  });
  return page;
}

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nAccept: application/fhir+json\r\n\r\n";
}

std::string frame(const std::string& message) { return "\x0B" + message + "\x1C\r"; }

std::string send(const char* method, const std::string& target, const std::string& body) {
  return std::string(method) + ' ' + target +
         " HTTP/1.1\r\nHost: localhost\r\nAccept: application/fhir+json\r\nContent-Type: application/fhir+json\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace bench
