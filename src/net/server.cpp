// The cores: accepting, the sweep of every second, and the end. See net/http.h.
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "src/log.h"
#include "src/net/address.h"
#include "src/net/connection.h"

namespace alzette::net {

namespace asio = boost::asio;

namespace {

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
constexpr std::uint32_t kept_descriptors = 256;  // for the store, logs and files
constexpr int backlog = 4096;

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

// One listening socket of one core.
class Door : public std::enable_shared_from_this<Door> {
 public:
  Door(std::shared_ptr<Core> core, bool secure)
      : core_(std::move(core)), acceptor_(core_->io), again_(core_->io), secure_(secure) {}

  // The port may be picked: `endpoint` is what was bound.
  boost::system::error_code open(Tcp::endpoint& endpoint, bool shared) {
    boost::system::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (error) return error;
    acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (shared) acceptor_.set_option(ReusePort(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (error) return error;
    endpoint = acceptor_.local_endpoint(error);
    return error;
  }

  boost::system::error_code listen() {
    boost::system::error_code error;
    acceptor_.listen(backlog, error);
    return error;
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](const boost::system::error_code& error, Tcp::socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (error) return self->pause();
      self->admit(std::move(socket));
      self->accept();
    });
  }

  void close() {
    boost::system::error_code error;
    acceptor_.close(error);
    again_.cancel(error);
  }

 private:
  // At the limit the longest unused connection makes room; when all are busy, the new one is turned away.
  void admit(Tcp::socket socket) {
    auto& shared = *core_->shared;
    if (shared.open >= shared.most_connections && !make_room()) return;
    const auto core = quietest();
    if (core != core_ && !hand_over(socket, core->io)) return;
    ++shared.open;
    ++core->open;
    auto connection = std::make_shared<Connection>(core, std::move(socket), secure_);
    if (core == core_) return connection->start();
    asio::post(core->io, [connection = std::move(connection)] { connection->start(); });
  }

  // The kernel spreads connections by chance: on a core with more than its share, each would wait longer.
  std::shared_ptr<Core> quietest() const {
    auto best = core_;
    for (const auto& other : core_->shared->cores)
      if (auto core = other.lock(); core && core->open < best->open) best = std::move(core);
    return best;
  }

  bool hand_over(Tcp::socket& socket, asio::io_context& to) const {
    boost::system::error_code error;
    const auto protocol = acceptor_.local_endpoint(error).protocol();
    const auto descriptor = socket.release(error);
    if (error) return false;
    Tcp::socket there(to);
    there.assign(protocol, descriptor, error);
    if (error) return ::close(descriptor), false;
    socket = std::move(there);
    return true;
  }

  bool make_room() {
    for (auto* connection : core_->connections)
      if (connection->idle()) return connection->cut(), true;
    return false;
  }

  // Out of descriptors: give one back and wait a little, so as not to spin.
  void pause() {
    make_room();
    again_.expires_after(std::chrono::milliseconds(20));
    again_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && self->acceptor_.is_open()) self->accept();
    });
  }

  std::shared_ptr<Core> core_;
  Tcp::acceptor acceptor_;
  asio::steady_timer again_;
  bool secure_;
};

}  // namespace

void Core::count(std::string_view route, int status, std::uint64_t microseconds) {
  const auto key = reinterpret_cast<std::uintptr_t>(route.data()) * 1009 + static_cast<std::uint64_t>(status);
  auto found = measures_.find(key);
  if (found == measures_.end()) {
    const std::string label = "route=\"" + std::string(route.empty() ? "none" : route) + "\"";
    const std::string labels = label + ",status=\"" + std::to_string(status) + "\"";
    found = measures_
                .try_emplace(key, Measures{metrics::Counter("alzette_requests_total", "Requests answered", labels),
                                           metrics::Histogram("alzette_request_seconds",
                                                              "From the first byte of a request to its answer", label)})
                .first;
  }
  found->second.requests.add();
  found->second.time.observe(microseconds);
}

struct Server::State {
  struct Unit {
    std::shared_ptr<Core> core;
    std::vector<std::shared_ptr<Door>> doors;
    std::unique_ptr<asio::steady_timer> timer;
    std::thread thread;
  };

  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  std::vector<Unit> units;
  std::string http, https;
  std::mutex mutex;
  std::condition_variable ended;
  bool stopping = false, cutting = false, stopped = false;

