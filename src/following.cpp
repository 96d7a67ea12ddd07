// Following the history of a type.
#include "src/following.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <memory>

#include "fhir/feed.h"
#include "src/log.h"

namespace alzette {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t page_size = 32;           // versions, in memory with their bodies
constexpr std::chrono::seconds longest_rest{60};  // history is looked at even if nobody said that it changed
constexpr std::chrono::seconds after_failure{1};

}  // namespace

// Up to where was followed, in a file: "key 0000000000000012345\n". It is written in place and not synced: what is
// followed again after a power cut must do no harm. A number alone is a mark of former versions, a millisecond.
class Following::Mark {
 public:
  Mark(const std::string& file, fhir::Key without) : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    std::array<char, 32> text{};
    const auto size = fd_ < 0 ? 0 : ::pread(fd_, text.data(), text.size(), 0);
    const std::string_view whole(text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    const bool keyed = whole.starts_with(name);
    std::int64_t number = 0;
    const auto* digits = text.data() + (keyed ? name.size() : 0);
    const bool known = std::from_chars(digits, text.data() + whole.size(), number).ec == std::errc();
    if (known && !keyed) since_ = number;
    key_ = known ? (keyed ? number : 0) : without;
    if (!known) write();
    if (fd_ < 0) log::write(log::Level::error, "mark_not_kept", {{"file", file}});
  }
  ~Mark() {
    if (fd_ >= 0) ::close(fd_);
  }
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;

  fhir::Key key() const { return key_; }
  bool followed(const fhir::Version& version) const { return version.last_updated < since_; }
  void move(fhir::Key key) {
    if (key == key_) return;
    key_ = key;
    write();
  }

 private:
  static constexpr std::string_view name = "key ";

  void write() const {
    const auto digits = std::to_string(key_);
    std::string text(name);
    text.append(19 - std::min<std::size_t>(digits.size(), 19), '0').append(digits).append("\n");
    if (fd_ >= 0 && ::pwrite(fd_, text.data(), text.size(), 0) < 0) return;  // it is followed once more, then
  }

  int fd_;
  fhir::Key key_ = 0;
  std::int64_t since_ = 0;
};

Following::Following(fhir::Store& store, const fhir::Access& access, std::string_view type)
    : store_(store), access_(access), type_(*fhir::definitions().resource(type)) {}

Following::~Following() { stop(); }

// The mark is made at once: what is committed from now on is followed, whenever the thread begins.
void Following::start(Work work) {
  const auto snapshot = store_.snapshot();
  const auto mark = std::make_shared<Mark>(work.mark, work.from_start ? 0 : fhir::feed_of(*snapshot).newest());
  threads_.emplace_back([this, work = std::move(work), mark] {
    ::setpriority(PRIO_PROCESS, 0, work.kindness);  // on Linux: of this thread
    run(work, *mark);
  });
}

void Following::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Following::committed(const fhir::Batch& batch) {
  const auto& writes = batch.writes;
  if (std::none_of(writes.begin(), writes.end(), [&](const auto& write) { return write.type == &type_; })) return;
  {
    const std::lock_guard lock(mutex_);
    ++changed_;
  }
  wake_.notify_all();
}

std::uint64_t Following::changed() const {
  const std::lock_guard lock(mutex_);
  return changed_;
}

bool Following::wait(milliseconds at_most, std::uint64_t seen) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, at_most, [&] { return stopped_ || changed_ > seen; });
  return !stopped_;
}

bool Following::rest(milliseconds time) { return wait(time, UINT64_MAX); }

void Following::run(const Work& work, Mark& mark) {
  for (bool on = true; on;) {
    const auto seen = changed();
    try {
      on = catch_up(work, mark) && wait(longest_rest, seen);
    } catch (const std::exception& error) {
      log::write(log::Level::error, work.failed, {{"reason", error.what()}});
      on = rest(after_failure);
    }
  }
}

// False when the end has come.
bool Following::catch_up(const Work& work, Mark& mark) {
  for (bool more = true; more;) {
    auto changes = [&] {
      const auto snapshot = store_.snapshot();
      return fhir::feed_of(*snapshot).changes(access_, mark.key(), {&type_}, page_size);
    }();
    if (!changes) return true;
    for (const auto& version : changes->versions) {
      if (!rest(milliseconds(0)) || (!mark.followed(version) && !work.take(version))) return false;
      mark.move(version.key);
    }
    mark.move(changes->until);
    more = changes->more;
  }
  return true;
}

}  // namespace alzette
