// What an operator meets: reopening, kill -9, newer files, documents, backup and check.
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "fhir/base64.h"
#include "fhir/incoming.h"
#include "src/store/blob.h"
#include "tests/unit/store_fixture.h"

using namespace store_fixture;
using fhir::Kind;

namespace {

void sql(const std::string& folder, const char* text) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open((folder + "/alzette.sqlite").c_str(), &db) == SQLITE_OK);
  char* why = nullptr;
  const int code = sqlite3_exec(db, text, nullptr, nullptr, &why);
  CHECK_MESSAGE(code == SQLITE_OK, why);
  sqlite3_close(db);
}

alzette::store::Report checked(const std::string& folder, bool repair = false) {
  auto report = alzette::store::check(folder, repair, {});
  if (!report) FAIL(report.outcome().issues.at(0).diagnostics);
  return std::move(*report);
}

void fill(Opened& opened) {
  for (int i = 0; i < 30; ++i) {
    const auto n = std::to_string(i);
    opened.put("Patient", "p" + n,
               R"("identifier":[{"system":"urn:x","value":")" + n +
                   R"("}],"name":[{"family":"Weber","given":["A","B"]}],)" + R"("birthDate":"1970-01-01")");
    opened.put("Observation", "o" + n,
               R"("status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},)"
               R"("subject":{"reference":"Patient/p)" +
                   n + R"("},"effectivePeriod":{"start":"2020","end":"2021"},)" + R"("valueQuantity":{"value":)" + n +
                   R"(,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"})");
  }
  opened.put("Patient", "p1", R"("gender":"male")");
  opened.remove("Patient", "p2");
}

}  // namespace

TEST_CASE("what was stored is there after reopening") {
  Folder folder;
  {
    Opened opened(folder.path);
    fill(opened);
  }
  Opened again(folder.path);
  CHECK(again.read("Patient", "p3"));
  CHECK(again.read("Patient", "p2").outcome().kind == Kind::gone);
  CHECK(again.ids("Patient", "identifier=urn:x|7") == Ids{"p7"});
  CHECK(again.store->snapshot()->count(type("Patient")) == 29);
  CHECK(again.put("Patient", "p1", R"("gender":"female")").version == 3);
  auto second = alzette::store::open(folder.path);
  REQUIRE_FALSE(second);
  CHECK(second.outcome().issues.at(0).code == "lock-error");
}

TEST_CASE("kill -9 loses nothing that was acknowledged") {
  Folder folder;
  for (int round = 0; round < 5; ++round) {
    int acknowledged[2];
    REQUIRE(::pipe(acknowledged) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(acknowledged[0]);
      auto store = alzette::store::open(folder.path);
      if (!store) ::_exit(1);
      for (int i = 0;; ++i) {
        const std::string id = "r" + std::to_string(round) + "-" + std::to_string(i);
        fhir::Write one;
        one.type = fhir::definitions().resource("Basic");
        one.id = id;
        one.body = {R"({"resourceType":"Basic","id":")" + id + R"(","meta":{}})", 0};
        one.body.meta_at = one.body.bytes.size() - 2;
        if (!commit(**store, std::move(one))) ::_exit(2);
        if (::write(acknowledged[1], &i, sizeof i) != sizeof i) ::_exit(3);
      }
    }
    ::close(acknowledged[1]);
    int last = -1;
    for (int i = 0; i < 40 + 30 * round; ++i) REQUIRE(::read(acknowledged[0], &last, sizeof last) == sizeof last);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(acknowledged[0], &last, sizeof last) == sizeof last) {
    }
    ::close(acknowledged[0]);
    Opened opened(folder.path);
    auto snapshot = opened.store->snapshot();
    for (int i = 0; i <= last; ++i)
      CHECK(snapshot->read(opened.access, type("Basic"), "r" + std::to_string(round) + "-" + std::to_string(i)));
  }
  CHECK(checked(folder.path).whole());
}

TEST_CASE("a newer file is refused with a clear text, an older one is brought up") {
  Folder folder;
  { Opened opened(folder.path); }
  sql(folder.path, "PRAGMA user_version = 99");
  auto newer = alzette::store::open(folder.path);
  REQUIRE_FALSE(newer);
  CHECK(newer.outcome().kind == Kind::unsupported);
  CHECK(newer.outcome().issues.at(0).diagnostics.find("99") != std::string::npos);

  Folder old;
  std::filesystem::create_directories(old.path);
  sql(old.path, "PRAGMA user_version = 0");  // a database before the first schema
  Opened opened(old.path);
  CHECK(opened.put("Patient", "p").version == 1);
}

