#include "src/subscription/subscriptions.h"

#include <exception>

#include "src/log.h"
#include "src/subscription/engine.h"

namespace alzette::subscription {

Subscriptions::Engine::Engine(fhir::Store& store, const fhir::Access& access, const net::Egress& egress,
                              const auth::Seal& seal, Recorder& recorder)
    : store_(store),
      access_(access),
      recorder_(recorder),
      sender_(egress),
      sockets_(seal, [this](std::shared_ptr<net::WebSocket> socket, std::vector<std::string> ids, bool plain) {
        post([this, socket = std::move(socket), ids = std::move(ids), plain] { bind(socket, ids, plain); });
      }) {
  store_.observe([this](const fhir::Batch& batch, const fhir::Receipt&) {
    if (!batch.writes.empty()) wake();
  });
}

Subscriptions::Engine::~Engine() { stop(); }

void Subscriptions::Engine::start() {
  thread_ = std::thread([this] { run(); });
}

void Subscriptions::Engine::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  sender_.stop();
}

void Subscriptions::Engine::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

void Subscriptions::Engine::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_all();
}

void Subscriptions::Engine::run_tasks() {
  std::deque<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (const auto& task : tasks) task();
}

// A fault of ours may not end what all others rely on: it is told to the log, and what was being done is done again.
void Subscriptions::Engine::run() {
  bool loaded = false;
  for (bool more = false;;) {
    try {
      if (!loaded) load();
      loaded = true;
      run_tasks();
      more = look();
      tell_due();
      keep_up();
    } catch (const std::exception& error) {
      log::write(log::Level::error, "subscriptions_failed", {{"reason", error.what()}});
      more = false;
    }
    if (!more && !rest()) break;
    const std::lock_guard lock(mutex_);
    if (stopping_) break;
  }
  try {
    keep_up();
  } catch (const std::exception& error) {  // what was told is told once more after the next start
    log::write(log::Level::error, "subscriptions_failed", {{"reason", error.what()}});
  }
}

bool Subscriptions::Engine::rest() {
  constexpr std::chrono::seconds longest(60);
  const auto now = std::chrono::steady_clock::now();
  auto until = now + longest;
  if (!agenda_.empty()) until = std::min(until, agenda_.begin()->first);
  if (behind_ || !to_store_.empty() || !gone_.empty()) until = std::min(until, now + std::chrono::seconds(1));
  std::unique_lock lock(mutex_);
  wake_.wait_until(lock, until, [&] { return stopping_ || woken_ || !tasks_.empty(); });
  woken_ = false;
  return !stopping_;
}

Subscriptions::Subscriptions(fhir::Store& store, const fhir::Access& access, const net::Egress& egress,
                             const auth::Seal& seal, Recorder& recorder)
    : engine_(std::make_unique<Engine>(store, access, egress, seal, recorder)) {}

Subscriptions::~Subscriptions() = default;

net::WebSocketDoor Subscriptions::door() {
  return {std::string(websocket_path),
          [engine = engine_.get()](const Request&, std::shared_ptr<net::WebSocket> socket) {
            return engine->sockets().open(std::move(socket));
          }};
}

void Subscriptions::start() { engine_->start(); }
void Subscriptions::stop() { engine_->stop(); }

}  // namespace alzette::subscription
