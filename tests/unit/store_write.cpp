// Versions, conditions, groups and histories on a real file.
#include <atomic>
#include <latch>
#include <thread>

#include "fhir/rule.h"
#include "tests/unit/store_fixture.h"

using namespace store_fixture;
using fhir::Kind;
using fhir::Method;
using Effect = fhir::Written::Effect;

TEST_CASE("a resource gets version and time in its meta, and is read as it was stored") {
  Folder folder;
  std::int64_t now = 1'700'000'000'123;
  Opened opened(folder.path, {.bulk = false, .queue = 10, .clock = [&] { return now; }});
  const auto written = opened.put("Patient", "p1", R"("gender":"male")");
  CHECK(written.effect == Effect::created);
  CHECK(written.version == 1);
  CHECK(written.last_updated == now);
  const auto read = opened.read("Patient", "p1");
  REQUIRE(read);
  CHECK(
      read->body ==
      R"({"resourceType":"Patient","id":"p1","meta":{"versionId":"1","lastUpdated":"2023-11-14T22:13:20.123Z"},"gender":"male"})");
  CHECK(read->version == 1);
  CHECK(read->last_updated == now);

  SUBCASE("time never runs backwards") {
    now -= 5'000;
    CHECK(opened.put("Patient", "p2").last_updated == 1'700'000'000'123);
  }
  SUBCASE("the same again writes nothing") {
    now += 1'000;
    const auto again = opened.put("Patient", "p1", R"("gender":"male")");
    CHECK(again.effect == Effect::unchanged);
    CHECK(again.version == 1);
    CHECK(again.last_updated == 1'700'000'000'123);
    CHECK(opened.put("Patient", "p1", R"("gender":"female")").version == 2);
  }
  SUBCASE("deleted is gone, then comes back with the next version") {
    CHECK(opened.remove("Patient", "p1").effect == Effect::removed);
    const auto gone = opened.read("Patient", "p1");
    REQUIRE_FALSE(gone);
    CHECK(gone.outcome().kind == Kind::gone);
    CHECK(opened.remove("Patient", "p1").effect == Effect::absent);
    const auto back = opened.put("Patient", "p1", R"("gender":"male")");
    CHECK(back.effect == Effect::created);
    CHECK(back.version == 3);
    const auto second = opened.store->snapshot()->vread(opened.access, type("Patient"), "p1", 2);
    REQUIRE_FALSE(second);
    CHECK(second.outcome().kind == Kind::gone);
    CHECK(opened.store->snapshot()->vread(opened.access, type("Patient"), "p1", 1)->version == 1);
    CHECK(opened.store->snapshot()->vread(opened.access, type("Patient"), "p1", 4).outcome().kind == Kind::absent);
  }
  SUBCASE("never stored is absent") {
    CHECK(opened.read("Patient", "nobody").outcome().kind == Kind::absent);
    CHECK(opened.read("Claim", "p1").outcome().kind == Kind::absent);
    CHECK(opened.remove("Patient", "nobody").effect == Effect::absent);
  }
}

TEST_CASE("if_version is checked at the commit") {
  Folder folder;
  Opened opened(folder.path);
  opened.put("Patient", "p1", R"("gender":"male")");
  auto one = write(Method::update, "Patient", "p1", R"("gender":"other")");
  one.if_version = 2;
  CHECK(commit(*opened.store, one).outcome().kind == Kind::precondition);
  one.if_version = 0;
  CHECK(commit(*opened.store, one).outcome().kind == Kind::precondition);
  one.if_version = 1;
  CHECK(commit(*opened.store, one)->at(0).version == 2);
  auto absent = write(Method::update, "Patient", "p2");
  absent.if_version = 1;
  CHECK(commit(*opened.store, absent).outcome().kind == Kind::precondition);
  absent.if_version = 0;
  CHECK(commit(*opened.store, absent)->at(0).effect == Effect::created);
  CHECK(commit(*opened.store, write(Method::create, "Patient", "p2")).outcome().kind == Kind::duplicate);
}

