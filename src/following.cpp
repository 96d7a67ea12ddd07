// Following the history of a type.
#include "src/following.h"

#include <algorithm>
#include <exception>
#include <fstream>

#include "src/clock.h"
#include "src/log.h"

namespace alzette {
namespace {

constexpr std::uint32_t page_size = 200;
constexpr std::chrono::seconds longest_rest{60};  // history is looked at even if nobody said that it changed
constexpr std::chrono::seconds after_failure{1};

}  // namespace

void Bell::ring() {
  {
    const std::lock_guard lock(mutex_);
    ++rung_;
  }
  wake_.notify_all();
}

void Bell::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  wake_.notify_all();
}

std::uint64_t Bell::rung() const {
  const std::lock_guard lock(mutex_);
  return rung_;
}

bool Bell::wait(std::chrono::milliseconds at_most, std::uint64_t seen) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, at_most, [&] { return stopped_ || rung_ > seen; });
  return !stopped_;
}

void follow(Bell& bell, std::string_view event, const std::function<bool()>& catch_up) {
  for (bool on = true; on;) {
    const auto seen = bell.rung();
    try {
      on = catch_up() && bell.wait(longest_rest, seen);
    } catch (const std::exception& error) {
      log::write(log::Level::error, event, {{"reason", error.what()}});
      on = bell.rest(after_failure);
    }
  }
}

Following::Following(fhir::Store& store, const fhir::Access& access, std::string_view type, std::string mark_file)
    : store_(store), access_(access), type_(*fhir::definitions().resource(type)), mark_file_(std::move(mark_file)) {
  std::ifstream file(mark_file_);
  if (file >> mark_) return;
  mark_ = clock::wall_ms();
  std::ofstream(mark_file_, std::ios::trunc) << mark_ << '\n';  // what comes before the first is followed after a crash
}

std::vector<Following::Change> Following::ahead() {
  const auto snapshot = store_.snapshot();
  std::vector<Change> changes;
  fhir::HistoryQuery query;
  query.type = &type_;
  query.since = mark_;
  query.count = page_size;
  for (;;) {
    auto page = snapshot->history(access_, query);
    if (!page) break;
    for (auto& version : page->versions)
      if (version.last_updated > mark_ || at_mark_.count(version.key) == 0)
        changes.push_back({std::move(version.id), version.version, version.last_updated, version.key});
    if (page->next.empty()) break;
    query.page = page->next;
  }
  std::reverse(changes.begin(), changes.end());
  return changes;
}

void Following::followed(const Change& change) {
  if (change.instant > mark_) {
    mark_ = change.instant;
    at_mark_.clear();
  }
  at_mark_.insert(change.key);
  std::ofstream(mark_file_, std::ios::trunc) << mark_ << '\n';
}

}  // namespace alzette
