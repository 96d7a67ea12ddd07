// From events to subscribers: each at its own pace, in order, one thing at a time.
#include <algorithm>

#include "src/clock.h"
#include "src/log.h"
#include "src/metrics.h"
#include "src/subscription/engine.h"

namespace alzette::subscription {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds first_pause{1}, longest_pause{30};
constexpr std::chrono::hours given_up_after{24};
constexpr milliseconds socket_pause{20};  // between batches of events to a WebSocket: its buffer is not ours to flood

const metrics::Counter& count_of(bool good) {
  static const metrics::Counter taken("alzette_notifications_total", "Notifications sent to subscribers",
                                      "result=\"taken\"");
  static const metrics::Counter failed("alzette_notifications_total", "Notifications sent to subscribers",
                                       "result=\"failed\"");
  return good ? taken : failed;
}

seconds pause_after(unsigned failures) {
  constexpr unsigned most_doublings = 5;
  return std::min(first_pause * (1u << std::min(failures - 1, most_doublings)), longest_pause);
}

// Without addresses, which may hold secrets.
std::string reason_of(const fhir::Result<int>& answer) {
  if (answer) return std::string(bad_answer) + std::to_string(*answer);
  const auto& outcome = answer.outcome();
  return outcome.kind == fhir::Kind::unprocessable ? "the endpoint may not be asked"
                                                   : outcome.issues.front().diagnostics;
}

Time at_wall(std::int64_t wall) {
  const auto left = milliseconds(std::max<std::int64_t>(wall - clock::wall_ms(), 0));
  return std::chrono::steady_clock::now() + std::min(left, milliseconds(std::chrono::hours(24)));
}

}  // namespace

bool Subscriptions::Engine::deaf(const Live& live) const {
  return live.wanted.channel == Channel::websocket && !sockets_.any(live.id());
}

void Subscriptions::Engine::schedule(Live& live) {
  agenda_.erase({live.wake, live.id()});
  auto wake = Time::max();
  if (live.wanted.end && !live.changing) wake = std::max(at_wall(*live.wanted.end), live.due);
  const bool active = live.wanted.status == Status::active;
  if (!live.under_way && !live.changing) {
    const bool waiting = active && !deaf(live) && live.counted.events > live.told;
    if (live.wanted.status == Status::requested || waiting) wake = std::min(wake, live.due);
    if (active && !deaf(live) && live.on_topic() && live.wanted.heartbeat)
      wake = std::min(wake, live.last_told + seconds(live.wanted.heartbeat));
  }
  live.wake = wake;
  if (wake != Time::max()) agenda_.insert({wake, live.id()});
}

void Subscriptions::Engine::tell_due() {
  constexpr int most_at_once = 256;  // then it is looked again at what has changed
  const auto now = std::chrono::steady_clock::now();
  for (int i = 0; i < most_at_once && !agenda_.empty() && agenda_.begin()->first <= now; ++i) {
    const auto id = agenda_.begin()->second;
    const auto found = lives_.find(id);
    if (found == lives_.end()) {
      agenda_.erase(agenda_.begin());
      continue;
    }
    tell(*found->second, now);
  }
}

void Subscriptions::Engine::tell(Live& live, Time now) {
  const auto wall = clock::wall_ms();
  if (live.changing) return schedule(live);
  if (live.wanted.end && *live.wanted.end <= wall) return set_status(live, Status::off);
  if (live.under_way) return schedule(live);
  if (live.wanted.status == Status::requested) {
    const bool asked = live.on_topic() && live.wanted.channel == Channel::rest_hook;
    return asked ? send(live, Sent::handshake) : set_status(live, Status::active);
  }
  if (live.wanted.status != Status::active || deaf(live)) return schedule(live);
  if (live.counted.events > live.told && live.due <= now) return tell_events(live);
  if (!live.on_topic() || !live.wanted.heartbeat || live.last_told + seconds(live.wanted.heartbeat) > now)
    return schedule(live);
  live.last_told = now;
  if (live.wanted.channel != Channel::websocket) return send(live, Sent::heartbeat);
  sockets_.send(live.id(), greeting(live, "heartbeat", wall).outgoing.body);
  schedule(live);
}

