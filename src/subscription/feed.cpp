// From changes to events. What was found and how far was looked is one commit: nothing is found twice, or not at all.
#include "fhir/feed.h"

#include <algorithm>
#include <future>

#include "src/log.h"
#include "src/metrics.h"
#include "src/subscription/engine.h"

namespace alzette::subscription {
namespace {

constexpr std::uint32_t most_looked_at = 256;                      // versions at once
constexpr fhir::Key store_cursor_each = 4096 << fhir::shard_bits;  // when there is nothing to store with it
constexpr std::uint64_t most_waiting = 1'000'000;                  // events of a subscriber that does not take them
constexpr std::uint64_t kept_told = 1'000;                         // delivered events that are remembered for $events
constexpr std::uint64_t forget_at_once = 200;

const metrics::Counter& events_found() {
  static const metrics::Counter counter("alzette_subscription_events_total", "Events found for subscriptions");
  return counter;
}

}  // namespace

std::vector<const fhir::Type*> Subscriptions::Engine::types_of_interest() const {
  std::vector<const fhir::Type*> types;
  for (const auto& type : fhir::definitions().types) {
    if (type.kind != fhir::TypeKind::resource || type.abstract) continue;
    const auto name = type.name.view();
    if (name == "Subscription" || name == "Basic" || index_.concerns(type)) types.push_back(&type);
  }
  return types;
}

bool Subscriptions::Engine::look() {
  auto snapshot = store_.snapshot();
  auto& feed = fhir::feed_of(*snapshot);
  const auto newest = feed.newest();
  if (newest <= cursor_) return false;
  const auto before = cursor_;
  const auto types = types_of_interest();
  auto changes = feed.changes(access_, cursor_, types, most_looked_at);
  if (!changes) return false;
  std::vector<fhir::Note> notes;
  cursor_ = changes->more ? changes->until : newest;
  for (const auto& version : changes->versions) {
    const auto name = version.type->name.view();
    const bool news = version.key > loaded_;
    if (news && name == "Subscription") begin(version);
    if (news && name == "Basic") topics_changed(*snapshot);
    find_events(*snapshot, version, notes);
    if (news && name == "Subscription" && types_of_interest() != types) {  // look again at what comes next
      cursor_ = version.key;
      break;
    }
  }
  snapshot.reset();  // the log cannot begin anew while one is held
  const bool due = cursor_ - stored_cursor_ >= store_cursor_each && !lives_.empty();
  behind_ = (due || !notes.empty()) && !store_events(std::move(notes));
  if (behind_) {
    cursor_ = before;  // the same events are found again, a little later
    return false;
  }
  return cursor_ < newest;
}

bool Subscriptions::Engine::store_events(std::vector<fhir::Note> notes) {
  fhir::Batch batch;
  batch.access = access_;
  batch.notes = std::move(notes);
  for (const auto& id : counted_)
    if (const auto found = lives_.find(id); found != lives_.end())
      batch.notes.push_back(counted_note(id, found->second->counted));
  batch.notes.push_back(cursor_note(cursor_));
  const bool stored = commit(std::move(batch));
  if (stored) stored_cursor_ = cursor_;
  for (const auto& id : std::exchange(counted_, {})) {
    const auto found = lives_.find(id);
    if (found == lives_.end()) continue;
    auto& live = *found->second;
    if (!stored) live.counted = counted_of(*store_.snapshot(), id).value_or(Counted{0, live.counted.from});
    schedule(live);
  }
  return stored;
}

void Subscriptions::Engine::find_events(fhir::Snapshot& snapshot, const fhir::Version& version,
                                        std::vector<fhir::Note>& notes) {
  if (!index_.concerns(*version.type)) return;
  Change change(snapshot, access_, version);
  std::set<std::string> candidates;
  for (const auto& base : bases_)
    for (auto& id : index_.candidates(*version.type, change.rows(base))) candidates.insert(std::move(id));
  for (const auto& id : candidates) {
    const auto found = lives_.find(id);
    if (found == lives_.end() || !is_event(*found->second, change)) continue;
    auto& live = *found->second;
    if (live.counted.events - std::min(live.told, live.counted.events) >= most_waiting) {
      if (!live.changing) set_status(live, Status::off, "a million events were not taken");
      continue;
    }
    notes.push_back(event_note(id, {++live.counted.events, version.key}));
    counted_.insert(id);
    events_found().add();
  }
}

// What is to be remembered of deliveries. When it is not stored now, it is later; at worst something is told twice.
void Subscriptions::Engine::keep_up() {
  fhir::Batch batch;
  batch.access = access_;
  for (const auto& id : to_store_) {
    const auto found = lives_.find(id);
    if (found == lives_.end()) continue;
    auto& live = *found->second;
    batch.notes.push_back(told_note(id, live.told));
    batch.notes.push_back(counted_note(id, live.counted));
    if (live.told < live.kept + kept_told + forget_at_once) continue;
    for (const auto until = live.told - kept_told; live.kept < until; ++live.kept)
      batch.notes.push_back(forgotten_event(id, live.kept));
  }
  if (batch.notes.empty() || commit(std::move(batch))) to_store_.clear();
  forget_events();
}

bool Subscriptions::Engine::commit(fhir::Batch batch) {
  std::promise<bool> promise;
  auto stored = promise.get_future();
  store_.commit(std::move(batch),
                [&promise](const fhir::Result<fhir::Receipt>& receipt) { promise.set_value(bool{receipt}); });
  return stored.get();
}

}  // namespace alzette::subscription
