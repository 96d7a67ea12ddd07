// Accepting, the sweep of every second, and the end. See net/http.h.
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <thread>

#include "src/log.h"
#include "src/net/address.h"
#include "src/net/connection.h"

namespace alzette::net {

namespace asio = boost::asio;

namespace {

using Timer = asio::basic_waitable_timer<clock::Monotonic, asio::wait_traits<clock::Monotonic>, Strand>;
constexpr std::uint32_t kept_descriptors = 256;  // for the store, logs and files
constexpr int backlog = 4096;
// Where others want its core, a thread makes way between two requests: the system would take the core amid one, which
// would then wait for the thread's next turn.
constexpr std::chrono::milliseconds longest_turn{1};

// Raises the limit of open files as far as it goes and says how many connections fit.
std::uint32_t connections_that_fit(std::uint32_t wanted) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return wanted;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  getrlimit(RLIMIT_NOFILE, &files);
  const auto most = files.rlim_cur > 2 * kept_descriptors ? files.rlim_cur - kept_descriptors : files.rlim_cur / 2;
  return static_cast<std::uint32_t>(std::min<rlim_t>(wanted, most));
}

// sendfile has no MSG_NOSIGNAL: to a client that is gone it would end the process.
void block_broken_pipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

// One listening socket.
class Door : public std::enable_shared_from_this<Door> {
 public:
  Door(std::shared_ptr<Shared> shared, bool secure)
      : shared_(std::move(shared)),
        acceptor_(asio::make_strand(shared_->io)),
        again_(acceptor_.get_executor()),
        secure_(secure) {}

  // The port may be picked: `endpoint` is what was bound.
  boost::system::error_code open(Tcp::endpoint& endpoint) {
    boost::system::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(backlog, error);
    if (!error) endpoint = acceptor_.local_endpoint(error);
    return error;
  }

  void accept() {
    acceptor_.async_accept(asio::make_strand(shared_->io),
                           [self = shared_from_this()](const boost::system::error_code& error, Socket socket) {
                             if (!self->acceptor_.is_open()) return;
                             if (error) return self->pause();
                             self->admit(std::move(socket));
                             self->accept();
                           });
  }

  void close() {
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
      boost::system::error_code error;
      self->acceptor_.close(error);
      self->again_.cancel(error);
    });
  }

 private:
  // At the limit the longest unused connection makes room; when all are busy, the new one is turned away.
  void admit(Socket socket) {
    if (shared_->connections.size() >= shared_->most_connections && !make_room()) return;
    const auto connection = std::make_shared<Connection>(shared_, std::move(socket), secure_);
    asio::post(connection->strand(), [connection] { connection->start(); });
  }

  bool make_room() {
    auto resting = shared_->connections.longest_resting();
    if (!resting) return false;
    asio::post(resting->strand(), [resting] {
      if (resting->idle()) resting->cut();
    });
    return true;
  }

  // Out of descriptors: give one back and wait a little, so as not to spin.
  void pause() {
    make_room();
    again_.expires_after(std::chrono::milliseconds(20));
    again_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && self->acceptor_.is_open()) self->accept();
    });
  }

  std::shared_ptr<Shared> shared_;
  asio::basic_socket_acceptor<Tcp, Strand> acceptor_;
  Timer again_;
  bool secure_;
};

}  // namespace

Roll::Place Roll::add(std::weak_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  return connections_.insert(connections_.end(), std::move(connection));
}

void Roll::remove(Place place) {
  const std::lock_guard lock(mutex_);
  connections_.erase(place);
}

void Roll::used(Place place) {
  const std::lock_guard lock(mutex_);
  connections_.splice(connections_.end(), connections_, place);
}

std::size_t Roll::size() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

std::vector<std::shared_ptr<Connection>> Roll::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (const auto& one : connections_)
    if (auto connection = one.lock()) all.push_back(std::move(connection));
  return all;
}

std::shared_ptr<Connection> Roll::longest_resting() const {
  const std::lock_guard lock(mutex_);
  for (const auto& one : connections_)
    if (auto connection = one.lock(); connection && connection->take_rest()) return connection;
  return nullptr;
}

struct Server::State {
  explicit State(std::uint32_t count) : shared(std::make_shared<Shared>(count)), threads(count) {}

  std::shared_ptr<Shared> shared;
  std::vector<std::shared_ptr<Door>> doors;
  Timer timer{asio::make_strand(shared->io)};
  std::vector<std::thread> threads;
  std::string http, https;
  std::mutex mutex;
  std::condition_variable ended;
  bool stopping = false, cutting = false, stopped = false;

