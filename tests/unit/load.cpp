#include "src/load/load.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "ihe/xds/record.h"
#include "src/generate/nation.h"
#include "src/load/files.h"
#include "src/load/journal.h"
#include "src/load/progress_bar.h"
#include "tests/unit/store_fixture.h"
#include "tests/wire/program.h"

using namespace alzette;
using namespace alzette::load;
using fhir::Kind;
using fhir::Outcome;

namespace {

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

void write_gzip(const std::string& path, const std::string& text) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}

std::string patient(const std::string& id, const std::string& family = "Weber") {
  return R"({"resourceType":"Patient","id":")" + id + R"(","name":[{"family":")" + family + R"("}]})";
}

// Keeps the newest body of each resource. Commits on a thread of its own, as the real one does; `answer` may put a
// refusal in place of the n-th commit.
class MemoryStore : public fhir::Store {
 public:
  MemoryStore() : writer_([this] { run(); }) {}
  ~MemoryStore() override {
    {
      std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_all();
    writer_.join();
  }

  std::unique_ptr<fhir::Snapshot> snapshot() override { return std::make_unique<View>(*this); }
  void observe(Observer) override {}
  void commit(fhir::Batch batch, std::function<void(fhir::Result<fhir::Receipt>)> done) override {
    std::lock_guard lock(mutex_);
    queue_.push_back({std::move(batch), std::move(done)});
    wake_.notify_all();
  }

  std::map<std::string, std::string> bodies;
  std::vector<std::string> order;
  std::size_t writes = 0;
  std::function<std::optional<Outcome>(std::size_t commit)> answer = [](std::size_t) { return std::nullopt; };

 private:
  class View : public fhir::Snapshot {
   public:
    explicit View(MemoryStore& store) : store_(store) {}
    fhir::Result<fhir::Version> read(const fhir::Access&, const fhir::Type& type, std::string_view id) override {
      std::lock_guard lock(store_.mutex_);
      auto found = store_.bodies.find(std::string(type.name.view()) + "/" + std::string(id));
      if (found == store_.bodies.end()) return Outcome(Kind::absent, "not-found", "not here");
      fhir::Version version;
      version.type = &type;
      version.id = id;
      version.version = 1;
      version.body = found->second;
      return version;
    }
    fhir::Result<fhir::Version> vread(const fhir::Access&, const fhir::Type&, std::string_view, std::int64_t) override {
      return Outcome(Kind::absent, "not-found", "not here");
    }
    fhir::Result<fhir::Version> fetch(const fhir::Access& access, const fhir::Type& type, std::string_view id,
                                      std::optional<std::int64_t>) override {
      return read(access, type, id);
    }
    fhir::Result<fhir::HistoryPage> history(const fhir::Access&, const fhir::HistoryQuery&) override {
      return fhir::HistoryPage{};
    }
    fhir::Result<fhir::SearchPage> search(const fhir::Access&, const fhir::search::Query&, std::uint32_t,
                                          std::uint64_t) override {
      return fhir::SearchPage{};
    }
    // Good enough for a condition on an identifier: resources of the type whose text holds its value.
    fhir::Result<std::vector<std::string>> find(const fhir::Access&, const fhir::search::Query& query,
                                                std::uint32_t) override {
      std::lock_guard lock(store_.mutex_);
      std::vector<std::string> ids;
      std::string type(query.type->name.view());
      std::string value = "\"" + query.all_of.at(0).any_of.at(0).value.text + "\"";
      for (const auto& [place, body] : store_.bodies)
        if (place.starts_with(type + "/") && body.find(value) != std::string::npos)
          ids.push_back(place.substr(type.size() + 1));
      return ids;
    }
    std::uint64_t count(const fhir::Type&) override { return 0; }
    std::vector<fhir::Note> notes(std::string_view) override { return {}; }
    std::optional<std::string> note(std::string_view, std::string_view) override { return std::nullopt; }
    std::string first_page() const override { return {}; }

   private:
    MemoryStore& store_;
  };

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return over_ || !queue_.empty(); });
      if (queue_.empty()) return;
      auto [batch, done] = std::move(queue_.front());
      queue_.pop_front();
      auto refusal = answer(commits_++);
      fhir::Receipt receipt;
      if (!refusal)
        for (const auto& write : batch.writes) {
          std::string place = std::string(write.type->name.view()) + "/" + write.id;
          auto& body = bodies[place];
          using Effect = fhir::Written::Effect;
          Effect effect = body.empty()               ? Effect::created
                          : body == write.body.bytes ? Effect::unchanged
                                                     : Effect::updated;
          body = write.body.bytes;
          order.push_back(place);
          writes += effect != Effect::unchanged;
          receipt.push_back({effect, 1, 0});
        }
      lock.unlock();
      refusal ? done(*refusal) : done(std::move(receipt));
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::pair<fhir::Batch, std::function<void(fhir::Result<fhir::Receipt>)>>> queue_;
  std::size_t commits_ = 0;
  bool over_ = false;
  std::thread writer_;
};

