// Answers that wait to be sent elsewhere: kept in files, bounded, taken up by the next server.
#include "src/outbox.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace {

namespace fs = std::filesystem;
using alzette::Outbox;

struct Folder {
  std::string path = "/tmp/outbox-XXXXXX";
  Folder() { REQUIRE(mkdtemp(path.data())); }
  ~Folder() { fs::remove_all(path); }
  std::size_t letters() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(path)) count += entry.path().extension() == ".letter";
    return count;
  }
};

// Nobody may be asked, so no letter is ever delivered; tried again after an hour.
const alzette::net::Egress nowhere;
Outbox::Limits patient() {
  Outbox::Limits limits;
  limits.pause = std::chrono::hours(1);
  limits.letters = 2;
  limits.body = 100;
  return limits;
}

}  // namespace

TEST_CASE("outbox: what waits lies in files and is taken up by the next one") {
  const Folder folder;
  {
    Outbox outbox(nowhere, folder.path, patient());
    CHECK(outbox.post({"http://127.0.0.1:1/", "text/xml", "<a/>"}));
    CHECK(outbox.post({"http://127.0.0.1:1/", "text/xml", "two\nlines"}));
    CHECK_FALSE(outbox.has_room());
    CHECK_FALSE(outbox.post({"http://127.0.0.1:1/", "text/xml", "one too many"}));
    CHECK(folder.letters() == 2);
  }
  std::ofstream(folder.path + "/1.letter.part") << "half";
  Outbox next(nowhere, folder.path, patient());
  CHECK(next.waiting() == 2);
  CHECK(folder.letters() == 2);
  CHECK_FALSE(fs::exists(folder.path + "/1.letter.part"));
  next.stop();
  CHECK(next.post({"http://127.0.0.1:1/", "text/xml", "late"}) == false);  // full
}

TEST_CASE("outbox: an answer is given up after its tries, and its file goes") {
  const Folder folder;
  auto limits = patient();
  limits.pause = std::chrono::milliseconds(0);
  Outbox outbox(nowhere, folder.path, limits);
  CHECK(outbox.post({"http://127.0.0.1:1/", "text/xml", "<a/>"}));
  while (outbox.waiting()) std::this_thread::yield();
  while (folder.letters()) std::this_thread::yield();
}

TEST_CASE("outbox: a letter has a largest size") {
  const Folder folder;
  const Outbox outbox(nowhere, folder.path, patient());
  CHECK(outbox.takes(100));
  CHECK_FALSE(outbox.takes(101));
}