TEST_CASE("what is no database is refused") {
  Folder folder;
  std::ofstream(folder.path + "/alzette.sqlite") << std::string(9000, 'x');
  CHECK_FALSE(alzette::store::open(folder.path));
}

TEST_CASE("check finds the store whole, and says what is not") {
  Folder folder;
  {
    Opened opened(folder.path);
    fill(opened);
  }
  const auto whole = checked(folder.path);
  CHECK(whole.whole());
  CHECK(whole.versions == 62);
  CHECK(whole.postings > 200);
  SUBCASE("a lost index row") {
    sql(folder.path, "DELETE FROM string WHERE value = 'weber' AND key = (SELECT min(key) FROM string)");
  }
  SUBCASE("an index row too many") { sql(folder.path, "INSERT INTO reference VALUES(1, 2, 3)"); }
  SUBCASE("a changed value") { sql(folder.path, "UPDATE quantity SET value = value + 1 WHERE value = 7"); }
  const auto broken = checked(folder.path);
  CHECK_FALSE(broken.whole());
  CHECK_FALSE(checked(folder.path, true).repaired.empty());
  CHECK(checked(folder.path).whole());
  Opened opened(folder.path);
  CHECK(opened.ids("Patient", "family=weber").size() == 28);
}

TEST_CASE("a repair writes the text index anew, for what is older than it as well") {
  Folder folder;
  {
    Opened opened(folder.path);
    fill(opened);
    CHECK(opened.ids("Patient", "_content=weber").size() == 28);
  }
  sql(folder.path, "INSERT INTO words(words) VALUES('delete-all')");
  {
    Opened opened(folder.path);
    CHECK(opened.ids("Patient", "_content=weber").empty());
  }
  CHECK_FALSE(checked(folder.path, true).repaired.empty());
  CHECK(checked(folder.path).whole());
  Opened opened(folder.path);
  CHECK(opened.ids("Patient", "_content=weber").size() == 28);
  CHECK(opened.ids("Patient", "_content=weber&birthdate=1970-01-01").size() == 28);
}

TEST_CASE("check finds what repair cannot put right") {
  Folder folder;
  {
    Opened opened(folder.path);
    fill(opened);
  }
  SUBCASE("a lost body") { sql(folder.path, "DELETE FROM body WHERE key = (SELECT max(key) FROM body)"); }
  SUBCASE("a wrong count") { sql(folder.path, "UPDATE version SET live = live + 1 WHERE ordinal = 3"); }
  SUBCASE("a lost version") { sql(folder.path, "DELETE FROM version WHERE key = (SELECT min(key) FROM version)"); }
  SUBCASE("an end of life too many") { sql(folder.path, "INSERT INTO superseded SELECT max(key), 1 FROM body"); }
  CHECK_FALSE(checked(folder.path).whole());
}

TEST_CASE("base64 is taken only as it would be written again") {
  std::string bytes;
  CHECK(alzette::store::from_base64("aGVsbG8=", bytes));
  CHECK(bytes == "hello");
  CHECK(fhir::encode_base64("hello") == "aGVsbG8=");
  CHECK(fhir::encode_base64("hell") == "aGVsbA==");
  CHECK(fhir::encode_base64("hel") == "aGVs");
  for (const char* bad : {"", "aGVsbG8", "aGVsbG9=", "aGVs bG8=", "a===", "aGVsbG8=aGVs", "aGVs\nbG8=", "aG=s"})
    CHECK_FALSE_MESSAGE(alzette::store::from_base64(bad, bytes), bad);
}