LoadResult load_all(fhir::Store& store, const wire::Folder& folder, std::vector<std::string> paths,
                    const std::string& refused = "", bool again = false) {
  auto result = load::load(
      store,
      {.paths = std::move(paths), .data = folder.path(), .refused_file = refused, .again = again, .planners = 2});
  REQUIRE(result);
  return *result;
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("load: files of a folder, those that others refer to first") {
  wire::Folder folder;
  for (const char* name :
       {"b.json", "a.json", "practitionerInformation1.json", "hospitalInformation1.json", "notes.txt", ".hidden.json",
        "deep/c.ndjson", "z.json.gz", "Patient.ndjson", "Organization.ndjson"})
    write(folder.path("in/") + name, "{}");
  auto files = files_of({folder.path("in")});
  REQUIRE(files);
  std::vector<std::string> names;
  for (const auto& file : *files) names.push_back(file.path.substr(folder.path("in/").size()));
  CHECK(names == std::vector<std::string>{"hospitalInformation1.json", "practitionerInformation1.json",
                                          "Organization.ndjson", "Patient.ndjson", "a.json", "b.json", "deep/c.ndjson",
                                          "z.json.gz"});
  auto twice = files_of({folder.path("in/a.json"), folder.path("in")});
  REQUIRE(twice);
  CHECK(twice->size() == names.size());
  CHECK_FALSE(files_of({folder.path("absent")}));
  std::filesystem::create_directory(folder.path("empty"));
  CHECK_FALSE(files_of({folder.path("empty")}));
}

TEST_CASE("load: lines by name or by sight, documents otherwise, plain and gzip alike") {
  wire::Folder folder;
  std::string lines;
  for (int at = 0; at < 1000; ++at) lines += patient("p" + std::to_string(at)) + "\n";
  lines += patient("last");  // without an end of line
  write(folder.path("a.ndjson"), lines);
  write_gzip(folder.path("b.ndjson.gz"), lines);
  write(folder.path("c.json"), lines);
  for (const char* name : {"a.ndjson", "b.ndjson.gz", "c.json"}) {
    CAPTURE(name);
    Reader reader({folder.path(name), 0, 0});
    std::string all;
    std::uint64_t next = 1;
    while (true) {
      auto text = reader.next();
      REQUIRE(text);
      if (!*text) break;
      CHECK((*text)->line == next);
      next += lines_in((*text)->text);
      all += (*text)->text;
    }
    CHECK(all == lines + "\n");
  }
  std::string pretty = "{\n  \"resourceType\": \"Patient\"\n}\n";
  write_gzip(folder.path("d.json"), pretty);
  Reader reader({folder.path("d.json"), 0, 0});
  auto text = reader.next();
  REQUIRE(text);
  CHECK((*text)->line == 0);
  CHECK((*text)->text == pretty);
  auto end = reader.next();
  REQUIRE(end);
  CHECK_FALSE(*end);
}

TEST_CASE("load: a damaged gzip file is refused with its name") {
  wire::Folder folder;
  write_gzip(folder.path("x.json.gz"), patient("x", std::string(5000, 'y')) + patient("z", "never the same twice 123"));
  std::string bytes = wire::content_of(folder.path("x.json.gz"));
  write(folder.path("x.json.gz"), bytes.substr(0, bytes.size() / 2));
  MemoryStore store;
  auto result = load_all(store, folder, {folder.path("x.json.gz")});
  CHECK_FALSE(result.complete);
  CHECK(result.tally.refused == 1);
}

TEST_CASE("load: the journal keeps its place and gives no two files the same time") {
  wire::Folder folder;
  File one{"/one.json", 10, 1}, two{"/two\tand.json", 10, 1};
  {
    Journal journal(folder.path());
    auto first = journal.begin(one, 1000, false);
    auto second = journal.begin(two, 1000, false);
    CHECK(first.started != second.started);
    second.done = 17;
    second.refused = 3;
    journal.record(two, second);
    first.finished = true;
    journal.record(one, first);
  }
  std::ofstream(folder.path("load.journal"), std::ios::app) << "9999\t5\t0\t1\t10\t1\t/two";  // cut short by a crash
  Journal journal(folder.path());
  CHECK(journal.begin(one, 5000, false).finished);
  auto again = journal.begin(two, 5000, false);
  CHECK(again.done == 17);
  CHECK(again.refused == 3);
  CHECK_FALSE(again.finished);
  CHECK(journal.begin(two, 5000, true).done == 0);
  CHECK(journal.begin(two, 5000, true).started == again.started);
  File changed = one;
  changed.modified = 2;
  CHECK_FALSE(journal.begin(changed, 5000, false).finished);
}

TEST_CASE("load: resources, in order, then nothing the second time") {
  wire::Folder folder;
  std::string lines;
  for (int at = 0; at < 500; ++at) lines += patient("p" + std::to_string(at)) + "\n";
  lines += patient("p0", "Newest") + "\n\n";
  write(folder.path("in/a.ndjson"), lines);
  write(folder.path("in/b.json"), patient("single"));
  write(folder.path("in/c.json"), R"({"resourceType":"Patient","active":true})");
  MemoryStore store;
  auto result = load_all(store, folder, {folder.path("in")});
  CHECK(result.complete);
  CHECK(result.files == 3);
  CHECK(result.tally.created == 502);
  CHECK(result.tally.updated == 1);
  CHECK(result.tally.refused == 0);
  CHECK(store.bodies["Patient/p0"].find("Newest") != std::string::npos);
  CHECK(store.order[0] == "Patient/p0");
  CHECK(store.order[499] == "Patient/p499");
  auto again = load_all(store, folder, {folder.path("in")});
  CHECK(again.skipped == 3);
  CHECK(again.tally.taken() == 0);
  auto forced = load_all(store, folder, {folder.path("in")}, "", true);
  CHECK(forced.tally.created == 0);  // also the one without an id
  CHECK(store.bodies.size() == 502);
}

TEST_CASE("load: documents of one patient become entries of the registry, each with a set of its own") {
  wire::Folder folder;
  std::map<std::string, std::string> files;
  const generate::Nation nation({.patients = 2, .documents = 6, .only = {"Patient", "Binary", "DocumentReference"}});
  nation.part(1, [&](std::string_view type, std::string&& json) { files[std::string(type)] += json + "\n"; });
  for (const auto& [type, lines] : files) write(folder.path("in/" + type + ".ndjson"), lines);
  const store_fixture::Opened opened(folder.path("store"));
  auto result = load_all(*opened.store, folder, {folder.path("in")});
  CHECK(result.tally.refused == 0);
  CHECK(result.tally.created == 2 + 6 + 2 * 6);

  const auto snapshot = opened.store->snapshot();
  const auto found = [&](std::string_view type) {
    auto page = snapshot->search(fhir::Access::local_developer(), store_fixture::query(type, "status=current"), 100,
                                 store_fixture::effort);
    REQUIRE(page);
    return std::move(page->entries);
  };
  const auto entries = found("DocumentReference");
  REQUIRE(entries.size() == 6);
  for (const auto& entry : entries) CHECK(ihe::xds::decode(entry.version->record));
  const auto sets = found("List");
  REQUIRE(sets.size() == 6);
  for (const auto& set : sets) {
    const auto record = ihe::xds::decode(set.version->record);
    REQUIRE(record);
    CHECK(record->object.kind == ihe::xds::Kind::submission_set);
    CHECK(record->associations.size() == 1);
  }

  const auto again = load_all(*opened.store, folder, {folder.path("in")}, "", true);
  CHECK(again.tally.refused == 0);
  CHECK(again.tally.unchanged == 2 + 6 + 6);
}

TEST_CASE("load: documents in XML, with an entry that is refused as in JSON") {
  wire::Folder folder;
  const auto bundle = [](const std::string& type, const std::string& id, const std::string& more) {
    return "\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"" + type +
           "\"/><entry><resource><Patient><id value=\"" + id + "\"/>" + more +
           "</Patient></resource><request><method value=\"PUT\"/><url value=\"Patient/" + id +
           "\"/></request></entry></Bundle>";
  };
  write(folder.path("in/a.xml"),
        R"(<Patient xmlns="http://hl7.org/fhir"><id value="a"/><active value="true"/></Patient>)");
  write_gzip(folder.path("in/b.xml.gz"), bundle("transaction", "b", "<active value=\"true\"/>"));
  write(folder.path("in/c.xml"), bundle("batch", "c", "<horse/>"));
  write(folder.path("in/d.xml"), "<Patient");
  MemoryStore store;
  const auto result = load_all(store, folder, {folder.path("in")});
  CHECK(result.files == 4);
  CHECK(result.tally.created == 2);
  CHECK(result.tally.refused == 2);
  CHECK(store.bodies["Patient/a"].find("\"active\":true") != std::string::npos);
  CHECK(store.bodies.count("Patient/b") == 1);
}

TEST_CASE("load: refusals name file, line or entry, and are looked at again the next time") {
  wire::Folder folder;
  write(folder.path("in/a.ndjson"), patient("good") + "\n" + R"({"resourceType":"Patient","gender":"wrong"})" + "\n" +
                                        "{not json}\n" + patient("fine") + "\n");
  write(folder.path("in/b.json"), R"({"resourceType":"Bundle","type":"batch","entry":[
    {"resource":{"resourceType":"Patient","id":"b0"},"request":{"method":"PUT","url":"Patient/b0"}},
    {"resource":{"resourceType":"Patient","id":"b1","wings":2},"request":{"method":"PUT","url":"Patient/b1"}},
    {"resource":{"resourceType":"Patient","id":"b2"},"request":{"method":"PUT","url":"Patient/b2"}}]})");
  MemoryStore store;
  for (int round = 0; round < 2; ++round) {
    auto result = load_all(store, folder, {folder.path("in")}, folder.path("refused.ndjson"));
    CHECK(result.tally.refused == 3);
    CHECK((round == 0 ? result.tally.created : result.tally.unchanged) == 4);
    std::string report = wire::content_of(folder.path("refused.ndjson"));
    CHECK(lines_in(report) == 3);
    CHECK(report.find("a.ndjson line 2: ") != std::string::npos);
    CHECK(report.find("a.ndjson line 3: ") != std::string::npos);
    CHECK(report.find("b.json entry 1: ") != std::string::npos);
    CHECK(report.starts_with(R"({"resourceType":"OperationOutcome","issue":[{"severity":"error")"));
  }
  CHECK(store.bodies.size() == 4);
}