TEST_CASE("a batch is stored whole or not at all, and its neighbours in the group are not touched") {
  Folder folder;
  Opened opened(folder.path);
  std::latch all(3);
  std::vector<bool> good(3);
  const auto send = [&](std::size_t at, fhir::Batch batch) {
    batch.access = opened.access;
    opened.store->commit(std::move(batch), [&, at](auto result) {
      good[at] = static_cast<bool>(result);
      all.count_down();
    });
  };
  fhir::Batch first, second, third;
  first.writes.push_back(write(Method::update, "Patient", "a"));
  second.writes.push_back(write(Method::update, "Patient", "b1"));
  second.writes.push_back(write(Method::update, "Patient", "b2"));
  second.writes.back().if_version = 7;
  third.writes.push_back(write(Method::update, "Patient", "c"));
  send(0, std::move(first));
  send(1, std::move(second));
  send(2, std::move(third));
  all.wait();
  CHECK(good == std::vector<bool>{true, false, true});
  CHECK(opened.read("Patient", "a"));
  CHECK(opened.read("Patient", "b1").outcome().kind == Kind::absent);
  CHECK(opened.read("Patient", "c"));
  CHECK(opened.ids("Patient", "") == Ids{"a", "c"});

  fhir::Batch twice;
  twice.writes.push_back(write(Method::update, "Patient", "d"));
  twice.writes.push_back(write(Method::remove, "Patient", "d"));
  CHECK(commit(*opened.store, std::move(twice)).outcome().kind == Kind::malformed);
}

TEST_CASE("who may not write does not") {
  Folder folder;
  Opened opened(folder.path);
  fhir::Batch batch;
  batch.writes.push_back(write(Method::update, "Patient", "a"));
  batch.access.grants.push_back({"Patient", {fhir::Verb::read, fhir::Verb::create}});
  std::promise<fhir::Kind> kind;
  opened.store->commit(std::move(batch), [&](auto result) { kind.set_value(result.outcome().kind); });
  CHECK(kind.get_future().get() == Kind::forbidden);
  CHECK(opened.store->snapshot()->read({}, type("Patient"), "a").outcome().kind == Kind::forbidden);
  CHECK(opened.store->snapshot()->search({}, query("Patient", ""), 10, effort).outcome().kind == Kind::forbidden);
}

TEST_CASE("64 conditional creates at once make one resource") {
  Folder folder;
  Opened opened(folder.path);
  std::atomic<int> created{0}, refused{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 64; ++i)
    threads.emplace_back([&, i] {
      fhir::Batch batch;
      batch.expect.push_back({query("Patient", "identifier=urn:x|1"), {}});
      batch.writes.push_back(write(Method::create, "Patient", "n" + std::to_string(i),
                                   R"("identifier":[{"system":"urn:x","value":"1"}])"));
      const auto result = commit(*opened.store, std::move(batch));
      if (result)
        ++created;
      else if (result.outcome().kind == Kind::conflict && result.outcome().issues.at(0).code == "transient")
        ++refused;
    });
  threads.clear();
  CHECK(created == 1);
  CHECK(refused == 63);
  CHECK(opened.ids("Patient", "").size() == 1);
}