TEST_CASE("large documents are files, and come back as they were") {
  Folder folder;
  std::string bytes(100'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  const std::string data = fhir::encode_base64(bytes);
  const std::string members = R"("contentType":"application/octet-stream","data":")" + data + R"(")";
  {
    Opened opened(folder.path);
    opened.put("Binary", "b", members);
    opened.put("Binary", "same", members);
    CHECK(opened.put("Binary", "b", members).effect == fhir::Written::Effect::unchanged);
    const auto read = opened.read("Binary", "b");
    REQUIRE(read);
    CHECK(read->body.find(data) != std::string::npos);
    CHECK(read->body.size() < data.size() + 300);
    CHECK(opened.read("Binary", "same")->body.size() == read->body.size() + 3);
    // Not canonical: stays in the row, byte for byte.
    opened.put("Binary", "odd", R"("contentType":"a/b","data":" )" + data + R"(")");
    CHECK(opened.read("Binary", "odd")->body.find("\" " + data) != std::string::npos);
  }
  CHECK(std::filesystem::file_size(folder.path + "/alzette.sqlite") < 2 * data.size() + 300'000);
  auto report = checked(folder.path);
  CHECK(report.whole());
  CHECK(report.blobs == 1);

  std::string file;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path + "/blobs"))
    if (entry.is_regular_file()) file = entry.path().string();
  std::filesystem::create_directories(folder.path + "/blobs/00/00");
  std::ofstream(folder.path + "/blobs/00/00/0000") << "nobody's";
  CHECK(checked(folder.path).whole());
  std::fstream(file, std::ios::in | std::ios::out).write("X", 1);
  CHECK_FALSE(checked(folder.path).whole());
}

TEST_CASE("a document is found where an earlier program put it, and not written again") {
  namespace fs = std::filesystem;
  Folder folder, other;
  const std::string members =
      R"("contentType":"a/b","data":")" + fhir::encode_base64(std::string(100'000, 'x')) + R"(")";
  { Opened(folder.path).put("Binary", "b", members); }
  fs::path file;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path + "/blobs"))
    if (entry.is_regular_file()) file = entry.path();
  const auto name = file.filename().string();
  REQUIRE(file == fs::path(folder.path + "/blobs") / name.substr(0, 2) / name);
  const auto earlier = file.parent_path() / name.substr(2, 2) / name;
  fs::create_directories(earlier.parent_path());
  fs::rename(file, earlier);
  {
    Opened opened(folder.path);
    CHECK(opened.read("Binary", "b")->body.size() > 130'000);
    opened.put("Binary", "same", members);
    CHECK_FALSE(opened.store->backup(other.path + "/alzette.sqlite", {}));
  }
  CHECK_FALSE(fs::exists(file));
  CHECK(checked(folder.path).whole());
  fs::rename(other.path + "/alzette.sqlite.blobs", other.path + "/blobs");
  CHECK(checked(other.path).whole());
}