  std::optional<fhir::Outcome> listen(const std::string& address, bool secure, std::string& bound);
  void run();
  void sweep();
  void begin_stop();
  void cut_all();
  void hurry();
  template <class Do>
  void each(Do act);
};

std::optional<fhir::Outcome> Server::State::listen(const std::string& address, bool secure, std::string& bound) {
  if (address.empty()) return std::nullopt;
  auto endpoint = resolve(address);
  if (!endpoint) return cannot_listen(address, "not an address");
  auto door = std::make_shared<Door>(shared, secure);
  if (const auto error = door->open(*endpoint)) return cannot_listen(address, error.message());
  doors.push_back(std::move(door));
  bound = text_of(*endpoint);
  return std::nullopt;
}

void Server::State::run() {
  for (auto& door : doors) door->accept();
  sweep();
  for (auto& thread : threads)
    thread = std::thread([this] {
      block_broken_pipe();
      auto turn = clock::Monotonic::now();
      while (shared->io.run_one() > 0) {
        if (clock::Monotonic::now() - turn < longest_turn) continue;
        ::sched_yield();
        turn = clock::Monotonic::now();
      }
    });
}

// Lets every connection act in its strand.
template <class Do>
void Server::State::each(Do act) {
  for (auto& connection : shared->connections.all()) {
    const auto strand = connection->strand();
    asio::post(strand, [connection = std::move(connection), act] { act(*connection); });
  }
}

void Server::State::sweep() {
  each([now = clock::Monotonic::now()](Connection& connection) { connection.sweep(now); });
  log::flush();
  {
    const std::lock_guard lock(mutex);
    if (shared->connections.size() == 0) ended.notify_all();
  }
  if (shared->stopped) return;
  const auto pause = shared->limits.sweep;
  timer.expires_after(shared->draining ? std::min(pause, std::chrono::milliseconds(20)) : pause);
  timer.async_wait([this](const boost::system::error_code&) { sweep(); });
}
void Server::State::begin_stop() {
  shared->draining = true;
  for (auto& door : doors) door->close();
  each([](Connection& connection) { connection.drain(); });
  hurry();
}

void Server::State::cut_all() {
  shared->stopped = true;
  each([](Connection& connection) { connection.cut(); });
  hurry();
  for (auto& thread : threads) thread.join();
  log::flush();
}

// Runs the sweep now, and often from here on.
void Server::State::hurry() {
  asio::post(timer.get_executor(), [this] { timer.cancel(); });
}

fhir::Result<std::unique_ptr<Server>> Server::start(const Listen& listen, const Limits& limits, Handler handler,
                                                    WebSocketDoor websockets) {
  const auto threads = limits.threads != 0 ? limits.threads : std::max(1u, std::thread::hardware_concurrency());
  auto state = std::make_unique<State>(threads);
  auto& shared = *state->shared;
  shared.limits = limits;
  shared.handler = std::move(handler);
  shared.websockets = std::move(websockets);
  shared.log_requests = listen.log_requests;
  shared.most_connections = connections_that_fit(limits.connections);
  if (!listen.https.empty()) {
    if (!listen.tls)
      return fhir::Outcome(fhir::Kind::malformed, "required", "an https address needs a certificate and its key");
    auto context = TlsContext::server(*listen.tls);
    if (!context) return context.outcome();
    shared.tls = *context;
  }
  if (auto refused = state->listen(listen.http, false, state->http)) return *refused;
  if (auto refused = state->listen(listen.https, true, state->https)) return *refused;
  state->run();
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { stop(); }

const std::string& Server::http() const { return state_->http; }
const std::string& Server::https() const { return state_->https; }

void Server::stop() {
  auto& state = *state_;
  std::unique_lock lock(state.mutex);
  if (state.stopped) return;
  if (state.stopping) {
    state.cutting = true;
    state.ended.notify_all();
    state.ended.wait(lock, [&] { return state.stopped; });
    return;
  }
  state.stopping = true;
  state.begin_stop();
  state.ended.wait_for(lock, state.shared->limits.drain,
                       [&] { return state.cutting || state.shared->connections.size() == 0; });
  state.stopped = true;
  lock.unlock();
  state.cut_all();
  lock.lock();
  state.ended.notify_all();
}

}  // namespace alzette::net