TEST_CASE("conditions within one group see what batches before them in it wrote, and what these replaced or removed") {
  Folder folder;
  Opened opened(folder.path);
  std::promise<void> queued;
  opened.store->observe([&, first = true](const auto&, const auto&) mutable {
    if (std::exchange(first, false)) queued.get_future().wait();  // the writer waits: what follows is one group
  });
  const std::string one = R"("identifier":[{"system":"urn:x","value":"1"}])";
  const std::string two = R"("identifier":[{"system":"urn:x","value":"2"}])";
  const std::string long_one = R"("identifier":[{"system":"urn:x","value":")" + std::string(200, 'a') + "\"}]";
  std::vector<std::future<bool>> done;
  const auto send = [&](fhir::Write write, const std::string& condition = {}, Ids found = {}) {
    fhir::Batch batch;
    batch.access = opened.access;
    if (!condition.empty()) batch.expect.push_back({query(write.type->name, condition), std::move(found)});
    batch.writes.push_back(std::move(write));
    const auto good = std::make_shared<std::promise<bool>>();
    done.push_back(good->get_future());
    opened.store->commit(std::move(batch), [good](const auto& result) { good->set_value(static_cast<bool>(result)); });
  };
  send(write(Method::update, "Organization", "o", R"("name":"Old")"));
  send(write(Method::create, "Patient", "a", one), "identifier=urn:x|1");
  send(write(Method::create, "Patient", "b", one), "identifier=urn:x|1");
  send(write(Method::create, "Patient", "c", two), "identifier=urn:x|2");
  send(write(Method::create, "Patient", "d", two), "identifier=2&active:missing=true");
  send(write(Method::update, "Patient", "a", two), "identifier=urn:x|1", {"a"});
  send(write(Method::create, "Patient", "e", one), "identifier=urn:x|1");
  send(write(Method::remove, "Patient", "e"), "identifier=1", {"e"});
  send(write(Method::create, "Patient", "f", one), "identifier=urn:x|1");
  send(write(Method::create, "Patient", "g", long_one), "identifier=urn:x|" + std::string(200, 'a'));
  send(write(Method::create, "Patient", "h", long_one), "identifier=urn:x|" + std::string(200, 'a'));
  send(write(Method::update, "Patient", "m", R"("managingOrganization":{"reference":"Organization/o"})"));
  send(write(Method::update, "Organization", "o", R"("name":"New")"));
  send(write(Method::create, "Patient", "n"), "organization.name=New", {"m"});
  send(write(Method::create, "Patient", "p"), "organization.name=Old");
  send(write(Method::create, "Patient", "q"), "family=nobody");
  queued.set_value();
  std::string good;
  for (auto& one_done : done) good += one_done.get() ? '1' : '0';
  CHECK(good == "1101011111011111");
  CHECK(opened.ids("Patient", "identifier=urn:x|2") == Ids{"c", "a"});
  CHECK(opened.ids("Patient", "identifier=urn:x|1") == Ids{"f"});
}

