#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "src/job/job.h"
#include "src/job/runner.h"
#include "tests/unit/store_fixture.h"

using store_fixture::Folder;
using store_fixture::Opened;

namespace {

namespace job = alzette::job;

// A store that cannot be looked at for the first times: it has no more files to open.
class Stumbling : public fhir::Store {
 public:
  Stumbling(fhir::Store& store, int times) : store_(store), left_(times) {}
  std::unique_ptr<fhir::Snapshot> snapshot() override {
    if (left_.fetch_sub(1) > 0) throw std::runtime_error("too many open files");
    return store_.snapshot();
  }
  void commit(fhir::Batch batch, std::function<void(fhir::Result<fhir::Receipt>)> done) override {
    store_.commit(std::move(batch), std::move(done));
  }
  void observe(Observer observer) override { store_.observe(std::move(observer)); }

 private:
  fhir::Store& store_;
  std::atomic<int> left_;
};

struct Nothing : fhir::search::Meanings {
  using Values = fhir::Result<std::vector<fhir::search::IndexValue>>;
  std::vector<fhir::search::IndexValue> none = {};
  Values in_value_set(std::string_view, std::size_t) const override { return none; }
  Values below(std::string_view, std::string_view, std::size_t) const override { return none; }
  Values above(std::string_view, std::string_view, std::size_t) const override { return none; }
};

}  // namespace

TEST_CASE("jobs: when the store cannot be looked at, what was being done is done again") {
  const Folder folder;
  Opened opened(folder.path);
  fhir::Batch batch;
  job::Job unknown;
  unknown.kind = "unknown";
  unknown.access = fhir::Access::local_developer();
  batch.notes.push_back({std::string(job::room), "1", job::to_text(unknown)});
  REQUIRE(store_fixture::commit(*opened.store, std::move(batch)));
  Stumbling store(*opened.store, 1);
  fhir::Ids ids(1);
  const alzette::net::Egress egress;
  const Nothing meanings;
  job::Runner runner(store, ids, folder.path + "/jobs", egress, meanings, nullptr);
  runner.start();
  std::optional<job::Job> found;
  for (int i = 0; i < 1'000 && !(found && found->finished()); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    found = job::from_text("1", opened.store->snapshot()->note(job::room, "1"));
  }
  runner.stop();
  REQUIRE(found);
  CHECK(found->state == job::Job::State::failed);
  CHECK(found->failure.issues.front().diagnostics == "this server knows no such job");
}
