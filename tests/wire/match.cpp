// Patient/$match over real sockets: candidates are found by their keys, graded, and merged ones are left out.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "tests/wire/rest_server.h"

using wire::Reply;
using wire::RestServer;

namespace {

const std::string anna =
    R"({"resourceType":"Patient","identifier":[{"system":"urn:oid:1.3.182.4.4","value":"1893120105732"}],)"
    R"("name":[{"family":"Weber","given":["Anna"]}],"gender":"female","birthDate":"1893-12-01",)"
    R"("address":[{"line":["5, rue de la Gare"],"postalCode":"L-1611","city":"Luxembourg"}]})";

Reply match(const RestServer& server, const std::string& patient, const std::string& more = "") {
  return server.post("/Patient/$match", R"({"resourceType":"Parameters","parameter":[{"name":"resource","resource":)" +
                                            patient + "}" + more + "]}");
}

std::string without_number(const std::string& family, const std::string& given, const std::string& born,
                           const std::string& city) {
  return R"({"resourceType":"Patient","name":[{"family":")" + family + R"(","given":[")" + given +
         R"("]}],"gender":"female","birthDate":")" + born + R"(","address":[{"line":["5, rue de la Gare"],"city":")" +
         city + "\"}]}";
}

}  // namespace

TEST_CASE("$match: the same person is certain, one who changed is probable, a stranger is not found") {
  const RestServer server;
  const auto id = server.post("/Patient", anna).text("id");
  for (const char* other : {"Hoffmann", "Schneider", "Klein"})
    server.post("/Patient", without_number(other, "Luc", "1970-05-05", "Esch"));

  auto reply = match(server, anna);
  CHECK(reply.status == 200);
  CHECK(reply.number("total") == 1);
  CHECK(reply.has("\"id\":\"" + id + "\""));
  CHECK(reply.has(R"("valueCode":"certain")"));
  CHECK(reply.has(R"("score":0.9)"));

  reply = match(server, without_number("Wéber", "Ana", "1893-01-12", "Luxembourg"));
  CHECK(reply.number("total") == 1);
  CHECK(reply.has(R"("valueCode":"probable")"));
  reply = match(server, without_number("Wéber", "Ana", "1893-01-12", "Luxembourg"),
                R"(,{"name":"onlyCertainMatches","valueBoolean":true})");
  CHECK(reply.number("total") == 0);
  CHECK(match(server, without_number("Muller", "Zita", "2001-02-03", "Wiltz")).number("total") == 0);
}

TEST_CASE("$match: count bounds the answer, the best come first") {
  const RestServer server;
  for (int i = 0; i < 5; ++i) server.post("/Patient", without_number("Weber", "Anna", "1980-03-11", "Luxembourg"));
  server.post("/Patient", without_number("Weber", "Lena", "1980-03-11", "Luxembourg"));
  const auto sought = without_number("Weber", "Anna", "1980-03-11", "Luxembourg");
  CHECK(match(server, sought).number("total") == 6);
  const auto best = match(server, sought, R"(,{"name":"count","valueInteger":5})");
  CHECK(best.number("total") == 5);
  CHECK_FALSE(best.has("Lena"));
}

TEST_CASE("$match: who was merged is found as the survivor alone") {
  const RestServer server;
  const auto survivor = server.post("/Patient", without_number("Weber", "Anna", "1980-03-11", "Luxembourg")).text("id");
  auto merged = without_number("Weber", "Anna", "1980-03-11", "Luxembourg");
  merged.insert(merged.size() - 1, R"(,"active":false,"link":[{"other":{"reference":"Patient/)" + survivor +
                                       R"("},"type":"replaced-by"}])");
  REQUIRE(server.post("/Patient", merged).status == 201);
  const auto reply = match(server, without_number("Weber", "Anna", "1980-03-11", "Luxembourg"));
  CHECK(reply.number("total") == 1);
  CHECK(reply.has("\"id\":\"" + survivor + "\""));
}

TEST_CASE("$match: what is too little, or no Patient, is refused with a reason") {
  const RestServer server;
  CHECK(match(server, R"({"resourceType":"Patient","gender":"female"})").status == 422);
  CHECK(match(server, R"({"resourceType":"Practitioner","active":true})").status == 422);
  CHECK(match(server, anna, R"(,{"name":"count","valueInteger":0})").status == 400);
  CHECK(server.post("/Patient/$match", R"({"resourceType":"Parameters"})").status == 400);
  CHECK(server.get("/Patient/$match").status == 405);
  CHECK(server.get("/Patient?match-key=x").status == 400);
}
