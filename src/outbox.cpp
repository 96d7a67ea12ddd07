#include "src/outbox.h"

#include <algorithm>

#include "src/log.h"
#include "src/metrics.h"
#include "src/net/client.h"

namespace alzette {
namespace {

void count(std::string_view result) {
  metrics::Counter("alzette_replies_elsewhere_total", "Answers sent to a ReplyTo, by what became of them",
                   "result=\"" + std::string(result) + "\"")
      .add();
}

}  // namespace

Outbox::Outbox(const net::Egress& egress, Limits limits)
    : egress_(egress), limits_(limits), thread_([this] { run(); }) {}

Outbox::~Outbox() { stop(); }

bool Outbox::has_room() const {
  const std::lock_guard lock(mutex_);
  return !stopping_ && letters_.size() < limits_.letters && bytes_ < limits_.bytes;
}

bool Outbox::post(Letter letter) {
  {
    const std::lock_guard lock(mutex_);
    const bool full = letters_.size() >= limits_.letters || bytes_ + letter.body.size() > limits_.bytes;
    if (stopping_ || full) {
      count("dropped");
      return false;
    }
    bytes_ += letter.body.size();
    letters_.push_back({std::move(letter), 0, std::chrono::steady_clock::now()});
  }
  wake_.notify_one();
  return true;
}

std::size_t Outbox::waiting() const {
  const std::lock_guard lock(mutex_);
  return letters_.size();
}

void Outbox::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Outbox::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next = std::min_element(letters_.begin(), letters_.end(),
                                       [](const Waiting& a, const Waiting& b) { return a.due < b.due; });
    if (next == letters_.end()) {
      wake_.wait(lock);
      continue;
    }
    if (next->due > std::chrono::steady_clock::now()) {
      wake_.wait_until(lock, next->due);
      continue;
    }
    auto one = std::move(*next);
    letters_.erase(next);
    lock.unlock();
    const bool sent = send(one.letter);
    lock.lock();
    if (!sent && ++one.tries < limits_.tries) {
      one.due = std::chrono::steady_clock::now() + limits_.pause * (1u << 2 * (one.tries - 1));
      letters_.push_back(std::move(one));
      continue;
    }
    bytes_ -= one.letter.body.size();
    count(sent ? "sent" : "given_up");
    if (!sent) log::write(log::Level::warning, "reply_given_up", {{"tries", one.tries}});
  }
}

// Any answer but an error of the peer's server is a receipt: what it thinks of the content is its own matter.
bool Outbox::send(const Letter& letter) const {
  const auto endpoint = egress_.judge(letter.url);
  const auto address = egress_.resolve(letter.url);
  if (!endpoint || !address || endpoint->tls) return false;
  Request request;
  request.method = "POST";
  request.target = endpoint->target;
  request.headers = {{"Host", endpoint->authority()}, {"Content-Type", letter.content_type}};
  request.body = letter.body;
  const auto answer = net::Client(*address, limits_.patience).send(request);
  return answer && answer->status < 500;
}

}  // namespace alzette