TEST_CASE("load: an entry of a batch that cannot be read is refused by its number, the others are taken") {
  wire::Folder folder;
  write(folder.path("in/b.json"), R"({"resourceType":"Bundle","type":"batch","entry":["text",
    {"resource":{"resourceType":"Patient","id":"b1"},"request":{"method":"PUT","url":"Patient/b1"}},
    {"resource":{"resourceType":"Patient","id":"b2","id":"b2"},"request":{"method":"PUT","url":"Patient/b2"}},
    {"resource":{"resourceType":"Patient","id":"b3"},"request":{"method":"PUT","url":"Patient/b3"}}]})");
  MemoryStore store;
  auto result = load_all(store, folder, {folder.path("in")}, folder.path("refused.ndjson"));
  CHECK(result.tally.created == 2);
  CHECK(result.tally.refused == 2);
  std::string report = wire::content_of(folder.path("refused.ndjson"));
  CHECK(report.find("b.json entry 0: ") != std::string::npos);
  CHECK(report.find("b.json entry 2: ") != std::string::npos);
}

TEST_CASE("load: a condition that an earlier file makes true holds, one that nothing makes true is refused") {
  wire::Folder folder;
  auto transaction = [](const std::string& resource, const std::string& type) {
    return R"({"resourceType":"Bundle","type":"transaction","entry":[{"resource":)" + resource +
           R"(,"request":{"method":"POST","url":")" + type + R"("}}]})";
  };
  for (int at = 0; at < 20; ++at) {
    auto number = std::to_string(10 + at);
    write(folder.path("in/") + number + "-a.json",
          transaction(R"({"resourceType":"Practitioner","identifier":[{"system":"s","value":"d)" + number + R"("}]})",
                      "Practitioner"));
    write(folder.path("in/") + number + "-b.json",
          transaction(R"({"resourceType":"Patient","generalPractitioner":[{"reference":"Practitioner?identifier=s|d)" +
                          number + R"("}]})",
                      "Patient"));
  }
  write(
      folder.path("in/99.json"),
      transaction(R"({"resourceType":"Patient","generalPractitioner":[{"reference":"Practitioner?identifier=s|no"}]})",
                  "Patient"));
  MemoryStore store;
  auto result = load_all(store, folder, {folder.path("in")}, folder.path("refused.ndjson"));
  CHECK(result.tally.created == 40);
  CHECK(result.tally.refused == 1);
  CHECK(wire::content_of(folder.path("refused.ndjson")).find("99.json: ") != std::string::npos);
}