TEST_CASE("documents that were kept before their batch is committed are named, not written again") {
  Folder folder;
  const std::string data = fhir::encode_base64(std::string(100'000, 'x'));
  const std::string members = R"("contentType":"a/b","data":")" + data + R"(")";
  {
    Opened opened(folder.path);
    fhir::Batch batch;
    batch.writes.push_back(store_fixture::write(fhir::Method::update, "Binary", "b", members));
    batch.writes.push_back(store_fixture::write(fhir::Method::update, "Patient", "p"));
    opened.store->keep_documents(batch);
    CHECK(batch.writes[0].body.bytes.size() < 300);
    REQUIRE(batch.writes[0].documents.size() == 1);
    CHECK(batch.writes[1].documents.empty());
    REQUIRE(commit(*opened.store, std::move(batch)));
    CHECK(opened.put("Binary", "b", members).effect == fhir::Written::Effect::unchanged);
    CHECK(opened.read("Binary", "b")->body.find(data) != std::string::npos);
  }
  const auto report = checked(folder.path);
  CHECK(report.whole());
  CHECK(report.blobs == 1);
}

TEST_CASE("a document comes and goes apart from its body, and is the same as one that came within it") {
  Folder folder;
  Opened opened(folder.path);
  std::string bytes(6u << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  // Not in memory, as far as the store can see.
  const auto text = std::make_shared<fhir::TextContent>("<<" + bytes);
  const auto apart = std::make_shared<fhir::JoinedContent>(
      std::vector<std::shared_ptr<const fhir::Content>>{std::make_shared<fhir::PartOfContent>(text, 2, bytes.size())});
  auto write = store_fixture::write(fhir::Method::update, "Binary", "b", R"("contentType":"a/b")");
  fhir::set_data(write, apart);
  REQUIRE(write.documents.size() == 1);
  REQUIRE(commit(*opened.store, write));
  const auto within = R"("contentType":"a/b","data":")" + fhir::encode_base64(bytes) + R"(")";
  CHECK(opened.put("Binary", "b", within).effect == fhir::Written::Effect::unchanged);

  const auto snapshot = opened.store->snapshot();
  const auto access = fhir::Access::local_developer();
  for (const auto version : {std::optional<std::int64_t>(), std::optional<std::int64_t>(1)}) {
    const auto fetched = snapshot->fetch(access, type("Binary"), "b", version);
    REQUIRE(fetched);
    REQUIRE(fetched->documents.size() == 1);
    CHECK(fetched->body.substr(fetched->documents[0].at - 8) == R"("data":""})");
    CHECK(fetched->documents[0].bytes->text() == bytes);
    CHECK(fetched->documents[0].bytes->text(bytes.size() - 3) == bytes.substr(bytes.size() - 3));
  }
  CHECK(opened.read("Binary", "b")->body.find(fhir::encode_base64(bytes)) != std::string::npos);
  CHECK(snapshot->fetch(access, type("Binary"), "none", {}).outcome().kind == Kind::absent);
}

TEST_CASE("a page with large documents ends early and goes on") {
  Folder folder;
  Opened opened(folder.path);
  const std::string data = fhir::encode_base64(std::string(40u << 20, 'x'));
  for (int i = 0; i < 3; ++i)
    opened.put("DocumentReference", "d" + std::to_string(i),
               R"("status":"current","content":[{"attachment":{"data":")" + data + R"("}}])");
  const auto snapshot = opened.store->snapshot();
  const auto access = fhir::Access::local_developer();
  auto asked = query("DocumentReference", "status=current");
  const auto first = snapshot->search(access, asked, 10, effort);
  REQUIRE(first);
  REQUIRE(first->entries.size() == 2);
  asked.page = first->next;
  const auto second = snapshot->search(access, asked, 10, effort);
  REQUIRE(second);
  CHECK(second->entries.size() == 1);
  CHECK(second->next.empty());
}

TEST_CASE("base64 is encoded while it is read, from anywhere") {
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>(i * 31 + i / 7);
  for (const std::size_t size : {0u, 1u, 2u, 3u, 1000u, 299'999u, 300'000u}) {
    const auto expected = fhir::encode_base64(std::string_view(bytes).substr(0, size));
    const fhir::Base64Content content(std::make_shared<fhir::TextContent>(bytes.substr(0, size)));
    REQUIRE(content.size() == expected.size());
    CHECK(content.text() == expected);
    for (const std::size_t at : {0u, 1u, 5u, 998u, 250'003u})
      CHECK(content.text(at, 77) == (at < expected.size() ? expected.substr(at, 77) : ""));
  }
}

TEST_CASE("the log begins anew though somebody always reads") {
  const Folder folder;
  alzette::store::Options options;
  options.log_pages = 300;
  Opened store(folder.path, options);
  store.put("Patient", "a");
  std::atomic<bool> end{false};
  std::thread reading([&] {
    std::shared_ptr<fhir::Snapshot> last;
    while (!end) {
      std::shared_ptr<fhir::Snapshot> next = store.store->snapshot();
      CHECK(next->read(store.access, type("Patient"), "a"));
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      last = std::move(next);  // the one before ends within this one
    }
  });
  std::uint64_t longest = 0;
  for (int i = 0; i < 150; ++i) {
    store.put("Patient", "p" + std::to_string(i), R"("name":[{"family":"Weber","given":["Anna"]}])");
    longest = std::max(longest, store.store->stats().log_pages);
  }
  end = true;
  reading.join();
  CHECK(longest > 300);
  CHECK(longest < 1500);
}

TEST_CASE("a backup taken while writing is a whole store") {
  Folder folder, other;
  const std::string copy = other.path + "/alzette.sqlite";
  {
    Opened opened(folder.path);
    fill(opened);
    const std::string data = fhir::encode_base64(std::string(70'000, 'x'));
    opened.put("Binary", "b", R"("contentType":"a/b","data":")" + data + R"(")");
    std::atomic<bool> stop{false};
    std::thread writing([&] {
      for (int i = 0; !stop; ++i) opened.put("Patient", "w" + std::to_string(i));
    });
    const auto failed = opened.store->backup(copy, {});
    stop = true;
    writing.join();
    CHECK_FALSE(failed);
    CHECK(opened.store->backup(copy, {}));  // never over an older one
  }
  std::filesystem::rename(copy + ".blobs", other.path + "/blobs");
  CHECK(checked(other.path).whole());
  Opened restored(other.path);
  CHECK(restored.read("Binary", "b")->body.size() > 90'000);
  CHECK(restored.ids("Patient", "identifier=urn:x|7") == Ids{"p7"});
}