void Subscriptions::Engine::tell_events(Live& live) {
  if (live.wanted.channel != Channel::websocket) return send(live, Sent::events);
  const auto delivery = next_delivery(*store_.snapshot(), live, clock::wall_ms());
  if (delivery) sockets_.send(live.id(), delivery->outgoing.body);
  count_of(true).add();
  live.due = std::chrono::steady_clock::now() + socket_pause;
  told(live, delivery ? delivery->last : live.counted.events);
}

// What is sent is made when it is this subscriber's turn, from what is known of it now.
void Subscriptions::Engine::send(Live& live, Sent what) {
  live.under_way = true;
  schedule(live);
  const auto delivery = std::make_shared<std::optional<Delivery>>();
  auto make = [this, what, delivery, now = std::make_shared<const Live>(live)]() -> std::optional<net::Outgoing> {
    const auto wall = clock::wall_ms();
    *delivery = what == Sent::events ? next_delivery(*store_.snapshot(), *now, wall)
                                     : greeting(*now, what == Sent::handshake ? "handshake" : "heartbeat", wall);
    if (!*delivery || (*delivery)->silent) return std::nullopt;
    return std::move((*delivery)->outgoing);
  };
  sender_.send(live.wanted.endpoint, std::move(make),
               [this, id = live.id(), epoch = live.epoch, what, delivery](fhir::Result<int> answer) {
                 post([this, id, epoch, what, delivery, answer = std::move(answer)] {
                   sent(id, epoch, what, *delivery, answer);
                 });
               });
}

void Subscriptions::Engine::sent(const std::string& id, std::uint64_t epoch, Sent what,
                                 const std::optional<Delivery>& delivery, const fhir::Result<int>& answer) {
  const auto found = lives_.find(id);
  if (found == lives_.end() || found->second->epoch != epoch) return;
  auto& live = *found->second;
  live.under_way = false;
  if (!answer && answer.outcome().kind == fhir::Kind::absent) {  // nothing was sent
    if (delivery) return told(live, delivery->last);
    log::write(log::Level::error, "subscription_events_missing", {{"id", id}, {"after", live.told}});
    return told(live, live.counted.events);
  }
  const bool taken = answer && *answer >= 200 && *answer < 300;
  count_of(taken).add();
  if (!taken) return failed(live, what, reason_of(answer));
  if (delivery && delivery->record) recorder_.told(*delivery->record, true);
  live.failures = 0;
  live.due = {};
  if (what == Sent::handshake) return set_status(live, Status::active);
  if (what == Sent::events && delivery) return told(live, delivery->last);
  live.last_told = std::chrono::steady_clock::now();
  schedule(live);
}

void Subscriptions::Engine::failed(Live& live, Sent what, std::string why) {
  const auto now = std::chrono::steady_clock::now();
  if (live.failures++ == 0) {
    live.failing_since = now;
    log::write(log::Level::warning, "notification_failed", {{"id", live.id()}, {"reason", why}});
  }
  live.why = std::move(why);
  live.due = now + pause_after(live.failures);
  // A handshake is tried once: who asked is to ask again, when the endpoint is well.
  if (what == Sent::handshake) return set_status(live, Status::error, live.why);
  if (now - live.failing_since > given_up_after) return set_status(live, Status::error, live.why);
  schedule(live);
}

void Subscriptions::Engine::told(Live& live, std::uint64_t last) {
  live.told = std::max(live.told, last);
  live.last_told = std::chrono::steady_clock::now();
  to_store_.insert(live.id());
  schedule(live);
}

void Subscriptions::Engine::bind(const std::shared_ptr<net::WebSocket>& socket, const std::vector<std::string>& ids,
                                 bool plain) {
  for (const auto& id : ids) {
    const auto found = lives_.find(id);
    const bool runs = found != lives_.end() && found->second->wanted.channel == Channel::websocket;
    if (!runs || (plain && found->second->on_topic())) {
      socket->send("error: there is no such subscription to bind to");
      continue;
    }
    auto& live = *found->second;
    if (live.on_topic())
      socket->send(greeting(live, "handshake", clock::wall_ms()).outgoing.body);
    else
      socket->send("bound " + id);
    sockets_.bind(id, socket);
    live.last_told = std::chrono::steady_clock::now();
    schedule(live);
  }
}

}  // namespace alzette::subscription