TEST_CASE("history: newest first, by resource, type and system, since and at, in pages") {
  Folder folder;
  std::int64_t now = 1'000'000;
  Opened opened(folder.path, {.bulk = false, .queue = 10, .clock = [&] { return now; }});
  const auto at = [&](std::int64_t time) { now = time; };
  at(1'000'000), opened.put("Patient", "p", R"("gender":"male")");
  at(2'000'000), opened.put("Patient", "q", R"("gender":"male")");
  at(3'000'000), opened.put("Patient", "p", R"("gender":"female")");
  at(4'000'000), opened.put("Organization", "o", R"("name":"x")");
  at(5'000'000), opened.remove("Patient", "p");
  const auto ask = [&](fhir::HistoryQuery asked) {
    auto page = opened.store->snapshot()->history(opened.access, asked);
    REQUIRE(page);
    return std::move(*page);
  };
  const auto names = [](const fhir::HistoryPage& page) {
    Ids out;
    for (const auto& version : page.versions) out.push_back(version.id + std::to_string(version.version));
    return out;
  };
  fhir::HistoryQuery one;
  one.type = &type("Patient");
  one.id = "p";
  CHECK(names(ask(one)) == Ids{"p3", "p2", "p1"});
  CHECK(ask(one).total == 3);
  CHECK(ask(one).versions.at(0).deleted());
  CHECK(ask(one).versions.at(0).body.empty());
  one.since = 3'000'000;
  CHECK(names(ask(one)) == Ids{"p3", "p2"});
  CHECK(ask(one).total == 2);
  one.since.reset();
  using Time = std::optional<std::int64_t>;
  const auto within = [&](fhir::HistoryQuery query, Time from, Time until, const Ids& versions) {
    query.current_from = from;
    query.current_until = until;
    CHECK(names(ask(query)) == versions);
    CHECK(ask(query).total == versions.size());
    if (!query.id.empty()) return;
    query.listed = {{&type("Patient"), "p"}, {&type("Patient"), "q"}, {&type("Organization"), "o"}};
    CHECK(names(ask(query)) == versions);
    CHECK(ask(query).total == versions.size());
  };
  within(one, 2'500'000, 2'500'000, {"p1"});
  within(one, 2'500'000, 3'500'000, {"p2", "p1"});
  within(one, 3'000'000, 4'000'000, {"p2"});
  within(one, 2'500'000, {}, {"p3", "p2", "p1"});
  within(one, {}, 2'500'000, {"p1"});
  within(one, 3'500'000, 2'500'000, {});
  within(one, 6'000'000, 6'000'000, {});

  fhir::HistoryQuery all_patients;
  all_patients.type = &type("Patient");
  CHECK(names(ask(all_patients)) == Ids{"p3", "p2", "q1", "p1"});
  CHECK(ask(all_patients).total == 4);
  within(all_patients, 3'500'000, 3'500'000, {"p2", "q1"});
  within(all_patients, 2'500'000, 5'000'000, {"p3", "p2", "q1", "p1"});
  within(all_patients, 3'500'000, {}, {"p3", "p2", "q1"});
  within({}, {}, 4'000'000, {"o1", "p2", "q1", "p1"});
  within({}, 4'500'000, 1'500'000, {});
  all_patients.since = 2'000'000;
  within(all_patients, 2'500'000, 3'500'000, {"p2", "q1"});

  fhir::HistoryQuery everything;
  everything.count = 2;
  auto page = ask(everything);
  CHECK(page.total == 5);
  CHECK(names(page) == Ids{"p3", "o1"});
  at(6'000'000), opened.put("Patient", "r");
  everything.page = page.next;
  page = ask(everything);
  CHECK(names(page) == Ids{"p2", "q1"});
  CHECK(page.total == 5);
  everything.page = page.next;
  page = ask(everything);
  CHECK(names(page) == Ids{"p1"});
  CHECK(page.next.empty());
  everything.count = 0;
  everything.page.clear();
  CHECK(ask(everything).total == 6);

  one.id = "nobody";
  CHECK(opened.store->snapshot()->history(opened.access, one).outcome().kind == Kind::absent);
  everything.page = "zzz.1.1";
  CHECK(opened.store->snapshot()->history(opened.access, everything).outcome().kind == Kind::malformed);
}

TEST_CASE("a snapshot sees nothing that was committed after its first question") {
  Folder folder;
  Opened opened(folder.path);
  opened.put("Patient", "p", R"("gender":"male")");
  auto before = opened.store->snapshot();
  CHECK(before->count(type("Patient")) == 1);
  opened.put("Patient", "p", R"("gender":"female")");
  opened.put("Patient", "q");
  CHECK(before->read(opened.access, type("Patient"), "p")->version == 1);
  CHECK(before->read(opened.access, type("Patient"), "q").outcome().kind == Kind::absent);
  CHECK(before->count(type("Patient")) == 1);
  CHECK(before->find(opened.access, query("Patient", "gender=male"), 5)->size() == 1);
  CHECK(opened.read("Patient", "p")->version == 2);
}

TEST_CASE("writes of a batch are found by what they write, those as well that a rule adds") {
  fhir::Batch batch;
  batch.writes = {write(Method::create, "Patient", "1"), write(Method::remove, "Binary", "1")};
  fhir::WritesByName writes(batch);
  const auto& patient = *fhir::definitions().resource("Patient");
  CHECK(writes.find(patient, "1") == &batch.writes[0]);
  CHECK(writes.find(*fhir::definitions().resource("Binary"), "1") == &batch.writes[1]);
  CHECK(writes.find(patient, "2") == nullptr);
  batch.writes.push_back(write(Method::update, "Patient", "2"));
  CHECK(writes.find(patient, "2") == &batch.writes[2]);
}
