#include "src/trail.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

using alzette::Trail;
using fhir::Batch;
using fhir::Kind;
using fhir::Outcome;

namespace {

// A store that answers commits as it is told, at once or when it is asked to, and remembers how many writes each had.
class Told : public fhir::Store {
 public:
  std::unique_ptr<fhir::Snapshot> snapshot() override { return nullptr; }
  void observe(Observer) override {}
  void commit(Batch batch, std::function<void(fhir::Result<fhir::Receipt>)> done) override {
    fhir::Result<fhir::Receipt> answer = fhir::Receipt(batch.writes.size());
    {
      const std::lock_guard lock(mutex_);
      if (!answers_.empty()) {
        answer = Outcome(answers_.front(), "exception", "as told");
        answers_.pop_front();
      }
    }
    if (later_)
      owed_ = [done, answer] { done(answer); };
    else
      done(std::move(answer));
    {
      const std::lock_guard lock(mutex_);
      commits_.push_back(batch.writes.size());
    }
    changed_.notify_all();
  }
  void answer_later() { later_ = true; }
  void answer() {
    later_ = false;
    owed_();
  }
  void refuse_next(Kind kind) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(kind);
  }
  std::vector<std::size_t> after(std::size_t commits) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return commits_.size() >= commits; });
    return commits_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Kind> answers_;
  std::vector<std::size_t> commits_;
  std::atomic<bool> later_ = false;
  std::function<void()> owed_;
};

bool take(Trail& trail, std::size_t writes) {
  Batch batch;
  batch.writes.resize(writes);
  return trail.take(batch);
}

}  // namespace

TEST_CASE("trail: what is still in hand at the end is handed to the store") {
  Told store;
  {
    Trail trail(store);
    CHECK(take(trail, 1));
    CHECK(take(trail, 2));
    trail.stop();
    CHECK_FALSE(take(trail, 1));
  }
  std::size_t writes = 0;
  for (const auto count : store.after(1)) writes += count;
  CHECK(writes == 3);
}

TEST_CASE("trail: takes no more than it may hold") {
  Told store;
  Trail trail(store);
  CHECK_FALSE((take(trail, Trail::most - 1) && take(trail, 2) && take(trail, Trail::most)));
}

TEST_CASE("trail: a busy store is asked again") {
  Told store;
  store.refuse_next(Kind::busy);
  Trail trail(store);
  CHECK(take(trail, 3));
  CHECK(store.after(2) == std::vector<std::size_t>{3, 3});
}

TEST_CASE("trail: a store that tells only later that it is busy is asked again as well") {
  Told store;
  store.refuse_next(Kind::busy);
  store.answer_later();
  Trail trail(store);
  CHECK(take(trail, 3));
  CHECK(store.after(1) == std::vector<std::size_t>{3});
  std::this_thread::sleep_for(Trail::gathering);  // by now it waits for more
  store.answer();
  CHECK(store.after(2) == std::vector<std::size_t>{3, 3});
}

TEST_CASE("trail: B113 once a record was lost the next ones are not taken, until one was kept") {
  Told store;
  store.refuse_next(Kind::internal);
  Trail trail(store);
  CHECK(take(trail, 1));
  store.after(1);
  CHECK_FALSE(take(trail, 1));
  trail.kept();
  CHECK(take(trail, 1));
}
