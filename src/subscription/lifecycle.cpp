// Which subscriptions run: those of the store, as its history tells. The server's own word about one (active, error,
// off) is a version of the resource like any other.
#include <limits>

#include "fhir/build.h"
#include "fhir/feed.h"
#include "fhir/incoming.h"
#include "src/clock.h"
#include "src/log.h"
#include "src/subscription/engine.h"

namespace alzette::subscription {
namespace {

constexpr std::uint32_t page_size = 200;
constexpr std::size_t most_bases = 8;                               // a client may call us by any name
constexpr fhir::Key never = std::numeric_limits<fhir::Key>::max();  // Counted::from of one that is off

const fhir::Type& subscription_type() { return *fhir::definitions().resource("Subscription"); }

struct Stored {
  fhir::Incoming incoming;
  Subscription wanted;
  Owner owner;
};

std::optional<Stored> read_stored(fhir::Snapshot& snapshot, const fhir::Version& version) {
  auto owner = owner_of(snapshot, version.id);
  if (!owner) return std::nullopt;
  auto incoming = fhir::receive(version.body);
  if (!incoming) return std::nullopt;
  auto wanted = read(*incoming->resource, owner->base);
  if (!wanted) return std::nullopt;
  return Stored{std::move(*incoming), std::move(*wanted), std::move(*owner)};
}

}  // namespace

void Subscriptions::Engine::load() {
  const auto snapshot = store_.snapshot();
  const auto stored = cursor_of(*snapshot);
  loaded_ = fhir::feed_of(*snapshot).newest();
  cursor_ = stored_cursor_ = stored.value_or(loaded_);
  auto query = fhir::search::parse(&subscription_type(), {{"status", "requested,active,error"}}, {}, false);
  while (query) {
    const auto page = snapshot->search(access_, *query, page_size, UINT64_MAX);
    if (!page) break;
    for (const auto& entry : page->entries) begin(*entry.version);
    if (page->next.empty()) break;
    query->page = page->next;
  }
  if (!stored)
    for (const auto& [id, live] : lives_) cursor_ = std::min(cursor_, live->counted.from);
}

// A version of a Subscription that is newer than what runs.
void Subscriptions::Engine::begin(const fhir::Version& version) {
  const auto found = lives_.find(version.id);
  const bool runs = found != lives_.end();
  if (runs && found->second->version >= version.version) return;
  if (version.deleted()) return end(version.id, true);
  const auto snapshot = store_.snapshot();
  auto stored = read_stored(*snapshot, version);
  if (!stored) {
    log::write(log::Level::warning, "subscription_not_understood", {{"id", version.id}});
    return end(version.id, false);
  }
  const bool never_ran = !runs && !counted_of(*snapshot, version.id);
  if (stored->wanted.status == Status::off || (stored->wanted.status == Status::error && never_ran))
    return end(version.id, false);
  gone_.erase(version.id);  // it is there again
  auto& live = runs ? *found->second : *(lives_[version.id] = std::make_unique<Live>());
  live.wanted = std::move(stored->wanted);
  live.wanted.id = version.id;
  live.owner = std::move(stored->owner);
  if (bases_.size() < most_bases) bases_.insert(live.owner.base);
  if (!runs) {
    live.told = told_of(*snapshot, version.id);
    live.counted = counted_of(*snapshot, version.id).value_or(Counted{0, never});
    const auto kept = events_of(*snapshot, version.id, 0, 1);
    live.kept = kept.empty() ? live.counted.events + 1 : kept.front().number;
    live.last_told = std::chrono::steady_clock::now();
  }
  prepare(live, version, *snapshot);
}

void Subscriptions::Engine::prepare(Live& live, const fhir::Version& version, fhir::Snapshot& snapshot) {
  live.version = version.version;
  live.changing = false;
  if (live.wanted.status == Status::requested) {
    live.epoch = ++epochs_;
    live.under_way = false;
    live.failures = 0;
    live.due = {};
    sockets_.unbind_all(live.id());
  }
  if (live.counted.from == never) {
    live.counted.from = version.key;
    to_store_.insert(live.id());  // with the status that it gets at once
  }
  index_.remove(live.id());
  if (live.on_topic()) {
    auto topic = find_topic(snapshot, live.owner.access, live.wanted.topic, live.wanted.topic_version);
    if (!topic && live.wanted.status == Status::error) return schedule(live);
    if (!topic) return set_status(live, Status::error, std::string(topic_lost));
    live.topic = std::move(*topic);
  }
  if (!live.wanted.filters.empty())
    index_.add(live.id(), live.wanted.filters);
  else
    for (const auto& trigger : live.topic.triggers) index_.add(live.id(), trigger.type);
  schedule(live);
}

// It is off, or it is `gone`: then nothing is remembered of it.
void Subscriptions::Engine::end(const std::string& id, bool gone) {
  if (const auto found = lives_.find(id); found != lives_.end()) {
    auto& live = *found->second;
    agenda_.erase({live.wake, id});
    fhir::Batch batch;
    batch.access = access_;
    batch.notes.push_back(counted_note(id, {live.counted.events, never}));
    batch.notes.push_back(told_note(id, live.told));
    if (!gone) commit(std::move(batch));
    lives_.erase(found);
  }
  index_.remove(id);
  to_store_.erase(id);
  sockets_.unbind_all(id);
  if (gone) gone_.insert(id);
}

// Something could not be done now.
void Subscriptions::Engine::later(Live& live) {
  constexpr std::chrono::seconds pause(1);
  live.due = std::chrono::steady_clock::now() + pause;
  schedule(live);
}

// The resource with another status, as long as nobody else wrote it.
std::optional<fhir::Write> Subscriptions::Engine::with_status(const Live& live, Status status, const std::string& why) {
  const auto version = store_.snapshot()->read(access_, subscription_type(), live.id());
  if (!version || version->version != live.version) return std::nullopt;
  auto incoming = fhir::receive(version->body);
  if (!incoming) return std::nullopt;
  auto& resource = *incoming->resource;
  fhir::build::set(*incoming->arena, resource, "status", word_of(status));
  fhir::build::remove(resource, "error");
  fhir::build::add_some(*incoming->arena, resource, "error", why);
  auto write = fhir::lay_out(resource, live.id(), fhir::Method::update, live.owner.base);
  if (!write) return std::nullopt;
  write->if_version = version->version;
  write->if_version_planned = true;
  return std::move(*write);
}

// Writes what the server says of a subscription into its resource. It comes back with the changes, as what others write
// does; when somebody else wrote it meanwhile, that version says what to do.
void Subscriptions::Engine::set_status(Live& live, Status status, const std::string& why) {
  auto write = with_status(live, status, why);
  if (!write) return later(live);
  log::write(log::Level::info, "subscription", {{"id", live.id()}, {"status", word_of(status)}, {"reason", why}});
  fhir::Batch batch;
  batch.access = access_;
  batch.writes.push_back(std::move(*write));
  if (status == Status::active) batch.notes.push_back(counted_note(live.id(), live.counted));
  live.changing = true;
  schedule(live);
  store_.commit(std::move(batch), [this, id = live.id()](const fhir::Result<fhir::Receipt>& receipt) {
    if (receipt) return;
    post([this, id] {
      const auto found = lives_.find(id);
      if (found == lives_.end() || !std::exchange(found->second->changing, false)) return;
      later(*found->second);
    });
  });
}

void Subscriptions::Engine::topics_changed(fhir::Snapshot& snapshot) {
  std::vector<std::string> ids;
  for (const auto& [id, live] : lives_)
    if (live->on_topic() && live->wanted.topic != resource_change) ids.push_back(id);
  for (const auto& id : ids) {
    const auto version = snapshot.read(access_, subscription_type(), id);
    const auto found = lives_.find(id);
    if (version && found != lives_.end() && version->version == found->second->version)
      prepare(*found->second, *version, snapshot);
  }
}

// The notes of those that are gone, some at a time, as long as none of them comes back.
void Subscriptions::Engine::forget_events() {
  constexpr std::uint32_t at_once = 500;
  while (!gone_.empty()) {
    const auto id = *gone_.begin();
    const auto snapshot = store_.snapshot();
    auto query = fhir::search::parse(&subscription_type(), {{"_id", id}}, {}, false);
    if (!query || snapshot->read(access_, subscription_type(), id)) {
      gone_.erase(id);
      continue;
    }
    fhir::Batch batch;
    batch.access = access_;
    batch.expect.push_back({std::move(*query), {}});
    const auto events = events_of(*snapshot, id, 0, at_once);
    for (const auto& event : events) batch.notes.push_back(forgotten_event(id, event.number));
    if (events.size() < at_once)
      for (auto& note : forgotten(id)) batch.notes.push_back(std::move(note));
    if (!commit(std::move(batch))) return;
    if (events.size() < at_once) gone_.erase(id);
  }
}

}  // namespace alzette::subscription
