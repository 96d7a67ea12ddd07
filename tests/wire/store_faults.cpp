// The store when its disk or memory fails: full disk, failed sync, the Nth call that fails. Afterwards every
// acknowledged write is there, no refused one is, and the store is whole.
#include <doctest/doctest.h>
#include <sys/mount.h>

#include <functional>
#include <map>

#include "src/store/blob.h"
#include "tests/wire/faulty_server.h"

namespace {

using namespace wire;

// A full disk: refusals, reads, and work again when there is room.
void full_disk(Faulty& bench, const std::function<void()>& fill, const std::function<void()>& empty) {
  const auto address = bench.start();
  REQUIRE_MESSAGE(!address.empty(), bench.server->err());
  Http http(address);
  REQUIRE(done(put(http, "before")));
  std::vector<std::string> kept{"before"}, lost;
  for (int round = 0; round < 3; ++round) {
    fill();
    int refusals = 0;
    for (int at = 0; at < 40; ++at) {
      const std::string id = "r" + std::to_string(round) + "-" + std::to_string(at);
      const auto answer =
          at % 8 == 7   ? http.ask("POST", "/fhir", bundle({id, id + "b"}))
          : at % 8 == 3 ? http.ask("PUT", "/fhir/Binary/" + id, document(id, 200'000, static_cast<char>('A' + at % 26)))
                        : put(http, id, std::string(3000, 'y'));
      REQUIRE(answer);
      const std::string name = at % 8 == 3 ? "Binary/" + id : "Patient/" + id;
      if (done(answer)) {
        kept.push_back(name);
      } else {
        CHECK_MESSAGE((answer->status == 503 || answer->status == 507), answer->body);
        CHECK(answer->body.find("OperationOutcome") != std::string::npos);
        lost.push_back(name);
        ++refusals;
      }
      CHECK(status_of(http, "/fhir/Patient/before") == 200);
    }
    CHECK(refusals > 10);
    CHECK(status_of(http, "/fhir/Patient?_count=1") == 200);
    CHECK(status_of(http, "/health/ready") == 200);
    empty();
    REQUIRE(done(put(http, "after" + std::to_string(round))));
    kept.push_back("Patient/after" + std::to_string(round));
    const std::string large = "large" + std::to_string(round);
    CHECK(done(http.ask("PUT", "/fhir/Binary/" + large, document(large, 120'000, static_cast<char>('a' + round)))));
  }
  kept.front() = "Patient/before";
  for (const auto& name : kept) CHECK_MESSAGE(status_of(http, "/fhir/" + name) == 200, name);
  for (const auto& name : lost) CHECK_MESSAGE(status_of(http, "/fhir/" + name) == 404, name);
  CHECK(bench.stop() == 0);
  CHECK(fault_of(bench.data) == "");
}

}  // namespace

TEST_CASE("faults: a full disk refuses writes, answers reads and heals without a restart" * doctest::skip(sanitized)) {
  Faulty bench;
  std::int64_t room = 0;
  full_disk(
      bench, [&] { bench.trouble->room = (room += 7'777); }, [&] { bench.trouble->room = -1; });
  CHECK(bench.trouble->seen > 0);
}

namespace {

struct SmallDisk {
  explicit SmallDisk(std::string where, const char* room = "size=8m")
      : path(std::move(where)), mounted(::mount("none", path.c_str(), "tmpfs", 0, room) == 0) {}
  ~SmallDisk() {
    if (mounted) ::umount2(path.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  const std::string path;
  const bool mounted;
};

}  // namespace

TEST_CASE("faults: a full file system of its own does the same" * doctest::skip(sanitized)) {
  const Folder folder;
  const SmallDisk disk(folder.path());
  if (!disk.mounted) {
    MESSAGE("skipped: mounting a tmpfs needs root");
    return;
  }
  Faulty bench(folder.path("data"));
  const std::string ballast = folder.path("ballast");
  full_disk(
      bench,
      [&] {
        const int fd = ::open(ballast.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        const std::string page(4096, 'b');
        while (::write(fd, page.data(), page.size()) > 0) {
        }
        // Room for a few small writes.
        CHECK(::ftruncate(fd, ::lseek(fd, 0, SEEK_CUR) - 65'536) == 0);
        ::close(fd);
      },
      [&] { std::filesystem::remove(ballast); });
}

// Large enough to be hashed while it is written: its folder is known only then.
TEST_CASE("faults: a document whose own folder cannot be made leaves no draft behind") {
  const Folder folder;
  const SmallDisk disk(folder.path(), "size=16m,nr_inodes=4");  // itself, blobs, the drafts' folder, a draft
  if (!disk.mounted) {
    MESSAGE("skipped: mounting a tmpfs needs root");
    return;
  }
  const auto half = std::make_shared<fhir::TextContent>(std::string(3u << 20, 'x'));
  const auto content =
      std::make_shared<fhir::JoinedContent>(std::vector<std::shared_ptr<const fhir::Content>>{half, half});
  const auto kept = alzette::store::Blobs(folder.path("blobs")).keep(std::vector<fhir::Document>{{0, content}});
  REQUIRE_FALSE(kept);
  CHECK(kept.outcome().kind == fhir::Kind::busy);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    files += entry.is_regular_file();
  CHECK(files == 0);
}

TEST_CASE("faults: after a failed sync nothing is acknowledged, the server ends, and a restart has what was" *
          doctest::skip(sanitized)) {
  Faulty bench;
  int met = 0;
  std::map<std::string, int> answers;  // what each sent write got
  for (int nth = 0; nth < 6; ++nth) {
    bench.trouble.none();
    const auto address = bench.start();
    REQUIRE_MESSAGE(!address.empty(), bench.server->err());
    Http http(address);
    for (const auto& [id, status] : answers) {
      const int found = status_of(http, "/fhir/" + id);
      if (status == 201) CHECK_MESSAGE(found == 200, id);
      if (status == 503) CHECK_MESSAGE(found == 404, id);
    }
    // The first commit makes SQLite sync the folder once more, and it ignores how that ends: it was synced before.
    REQUIRE(done(put(http, "first" + std::to_string(nth))));
    bench.trouble->syncs = nth;
    bool failed = false;
    for (int at = 0; at < 30; ++at) {
      const std::string id = "s" + std::to_string(nth) + "-" + std::to_string(at);
      const bool large = nth % 2 == 1 && at % 2 == 1;  // a document has syncs of its own
      const auto answer =
          large ? http.ask("PUT", "/fhir/Binary/" + id, document(id, 100'000 + 400 * unsigned(nth), char('a' + at)))
                : put(http, id);
      answers[(large ? "Binary/" : "Patient/") + id] = answer ? answer->status : 0;
      if (failed) CHECK_FALSE(done(answer));
      if (!failed && bench.trouble->seen > 0) CHECK(refused(answer));
      failed = bench.trouble->seen > 0;
      if (!answer) break;
    }
    CHECK(failed);
    met += failed;
    CHECK(bench.server->wait(std::chrono::seconds(60)) == 1);
    CHECK(bench.server->err().find("store_failed") != std::string::npos);
    CHECK(fault_of(bench.data) == "");
  }
  CHECK(met == 6);
}

namespace {

// About 600 pages of the log.
std::string heavy(const std::string& id) {
  std::string text = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
  for (int at = 0; at < 40; ++at) {
    const std::string own = id + "-" + std::to_string(at);
    text += (at ? "," : "") + (R"({"resource":)" + document(own, 60'000, 'q')) +
            R"(,"request":{"method":"PUT","url":"Binary/)" + own + R"("}})";
  }
  return text + "]}";
}

}  // namespace

TEST_CASE("faults: the log cannot be moved into the database while the disk is full, and is when there is room" *
          doctest::skip(sanitized)) {
  Faulty bench;
  const auto address = bench.start();
  REQUIRE_MESSAGE(!address.empty(), bench.server->err());
  Http http(address);
  const std::string database = bench.data + "/alzette.sqlite";
  const auto small = std::filesystem::file_size(database);
  bench.trouble->moves = 100;  // in the midst of moving
  int sent = 0;
  for (; sent < 100 && bench.trouble->seen == 0; ++sent)
    REQUIRE(done(http.ask("POST", "/fhir", heavy("h" + std::to_string(sent)))));
  CHECK(bench.trouble->seen > 0);
  CHECK(std::filesystem::file_size(database) < small + (4u << 20));
  bench.trouble->moves = -1;
  for (const int until = sent + 40; sent < until; ++sent)
    REQUIRE(done(http.ask("POST", "/fhir", heavy("h" + std::to_string(sent)))));
  CHECK(std::filesystem::file_size(database) > small + (20u << 20));
  CHECK(bench.stop() == 0);
  std::uint64_t versions = 0;
  CHECK(fault_of(bench.data, &versions) == "");
  CHECK(versions == 40u * static_cast<unsigned>(sent));
}

TEST_CASE("faults: a failed sync of the database ends the server, and nothing is lost" * doctest::skip(sanitized)) {
  Faulty bench;
  std::uint64_t acknowledged = 0;
  for (int nth = 0; nth < 2; ++nth) {
    bench.trouble.none();
    const auto address = bench.start();
    REQUIRE_MESSAGE(!address.empty(), bench.server->err());
    Http http(address);
    bench.trouble->moved = nth;
    for (int at = 0; at < 100; ++at) {
      if (!done(http.ask("POST", "/fhir", heavy("m" + std::to_string(nth) + "-" + std::to_string(at))))) break;
      acknowledged += 40;
    }
    CHECK(bench.trouble->seen == 1);
    CHECK(bench.server->wait(std::chrono::seconds(60)) == 1);
    std::uint64_t versions = 0;
    CHECK(fault_of(bench.data, &versions) == "");
    CHECK(versions >= acknowledged);
    acknowledged = versions;
  }
}

namespace {

// One write and one transaction under a fault; then what was acknowledged is there and the store is whole.
void one_fault(Faulty& bench, std::atomic<std::int64_t> Faults::*kind, std::int64_t nth, std::uint64_t& met) {
  CAPTURE(nth);
  bench.trouble.none();
  auto address = bench.start();
  REQUIRE_MESSAGE(!address.empty(), bench.server->err());
  const std::string name = "n" + std::to_string(met) + "-" + std::to_string(nth) + "-";
  std::optional<Answer> alone, many;
  {
    Http http(address);
    REQUIRE(done(put(http, name + "first")));
    ((*bench.trouble.operator->()).*kind) = nth;
    alone = put(http, name + "alone");
    many = http.ask("POST", "/fhir", bundle({name + "x", name + "y"}));
    met += bench.trouble->seen > 0;
    bench.trouble.none();
  }
  for (const auto& answer : {alone, many})
    if (answer && !done(answer)) CHECK_MESSAGE(answer->status >= 500, answer->body);
  const int code = bench.stop();
  CHECK_MESSAGE(code != -1, "it hangs");
  CHECK(fault_of(bench.data) == "");
  address = bench.start();
  REQUIRE(!address.empty());
  Http http(address);
  const int x = status_of(http, "/fhir/Patient/" + name + "x"), y = status_of(http, "/fhir/Patient/" + name + "y");
  CHECK(x == y);
  if (done(alone)) CHECK(status_of(http, "/fhir/Patient/" + name + "alone") == 200);
  if (done(many)) CHECK(x == 200);
}

// A start under a fault: it serves, or ends with a reason; the next start works.
void start_fault(std::atomic<std::int64_t> Faults::*kind, std::int64_t nth, std::uint64_t& met) {
  CAPTURE(nth);
  Faulty bench;
  ((*bench.trouble.operator->()).*kind) = nth;
  const bool first = !bench.start().empty();
  met += bench.trouble->seen > 0;
  if (!first) CHECK(bench.server->wait(std::chrono::seconds(60)) > 0);
  bench.trouble.none();
  const auto address = bench.start();
  REQUIRE_MESSAGE(!address.empty(), bench.server->err());
  Http http(address);
  CHECK(done(put(http, "works")));
  CHECK(bench.stop() == 0);
  CHECK(fault_of(bench.data) == "");
}

}  // namespace

TEST_CASE("faults: the Nth write, sync or allocation fails during a write and a transaction" *
          doctest::skip(sanitized)) {
  Faulty bench;
  std::uint64_t writes = 0, syncs = 0, memory = 0;
  for (std::int64_t nth = 0; nth < 4; ++nth) one_fault(bench, &Faults::writes, nth, writes);
  for (std::int64_t nth = 0; nth < 2; ++nth) one_fault(bench, &Faults::syncs, nth, syncs);
  for (std::int64_t nth = 0; nth < 4'000; nth += 1 + nth / 5) one_fault(bench, &Faults::memory, nth, memory);
  CHECK(writes > 0);
  CHECK(syncs == 2);
  CHECK(memory > 10);
}

TEST_CASE("faults: the Nth write, sync or allocation fails at the start" * doctest::skip(sanitized)) {
  std::uint64_t writes = 0, syncs = 0, memory = 0;
  for (std::int64_t nth = 0; nth < 64; nth += 1 + nth / 2) start_fault(&Faults::writes, nth, writes);
  for (std::int64_t nth = 0; nth < 8; ++nth) start_fault(&Faults::syncs, nth, syncs);
  for (std::int64_t nth = 0; nth < 100'000; nth += 1 + nth / 2) start_fault(&Faults::memory, nth, memory);
  CHECK(writes > 5);
  CHECK(syncs > 2);
  CHECK(memory > 10);
}

TEST_CASE(
    "faults: B115 when the wall clock jumps by a day no request ends early and no version is older than the last" *
    doctest::skip(sanitized)) {
  constexpr std::int64_t day = 24 * 60 * 60;
  Faulty bench;
  const auto address = bench.start();
  REQUIRE_MESSAGE(!address.empty(), bench.server->err());
  Http http(address);
  std::string last;
  for (const std::int64_t ahead : {std::int64_t{0}, day, std::int64_t{0}, -day, std::int64_t{0}}) {
    bench.trouble->ahead = ahead;
    REQUIRE(done(put(http, "one", "ahead by " + std::to_string(ahead))));
    const auto answer = http.ask("GET", "/fhir/Patient/one");
    REQUIRE(answer);
    const auto at = answer->body.find("lastUpdated");
    REQUIRE(at != std::string::npos);
    const auto now = answer->body.substr(at, std::string_view(R"(lastUpdated":"2024-01-01T00:00:00.000)").size());
    CHECK(now >= last);
    constexpr std::size_t to_day = std::string_view(R"(lastUpdated":"2024-01-01)").size();
    if (ahead == day) CHECK(now.substr(0, to_day) > last.substr(0, to_day));  // it did jump
    last = now;
    CHECK(status_of(http, "/fhir/Patient?family=ahead") == 200);
    CHECK(status_of(http, "/fhir/Patient/one/_history") == 200);
  }
  CHECK(bench.stop() == 0);
  CHECK(fault_of(bench.data) == "");
}