  std::optional<fhir::Outcome> bind(const std::string& address, bool secure, std::string& bound);
  void run();
  void sweep(Unit& unit);
  void begin_stop();
  void cut_all();
  void join();
};

std::optional<fhir::Outcome> Server::State::bind(const std::string& address, bool secure, std::string& bound) {
  if (address.empty()) return std::nullopt;
  auto endpoint = resolve(address);
  if (!endpoint) return cannot_listen(address, "not an address");
  {
    // SO_REUSEPORT would let a second server of the same user share the port unseen: try without it first.
    auto probe = std::make_shared<Door>(std::make_shared<Core>(shared), secure);
    auto wanted = *endpoint;
    if (const auto error = probe->open(wanted, false)) return cannot_listen(address, error.message());
  }
  for (auto& unit : units) {
    auto door = std::make_shared<Door>(unit.core, secure);
    if (const auto error = door->open(*endpoint, true)) return cannot_listen(address, error.message());
    unit.doors.push_back(std::move(door));
  }
  for (auto& unit : units)
    if (const auto error = unit.doors.back()->listen()) return cannot_listen(address, error.message());
  bound = text_of(*endpoint);
  return std::nullopt;
}

void Server::State::run() {
  for (auto& unit : units) {
    unit.timer = std::make_unique<asio::steady_timer>(unit.core->io);
    unit.thread = std::thread([this, &unit] {
      unit.core->thread = std::this_thread::get_id();
      block_broken_pipe();
      for (auto& door : unit.doors) door->accept();
      sweep(unit);
      unit.core->io.run();
      log::flush();
    });
  }
}

void Server::State::sweep(Unit& unit) {
  auto& core = *unit.core;
  core.date = http_date(clock::wall_ms() / 1000);
  const auto now = clock::Monotonic::now();
  for (auto next = core.connections.begin(); next != core.connections.end();) {
    auto* connection = *next++;  // a connection that is cut leaves the list
    connection->sweep(now);
  }
  log::flush();
  {
    const std::lock_guard lock(mutex);
    if (shared->open == 0) ended.notify_all();
    if (stopped) return;
  }
  unit.timer->expires_after(core.draining ? std::min(shared->limits.sweep, std::chrono::milliseconds(20))
                                          : shared->limits.sweep);
  unit.timer->async_wait([this, &unit](const boost::system::error_code&) { sweep(unit); });
}

void Server::State::begin_stop() {
  for (auto& unit : units)
    asio::post(unit.core->io, [&unit] {
      unit.core->draining = true;
      for (auto& door : unit.doors) door->close();
      for (auto next = unit.core->connections.begin(); next != unit.core->connections.end();) {
        auto* connection = *next++;
        connection->drain();
      }
      unit.timer->cancel();  // runs the sweep now, and often from here on
    });
}

void Server::State::cut_all() {
  for (auto& unit : units)
    asio::post(unit.core->io, [&unit] {
      while (!unit.core->connections.empty()) unit.core->connections.front()->cut();
      unit.core->stopped = true;
      unit.timer->cancel();
    });
}

void Server::State::join() {
  for (auto& unit : units)
    if (unit.thread.joinable()) unit.thread.join();
}

fhir::Result<std::unique_ptr<Server>> Server::start(const Listen& listen, const Limits& limits, Handler handler,
                                                    WebSocketDoor websockets) {
  auto state = std::make_unique<State>();
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
  const auto threads = limits.threads != 0 ? limits.threads : std::max(1u, std::thread::hardware_concurrency());
  for (std::uint32_t i = 0; i < threads; ++i) {
    state->units.emplace_back();
    state->units.back().core = std::make_shared<Core>(state->shared);
    state->units.back().core->number = i;
    shared.cores.push_back(state->units.back().core);
  }
  if (auto refused = state->bind(listen.http, false, state->http)) return *refused;
  if (auto refused = state->bind(listen.https, true, state->https)) return *refused;
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
  state.ended.wait_for(lock, state.shared->limits.drain, [&] { return state.cutting || state.shared->open == 0; });
  state.stopped = true;
  lock.unlock();
  state.cut_all();
  state.join();
  lock.lock();
  state.ended.notify_all();
}

}  // namespace alzette::net
