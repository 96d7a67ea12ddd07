// What must hold while others write: one resource out of many conditional creates, pages without gaps or repeats.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "tests/wire/rest_server.h"

using wire::RestServer;

TEST_CASE("64 parallel conditional creates make one resource") {
  const RestServer server;
  std::atomic<int> created{0}, found{0}, other{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 64; ++i)
    clients.emplace_back([&] {
      const auto reply =
          server.post("/Patient", R"({"resourceType":"Patient","identifier":[{"system":"urn:x","value":"one"}]})",
                      "If-None-Exist: identifier=urn:x|one\r\n");
      (reply.status == 201 ? created : reply.status == 200 ? found : other) += 1;
    });
  for (auto& client : clients) client.join();
  CHECK(created == 1);
  CHECK(found == 63);
  CHECK(other == 0);
  CHECK(server.count("Patient") == 1);
  CHECK(server.get("/_history").number("total") == 1);
}

TEST_CASE("parallel updates under If-Match: one of each version wins") {
  const RestServer server;
  server.ask("PUT", "/Patient/a", R"({"resourceType":"Patient","id":"a"})");
  std::atomic<int> won{0}, lost{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i)
    clients.emplace_back([&, i] {
      const auto reply =
          server.ask("PUT", "/Patient/a",
                     R"({"resourceType":"Patient","id":"a","name":[{"family":"n)" + std::to_string(i) + "\"}]}",
                     "If-Match: W/\"1\"\r\n");
      (reply.status == 200 ? won : lost) += 1;
      CHECK((reply.status == 200 || reply.status == 412));
    });
  for (auto& client : clients) client.join();
  CHECK(won == 1);
  CHECK(lost == 15);
}

TEST_CASE("parallel additions to a closure table are all kept") {
  const RestServer server;
  const std::vector<std::string> codes{"male", "female", "other", "unknown"};
  for (int round = 0; round < 8; ++round) {
    const auto closure = [&](const std::string& more) {
      return server.post("/$closure", R"({"resourceType":"Parameters","parameter":[{"name":"name","valueString":"t)" +
                                          std::to_string(round) + "\"}" + more + "]}");
    };
    REQUIRE(closure("").status == 200);
    std::vector<std::thread> clients;
    for (const auto& code : codes)
      clients.emplace_back([&] {
        const auto reply = closure(
            R"(,{"name":"concept","valueCoding":{"system":"http://hl7.org/fhir/administrative-gender","code":")" +
            code + "\"}}");
        CHECK_MESSAGE(reply.status == 200, reply.body);
      });
    for (auto& client : clients) client.join();
    const auto table = server.get("/ConceptMap?title=t" + std::to_string(round));
    for (const auto& code : codes) CHECK_MESSAGE(table.has("\"code\":\"" + code + "\""), table.body);
  }
}

TEST_CASE("of parallel search parameters of one code one is taken") {
  const RestServer server;
  for (int round = 0; round < 8; ++round) {
    std::atomic<int> created{0}, refused{0};
    const std::string code = "own" + std::to_string(round);
    const auto put = [&](const std::string& id, const std::string& base) {
      return server.ask("PUT", "/SearchParameter/" + id,
                        R"({"resourceType":"SearchParameter","id":")" + id + R"(","url":"http://e.org/)" + id +
                            R"(","name":"Own","status":"active","description":"d","code":")" + code + R"(","base":[")" +
                            base + R"("],"type":"token","expression":")" + base + R"(.language"})");
    };
    for (const char* base : {"Observation", "Condition"}) REQUIRE(put(code + "-" + base, base).status == 201);
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i)
      clients.emplace_back([&, i] {
        const auto reply = put(code + "-" + std::to_string(i), "Patient");
        (reply.status == 201 ? created : reply.status == 422 ? refused : created) += 1;
      });
    for (auto& client : clients) client.join();
    CHECK(created == 1);
    CHECK(refused == 7);
  }
}

TEST_CASE("paging while others write yields each original exactly once") {
  const RestServer server;
  std::set<std::string> originals;
  for (int i = 0; i < 120; ++i)
    originals.insert(server.post("/Patient", R"({"resourceType":"Patient","active":true})").text("id"));
  std::atomic<bool> stop{false};
  std::atomic<int> updated{0};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      server.post("/Patient", R"({"resourceType":"Patient","active":true})");
      const auto& touched = *std::next(originals.begin(), i % 120);
      const auto reply = server.ask("PUT", "/Patient/" + touched,
                                    R"({"resourceType":"Patient","active":true,"id":")" + touched +
                                        R"(","multipleBirthInteger":)" + std::to_string(i + 1) + "}");
      if (reply.status == 200) ++updated;
    }
  });
  std::multiset<std::string> seen;
  std::string path = "/Patient?active=true&_count=7";
  while (!path.empty()) {
    const auto page = server.get(path);
    REQUIRE(page.status == 200);
    for (auto at = page.body.find("\"fullUrl\":\""); at != std::string::npos;
         at = page.body.find("\"fullUrl\":\"", at + 1)) {
      const auto begin = page.body.find("/Patient/", at) + 9;
      seen.insert(page.body.substr(begin, page.body.find('"', begin) - begin));
    }
    const auto next = page.body.find(R"("relation":"next","url":")");
    path = next == std::string::npos
               ? std::string()
               : page.body.substr(next + 25, page.body.find('"', next + 25) - next - 25).substr(server.base().size());
  }
  stop = true;
  writer.join();
  CHECK(updated > 0);
  CHECK(originals.size() == 120);
  for (const auto& id : originals) CHECK(seen.count(id) == 1);
}
