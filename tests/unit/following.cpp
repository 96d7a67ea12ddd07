// Following a type: marks, what comes after a new start, and what fails on the way.
#include "src/following.h"

#include <doctest/doctest.h>

#include <fstream>
#include <stdexcept>

#include "tests/unit/store_fixture.h"

using alzette::Following;

namespace {

// Follows Patients of a store, and can be waited for.
class Watched {
 public:
  Watched(store_fixture::Opened& opened, const std::string& mark, bool from_start)
      : following_(*opened.store, opened.access, "Patient") {
    following_.start({mark, from_start, "test_failed", 0, [this](const fhir::Version& version) {
                        const std::lock_guard lock(mutex_);
                        if (version.id == fails_once_) {
                          fails_once_.clear();
                          throw std::runtime_error("no memory");
                        }
                        seen_.push_back(version.id + "/" + std::to_string(version.version));
                        changed_.notify_all();
                        return true;
                      }});
  }
  void fail_once(std::string id) {
    const std::lock_guard lock(mutex_);
    fails_once_ = std::move(id);
  }
  void tell() {
    fhir::Batch batch;
    batch.writes.push_back(store_fixture::write(fhir::Method::update, "Patient", "any"));
    following_.committed(batch);
  }
  store_fixture::Ids wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return seen_.size() >= count; });
    return seen_;
  }
  // All that was seen, when it has ended.
  store_fixture::Ids stop() {
    following_.stop();
    return seen_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  store_fixture::Ids seen_;
  std::string fails_once_;
  Following following_;
};

}  // namespace

using store_fixture::Ids;

TEST_CASE("following: from the first version or from now on, and from its mark after a new start") {
  const store_fixture::Folder folder;
  store_fixture::Opened opened(folder.path);
  const auto all = folder.path + "/all.mark", later = folder.path + "/later.mark";
  Ids expected;
  for (int i = 0; i < 100; ++i) {  // more than a page
    opened.put("Patient", "p" + std::to_string(i));
    opened.put("Observation", "o" + std::to_string(i), R"("status":"final","code":{"text":"x"})");
    expected.push_back("p" + std::to_string(i) + "/1");
  }
  {
    Watched from_start(opened, all, true), from_now(opened, later, false);
    CHECK(from_start.wait_for(100) == expected);
    opened.put("Patient", "p0", R"("active":true)");
    opened.remove("Patient", "p1");
    from_start.tell();
    from_now.tell();
    from_start.wait_for(102);
    CHECK(from_now.wait_for(2) == Ids{"p0/2", "p1/2"});
  }
  opened.put("Patient", "q");
  for (const auto& mark : {all, later}) {
    Watched again(opened, mark, true);
    CHECK(again.wait_for(1) == Ids{"q/1"});
    CHECK(again.stop() == Ids{"q/1"});
  }
}

TEST_CASE("following: what fails is tried again, and nothing is left out") {
  const store_fixture::Folder folder;
  store_fixture::Opened opened(folder.path);
  for (const char* id : {"a", "b", "c"}) opened.put("Patient", id);
  Watched watched(opened, folder.path + "/mark", false);
  watched.fail_once("e");
  for (const char* id : {"d", "e", "f"}) opened.put("Patient", id);
  watched.tell();
  CHECK(watched.wait_for(3) == Ids{"d/1", "e/1", "f/1"});
}

TEST_CASE("following: a mark of former versions is the millisecond from which on nothing was followed") {
  const store_fixture::Folder folder;
  std::int64_t now = 1'000'000;
  alzette::store::Options options;
  options.clock = [&now] { return now; };
  store_fixture::Opened opened(folder.path, options);
  opened.put("Patient", "a");
  now += 1'000;
  opened.put("Patient", "b");
  const auto mark = folder.path + "/mark";
  std::ofstream(mark) << now << '\n';
  {
    Watched watched(opened, mark, false);
    CHECK(watched.wait_for(1) == Ids{"b/1"});
  }
  std::ofstream(folder.path + "/damaged") << "?";
  Watched watched(opened, folder.path + "/damaged", true);
  CHECK(watched.wait_for(2) == Ids{"a/1", "b/1"});
}
