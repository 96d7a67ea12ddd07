// Bodies packed with a dictionary of the store's own.
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "src/store/sqlite/packing.h"
#include "tests/unit/store_fixture.h"

using namespace store_fixture;
using alzette::store::sqlite::common_in;
using alzette::store::sqlite::Packing;

namespace {

std::string members(int i) {
  const auto n = std::to_string(i);
  return R"("status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic )"
         R"(blood pressure"}]},"subject":{"reference":"Patient/p)" +
         n + R"("},"valueQuantity":{"value":)" + n +
         R"(,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"})";
}

std::vector<std::string> samples() {
  std::vector<std::string> all;
  for (int i = 0; i < 1000; ++i)
    all.push_back(R"({"resourceType":"Observation","id":"o)" + std::to_string(i) + "\"," + members(i * 7919) + "}");
  return all;
}

// What the file says, by the first column of the first row.
std::int64_t ask(const std::string& folder, const char* sql) {
  sqlite3* db = nullptr;
  sqlite3_stmt* statement = nullptr;
  REQUIRE(sqlite3_open((folder + "/alzette.sqlite").c_str(), &db) == SQLITE_OK);
  sqlite3_busy_timeout(db, 10'000);
  REQUIRE(sqlite3_prepare_v2(db, sql, -1, &statement, nullptr) == SQLITE_OK);
  const std::int64_t answer = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return answer;
}

// As many versions as a store wants before it learns.
void fill(Opened& opened) {
  for (int part = 0; part < 4; ++part) {
    fhir::Batch batch;
    for (int i = 0; i < 1000; ++i)
      batch.writes.push_back(
          write(fhir::Method::update, "Observation", "o" + std::to_string(part * 1000 + i), members(i)));
    REQUIRE(commit(*opened.store, std::move(batch)));
  }
}

// Writes until one takes up what the store learned.
void learn(Opened& opened, const std::string& folder) {
  for (int i = 0; i < 1000 && ask(folder, "SELECT count(*) FROM dictionary") == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    opened.put("Basic", "b", R"("code":{"text":")" + std::to_string(i) + R"("})");
  }
  REQUIRE(ask(folder, "SELECT count(*) FROM dictionary") == 1);
}

// Zeros instead of the page of the file that holds `text`.
void wipe_page(const std::string& folder, std::string_view text) {
  constexpr std::size_t page = 4096;
  std::fstream file(folder + "/alzette.sqlite", std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const auto at = bytes.find(text);
  REQUIRE(at != std::string::npos);
  file.seekp(static_cast<std::streamoff>(at / page * page));
  file << std::string(page, '\0');
}

constexpr const char* size_of_last = "SELECT length(bytes) FROM body ORDER BY key DESC LIMIT 1";

}  // namespace

TEST_CASE("what texts have in common is packed away, and comes back to the byte") {
  const auto all = samples();
  Packing packing;
  CHECK(packing.pack(all[5]) == all[5]);  // nothing was learned
  packing.use(common_in(all));
  const std::string packed = packing.pack(all[5]);
  CHECK(packed.size() < all[5].size() / 4);
  CHECK(packing.unpack(packed) == all[5]);
  CHECK(packing.unpack(all[5]) == all[5]);
  CHECK(packing.pack("{}") == "{}");
  CHECK(packing.unpack("") == "");

  std::vector<std::string> others;
  for (int i = 0; i < 1000; ++i)
    others.push_back(R"({"resourceType":"Basic","code":{"text":"no )" + std::to_string(i) + R"( of a long list"}})");
  packing.use(common_in(others));
  CHECK(packing.unpack(packed) == all[5]);  // by the dictionary that it names
  CHECK(packing.unpack(packing.pack(others[3])) == others[3]);
}

TEST_CASE("a damaged frame is told, not read") {
  const auto all = samples();
  Packing packing;
  packing.use(common_in(all));
  const std::string packed = packing.pack(all[5]);
  for (std::size_t size = 4; size < packed.size(); ++size) CHECK_FALSE(packing.unpack(packed.substr(0, size)));
  const auto altered = [](std::string text, std::size_t at) {
    text[at] ^= 8;
    return text;
  };
  for (std::size_t at = 4; at < packed.size(); ++at) CHECK_FALSE(packing.unpack(altered(packed, at)));
  const std::string dictionary = common_in(all);
  Packing other;
  other.use(altered(dictionary, dictionary.size() - 100));
  CHECK(std::none_of(all.begin(), all.end(), [&](const auto& text) {
    const auto read = other.unpack(packing.pack(text));
    return read && *read != text;
  }));
  CHECK_FALSE(Packing().unpack(packed));  // its dictionary is not there
}

TEST_CASE("a text of which little is known is left as it is") { CHECK(common_in({"a", "b"}).empty()); }

TEST_CASE("a store learns what its resources have in common, and its answers stay the same") {
  Folder folder;
  std::string before;
  {
    Opened opened(folder.path);
    fill(opened);
    learn(opened, folder.path);
    opened.put("Observation", "before", members(17));
    CHECK(ask(folder.path, size_of_last) < 150);
    const auto read = opened.read("Observation", "before");
    REQUIRE(read);
    before = read->body;
    CHECK(before.find("Systolic blood pressure") != std::string::npos);
    CHECK(before.size() > 300);
    CHECK(opened.put("Observation", "before", members(17)).effect == fhir::Written::Effect::unchanged);
    CHECK(opened.ids("Observation", "value-quantity=17&_sort=_id").size() == 5);
  }
  CHECK(ask(folder.path, "SELECT max(length(bytes)) FROM body") > 300);  // the first ones, as they were written
  Opened again(folder.path);
  CHECK(again.read("Observation", "before")->body == before);
  again.put("Observation", "after", members(18));
  CHECK(ask(folder.path, size_of_last) < 150);
  CHECK_FALSE(again.store->backup(folder.path + "/copy.sqlite", {}));
  again.store.reset();
  CHECK(alzette::store::check(folder.path, false, {})->whole());

  std::filesystem::create_directories(folder.path + "/restored");
  std::filesystem::rename(folder.path + "/copy.sqlite", folder.path + "/restored/alzette.sqlite");
  CHECK(Opened(folder.path + "/restored").read("Observation", "before")->body == before);
}

TEST_CASE("a body that cannot be unpacked is a fault of the store") {
  Folder folder;
  {
    Opened opened(folder.path);
    fill(opened);
    learn(opened, folder.path);
    opened.put("Observation", "last", members(17));
  }
  ask(folder.path,
      "UPDATE body SET bytes = substr(bytes, 1, length(bytes) - 3) WHERE key = (SELECT max(key) FROM body)");
  {
    Opened opened(folder.path);
    CHECK(opened.read("Observation", "last").outcome().kind == fhir::Kind::internal);
    CHECK(opened.read("Observation", "o1"));
    CHECK(opened.put("Observation", "last", members(17)).effect == fhir::Written::Effect::updated);
    CHECK(opened.read("Observation", "last"));
  }
  const auto report = alzette::store::check(folder.path, false, {});
  REQUIRE(report);
  CHECK(report->fault_count == 1);
  CHECK(report->faults.at(0).find("cannot be unpacked") != std::string::npos);
  const auto repair = alzette::store::check(folder.path, true, {});
  REQUIRE(repair);
  CHECK(repair->repaired.empty());  // the text index still has the words of what cannot be read
}

TEST_CASE("a store learns from what can be read, and takes writes where some cannot") {
  Folder folder;
  {
    Opened opened(folder.path);
    fill(opened);
  }
  wipe_page(folder.path, R"("id":"o2000")");
  Opened opened(folder.path);
  learn(opened, folder.path);
  CHECK(opened.put("Observation", "last", members(17)).effect == fhir::Written::Effect::created);
}

TEST_CASE("a damaged dictionary is a fault of the store, which is not opened") {
  Folder folder;
  {
    Opened opened(folder.path);
    fill(opened);
    learn(opened, folder.path);
  }
  for (const char* bytes : {"zeroblob(100)", "x'37A430EC01000080' || zeroblob(100)"}) {
    ask(folder.path, (std::string("UPDATE dictionary SET bytes = ") + bytes).c_str());
    CHECK_FALSE(alzette::store::open(folder.path, {}));
    const auto report = alzette::store::check(folder.path, false, {});
    REQUIRE(report);
    REQUIRE(report->fault_count > 0);
    CHECK(report->faults.back().find("dictionary") != std::string::npos);
  }
}
