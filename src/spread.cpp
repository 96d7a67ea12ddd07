// Items of one piece of work over several threads.
#include "src/spread.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>

namespace alzette {
namespace {

constexpr std::size_t worth_a_helper = 32;  // items

struct Shared {
  std::size_t count;
  const std::function<void(std::size_t)>* work;  // alive until all items are done
  std::atomic<std::size_t> next{0};
  std::size_t done = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  std::condition_variable all_done;

  void take_part() {
    for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
      std::exception_ptr thrown;
      try {
        (*work)(i);
      } catch (...) {
        thrown = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      if (thrown) failure = thrown;
      if (++done == count) all_done.notify_all();
    }
  }
};

}  // namespace

rest::Each spread_over(WorkerLane& workers, std::size_t helpers) {
  return [&workers, helpers](std::size_t count, const std::function<void(std::size_t)>& work) {
    const auto wanted = std::min(helpers, count / worth_a_helper);
    if (wanted == 0) return rest::one_by_one(count, work);
    const auto shared = std::make_shared<Shared>();
    shared->count = count;
    shared->work = &work;
    for (std::size_t i = 0; i < wanted; ++i)
      if (!workers.post([shared] { shared->take_part(); })) break;
    shared->take_part();
    std::unique_lock lock(shared->mutex);
    shared->all_done.wait(lock, [&] { return shared->done == count; });
    if (shared->failure) std::rethrow_exception(shared->failure);
  };
}

}  // namespace alzette
