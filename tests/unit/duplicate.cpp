// Potential duplicates: what is proposed, and what the status of a proposal does.
#include "ihe/identity/duplicate.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "src/duplicates.h"
#include "tests/unit/identity_fixture.h"

using namespace identity_fixture;

namespace {

// A patient of these identifiers, Anna Weber of 11 March 1980.
fhir::Result<std::string> anna(Index& index, const Id& id, const std::string& given = "Anna") {
  fhir::Arena arena;
  auto& patient = fhir::build::resource(arena, "Patient");
  auto& identifier = fhir::build::add(arena, patient, "identifier");
  fhir::build::add(arena, identifier, "system", id.system);
  fhir::build::add(arena, identifier, "value", id.value);
  auto& name = fhir::build::add(arena, patient, "name");
  fhir::build::add(arena, name, "family", "Weber");
  fhir::build::add(arena, name, "given", given);
  fhir::build::add(arena, patient, "gender", "female");
  fhir::build::add(arena, patient, "birthDate", "1980-03-11");
  std::string fed;
  auto done = index.commit([&](const ihe::Site& site) -> fhir::Result<fhir::Batch> {
    auto made = ihe::identity::feed(site, {&patient, nullptr, {}, "APP_A|HOSPITAL"});
    if (!made) return std::move(made.outcome());
    fed = made->patient;
    return std::move(made->batch);
  });
  if (!done) return std::move(done.outcome());
  return fed;
}

std::vector<fhir::Write> duplicates(Index& index, const std::string& patient) {
  const auto snapshot = index.opened.store->snapshot();
  const auto version = snapshot->read(index.access, *fhir::definitions().resource("Patient"), patient);
  REQUIRE(version);
  auto found = ihe::identity::duplicates_of(index.site(*snapshot), *version, false);
  REQUIRE(found);
  return std::move(*found);
}

std::string store(Index& index, fhir::Write write) {
  const auto id = write.id;
  REQUIRE(index.commit([&](const ihe::Site&) -> fhir::Result<fhir::Batch> {
    fhir::Batch batch{index.access, {}, {}};
    batch.writes.push_back(std::move(write));
    return batch;
  }));
  return id;
}

// The Task with another status, as a PUT would have it.
fhir::Result<fhir::Receipt> judge(Index& index, const std::string& task, const std::string& status) {
  const auto stored = index.opened.read("Task", task);
  auto incoming = fhir::receive(stored->body);
  REQUIRE(incoming);
  fhir::build::set(*incoming->arena, *incoming->resource, "status", status);
  auto write = fhir::prepare(*incoming->resource, task, fhir::Method::update, store_fixture::base);
  REQUIRE(write);
  return index.commit([&](const ihe::Site&) -> fhir::Result<fhir::Batch> {
    fhir::Batch batch{index.access, {}, {}};
    batch.writes.push_back(std::move(*write));
    return batch;
  });
}

}  // namespace

TEST_CASE("duplicate: a pair is proposed once, linked when accepted, parted when undone") {
  Index index;
  REQUIRE(anna(index, {a, "1"}));
  const auto second = anna(index, {b, "2"});
  auto found = duplicates(index, *second);
  REQUIRE(found.size() == 1);
  const auto task = store(index, std::move(found.front()));
  CHECK(duplicates(index, *second).empty());
  CHECK(index.cross_reference({a, "1"}).ids.empty());
  REQUIRE(judge(index, task, "completed"));
  CHECK(index.cross_reference({a, "1"}).ids == std::vector<Id>{{b, "2"}});
  CHECK(duplicates(index, *second).empty());
  REQUIRE(judge(index, task, "rejected"));
  CHECK(index.cross_reference({a, "1"}).ids.empty());
  CHECK(duplicates(index, *second).empty());
}

TEST_CASE("duplicate: a pair of one source is merged; strangers and patients of no domain are not proposed") {
  Index index;
  REQUIRE(anna(index, {a, "1"}));
  const auto second = anna(index, {a, "2"});
  const auto twin = anna(index, {b, "3"}, "Lena");
  CHECK(duplicates(index, *twin).empty());
  auto found = duplicates(index, *second);
  REQUIRE(found.size() == 1);
  const auto task = store(index, std::move(found.front()));
  CHECK(index.opened.read("Task", task)->body.find("\"merge\"") != std::string::npos);
  REQUIRE(judge(index, task, "completed"));
  CHECK(index.cross_reference({a, "2"}).ids == std::vector<Id>{{a, "1"}});
  REQUIRE(judge(index, task, "requested"));
  CHECK(index.cross_reference({a, "2"}).ids.empty());
}

TEST_CASE("the work-list holds no snapshot while it waits for a commit") {
  // A store that looks, whenever something is committed, at who reads.
  class Watched : public fhir::Store {
   public:
    explicit Watched(alzette::store::Archive& store) : store_(store) {}
    std::unique_ptr<fhir::Snapshot> snapshot() override { return store_.snapshot(); }
    void observe(Observer observer) override { store_.observe(std::move(observer)); }
    void commit(fhir::Batch batch, std::function<void(fhir::Result<fhir::Receipt>)> done) override {
      readers = readers + store_.stats().readers;
      store_.commit(std::move(batch), std::move(done));
      ++commits;
    }
    std::atomic<std::uint64_t> readers{0}, commits{0};

   private:
    alzette::store::Archive& store_;
  };
  Index index;
  REQUIRE(anna(index, {a, "1"}));
  REQUIRE(anna(index, {b, "2"}));
  Watched watched(*index.opened.store);
  alzette::Duplicates work_list(watched, index.access, index.settings, index.ids, alzette::Duplicates::Links::propose,
                                index.folder.path);
  while (watched.commits == 0) std::this_thread::yield();
  work_list.stop();
  CHECK(watched.readers == 0);
}