TEST_CASE("load: a transient conflict is planned again; a store that gives up ends the load and is resumed") {
  wire::Folder folder;
  std::string lines;
  for (int at = 0; at < 2000; ++at) lines += patient("p" + std::to_string(at)) + "\n";
  write(folder.path("a.ndjson"), lines);
  std::set<std::string> taken;
  {
    MemoryStore store;
    store.answer = [](std::size_t commit) -> std::optional<Outcome> {
      if (commit < 3) return Outcome(Kind::conflict, "transient", "again");
      if (commit < 8) return std::nullopt;
      return Outcome(Kind::internal, "exception", "the disk is gone");
    };
    auto result = load_all(store, folder, {folder.path("a.ndjson")});
    CHECK_FALSE(result.complete);
    CHECK(result.tally.refused > 0);
    CHECK(result.tally.created == store.bodies.size());
    CHECK(store.bodies.size() == 5 * 128);
    for (const auto& [place, body] : store.bodies) taken.insert(place);
  }
  MemoryStore rest;
  auto result = load_all(rest, folder, {folder.path("a.ndjson")});
  CHECK(result.complete);
  CHECK(result.tally.refused == 0);
  for (const auto& [place, body] : rest.bodies) taken.insert(place);
  CHECK(taken.size() == 2000);
  CHECK(rest.bodies.count("Patient/p1999") == 1);
}

TEST_CASE("load: a transaction taken in again makes the same ids") {
  wire::Folder folder;
  write(folder.path("a.json"), R"({"resourceType":"Bundle","type":"transaction","entry":[
    {"fullUrl":"urn:uuid:0d4f7a52-5d57-4a9c-9f0e-2f1d4c6a0b01","resource":{"resourceType":"Patient"},
     "request":{"method":"POST","url":"Patient"}},
    {"resource":{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},
     "subject":{"reference":"urn:uuid:0d4f7a52-5d57-4a9c-9f0e-2f1d4c6a0b01"}},
     "request":{"method":"POST","url":"Encounter"}}]})");
  MemoryStore store;
  CHECK(load_all(store, folder, {folder.path("a.json")}).tally.created == 2);
  CHECK(load_all(store, folder, {folder.path("a.json")}, "", true).tally.unchanged == 2);
  CHECK(store.bodies.size() == 2);
}

TEST_CASE("load: numbers and times for people") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1234567) == "1,234,567");
  CHECK(duration(7.4) == "0:07");
  CHECK(duration(3723) == "1:02:03");
}
