// Operations over real sockets that read and change resources: meta, meta-add, meta-delete, convert, document,
// everything.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "tests/wire/rest_server.h"

using wire::RestServer;

namespace {

constexpr std::string_view tagged =
    R"({"resourceType":"Patient","id":"p","meta":{"tag":[{"system":"urn:t","code":"a"}]},"active":true})";

std::string meta_of(std::string_view inside) {
  return R"({"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{)" + std::string(inside) + "}}]}";
}

void put(const RestServer& server, std::string_view path, std::string_view rest) {
  const auto slash = path.find('/', 1);
  const auto body = R"({"resourceType":")" + std::string(path.substr(1, slash - 1)) + R"(","id":")" +
                    std::string(path.substr(slash + 1)) + "\"," + std::string(rest) + "}";
  const auto answer = server.ask("PUT", path, body);
  CHECK_MESSAGE(answer.status == 201, answer.body);
}

}  // namespace

TEST_CASE("meta-add and meta-delete: sets by identity, each change a version") {
  const RestServer server;
  REQUIRE(server.ask("PUT", "/Patient/p", tagged).status == 201);
  const auto added = server.post(
      "/Patient/p/$meta-add",
      meta_of(
          R"("profile":["http://x/p"],"tag":[{"system":"urn:t","code":"a","display":"again"},{"system":"urn:t","code":"b"}])"));
  REQUIRE(added.status == 200);
  CHECK(added.has(R"("parameter":[{"name":"return","valueMeta":{"versionId":"2")"));
  CHECK(added.has(R"("tag":[{"system":"urn:t","code":"a"},{"system":"urn:t","code":"b"}],"profile":["http://x/p"])"));
  CHECK(server.get("/Patient?_tag=urn:t|b&_profile=http://x/p").has(R"("id":"p")"));

  const auto again = server.post("/Patient/p/$meta-add", meta_of(R"("tag":[{"system":"urn:t","code":"b"}])"));
  CHECK(again.has(R"("versionId":"2")"));  // nothing new: no version
  const auto removed = server.post(
      "/Patient/p/$meta-delete",
      meta_of(
          R"("tag":[{"system":"urn:t","code":"a"},{"code":"a"}],"profile":["http://x/p"],"security":[{"code":"none"}])"));
  CHECK(removed.has(R"("tag":[{"system":"urn:t","code":"b"}])"));
  CHECK_FALSE(removed.has("profile"));
  CHECK(server.get("/Patient/p").has(R"("active":true)"));
  CHECK(server.get("/Patient/p").header("ETag") == "W/\"3\"");

  CHECK(server.get("/Patient/p/$meta-add").status == 405);
  CHECK(server.post("/Patient/none/$meta-add", meta_of(R"("profile":["http://x"])")).status == 404);
  CHECK(server.post("/Patient/p/$meta-add", R"({"resourceType":"Parameters"})").status == 400);
  CHECK(server.post("/Patient/p/$meta-add", R"({"resourceType":"Parameters","parameter":[{"name":"meta"}]})").status ==
        400);
}

TEST_CASE("meta: of a resource, a type and the system") {
  const RestServer server;
  REQUIRE(server.ask("PUT", "/Patient/p", tagged).status == 201);
  put(server, "/Patient/q", R"("meta":{"tag":[{"system":"urn:t","code":"a"}],"security":[{"code":"R"}]})");
  put(server, "/Group/g", R"("meta":{"profile":["http://x/g"]},"type":"person","actual":true)");
  CHECK(server.get("/Patient/p/$meta").has(R"("tag":[{"system":"urn:t","code":"a"}])"));
  CHECK(server.get("/Patient/p/$meta").has(R"("versionId":"1")"));
  CHECK(server.get("/Patient/$meta")
            .has(R"("valueMeta":{"security":[{"code":"R"}],"tag":[{"system":"urn:t","code":"a"}]})"));
  CHECK(server.get("/$meta").has(R"("profile":["http://x/g"])"));
  CHECK(server.get("/$meta").has(R"("code":"R")"));
  CHECK(server.post("/$meta", {}).status == 200);
  const auto none = server.get("/Observation/$meta");
  CHECK(none.has(R"("name":"return","valueMeta":{"extension":[{)"));
  CHECK_FALSE(
      server
          .post("/Parameters/$validate",
                R"({"resourceType":"Parameters","parameter":[{"name":"resource","resource":)" + none.body + "}]}")
          .has(R"("severity":"error")"));
  CHECK(server.get("/Patient/none/$meta").status == 404);
  server.ask("PUT", "/Patient/q",
             R"({"resourceType":"Patient","id":"q","meta":{"tag":[{"system":"urn:t","code":"z"}]}})");
  for (const auto& earlier :
       {server.get("/Patient/q/_history/1/$meta"), server.post("/Patient/q/_history/1/$meta", {})}) {
    CHECK(earlier.has(R"("code":"a")"));
    CHECK(earlier.has(R"("versionId":"1")"));
    CHECK_FALSE(earlier.has(R"("code":"z")"));
  }
  CHECK(server.get("/Patient/q/_history/2/$meta").has(R"("code":"z")"));
  for (const auto* wrong : {"3", "x", "0", ""})
    CHECK(server.get("/Patient/q/_history/" + std::string(wrong) + "/$meta").status == 404);
  CHECK(server.get("/Patient/q/_history/1/$everything").status == 404);
}

TEST_CASE("convert: from one form to the other") {
  const RestServer server;
  constexpr std::string_view json =
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50}})";
  const auto xml = server.post("/$convert", json, "Accept: application/fhir+xml\r\n");
  REQUIRE(xml.status == 200);
  CHECK(xml.has(R"(<valueQuantity><value value="1.50"/></valueQuantity></Observation>)"));
  const auto back = server.post("/$convert", xml.body, "Content-Type: application/fhir+xml\r\n");
  CHECK(back.body == json);
  CHECK(server.post("/$convert", {}).status == 400);
  CHECK(server.post("/$convert", R"({"resourceType":"Observation","horse":1})").status == 400);
}

TEST_CASE("document: the composition first, then what it speaks of; stored when asked") {
  const RestServer server;
  put(server, "/Organization/o", R"("name":"Clinic")");
  put(server, "/Patient/p", R"("managingOrganization":{"reference":"Organization/o"})");
  put(server, "/Practitioner/d", R"("active":true)");
  put(server, "/Observation/x", R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"})");
  put(server, "/Observation/unrelated", R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"})");
  put(server, "/Composition/c",
      R"("status":"final","type":{"text":"t"},"date":"2026-01-01","title":"T","subject":{"reference":"Patient/p"},)"
      R"("author":[{"reference":"Practitioner/d"},{"display":"Dr. Who"}],)"
      R"("relatesTo":[{"code":"replaces","targetReference":{"reference":"Composition/lost"}}],)"
      R"("section":[{"title":"S","section":[{"title":"T","entry":[{"reference":"Observation/x"}]}]}])");
  const auto document = server.get("/Composition/c/$document");
  REQUIRE(document.status == 200);
  CHECK(document.has(R"("type":"document","timestamp":)"));
  CHECK(document.has(R"("entry":[{"fullUrl":")" + server.base() + R"(/Composition/c")"));
  for (const auto* id : {"p", "d", "x", "o"}) CHECK(document.has(R"("id":")" + std::string(id) + "\""));
  CHECK_FALSE(document.has("unrelated"));
  CHECK(server.count("Bundle") == 0);
  CHECK(server.get("/Composition/$document?id=c").status == 200);
  CHECK(server.get("/Composition/$document?id=" + server.base() + "/Composition/c").status == 200);

  const auto stored = server.post("/Composition/c/$document?persist=true", {});
  REQUIRE(stored.status == 201);
  const auto path = stored.header("Location").substr(server.base().size());
  CHECK(server.get(path).body == stored.body);
  CHECK(server.count("Bundle") == 1);

  CHECK(server.get("/Composition/none/$document").status == 404);
  CHECK(server.get("/Composition/$document").status == 400);
  CHECK(server.get("/Composition/c/$document?id=c").status == 400);
  CHECK(server.get("/Composition/c/$document?graph=http://x").status == 422);
  CHECK(server.get("/Patient/p/$document").status == 404);
}

TEST_CASE("a parameter without a value is refused, whatever the operation makes of its values") {
  const RestServer server;
  constexpr std::string_view of_nothing[] = {"", R"(,"extension":[{"url":"http://x","valueString":"y"}])"};
  for (const auto nothing : of_nothing)
    for (const auto& [path, given] : std::initializer_list<std::pair<std::string, std::string>>{
             {"/$closure", R"({"name":"name","valueString":"t"},{"name":"concept")"},
             {"/ValueSet/$expand", R"({"name":"url","valueUri":"http://x"},{"name":"designation")"},
             {"/ValueSet/$expand", R"({"name":"url","valueUri":"http://x"},{"name":"property")"},
             {"/ValueSet/$expand", R"({"name":"url","valueUri":"http://x"},{"name":"exclude-system")"},
             {"/CodeSystem/$lookup", R"({"name":"code","valueCode":"x"},{"name":"property")"},
             {"/Patient/$ihe-pix", R"({"name":"sourceIdentifier","valueString":"x|y"},{"name":"targetSystem")"},
             {"/Subscription/$status", R"({"name":"id")"},
             {"/DocumentReference/$generate-metadata", R"({"name":"document")"},
             {"/$export", R"({"name":"_type")"}}) {
      CAPTURE(path);
      const auto reply =
          server.post(path, R"({"resourceType":"Parameters","parameter":[)" + given + std::string(nothing) + "}]}",
                      "Prefer: respond-async\r\n");
      CHECK(reply.status == 400);
      CHECK(reply.has(" needs a "));
    }
}

TEST_CASE("document: a GraphDefinition says what there is beyond what the composition names, of which all has to be") {
  const RestServer server;
  const auto composition = [&](std::string_view id, std::string_view entry) {
    put(server, "/Composition/" + std::string(id),
        R"("status":"final","type":{"text":"t"},"date":"2026-01-01","title":"T","subject":{"reference":"Patient/p"},)"
        R"("author":[{"display":"Dr. Who"}],"section":[{"title":"S","entry":[{"reference":")" +
            std::string(entry) + R"("}]}])");
  };
  put(server, "/Organization/o", R"("name":"Clinic")");
  put(server, "/Practitioner/d", R"("active":true)");
  put(server, "/Patient/p", R"("managingOrganization":{"reference":"Organization/o"})");
  put(server, "/Observation/x",
      R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"},"performer":[{"reference":"Practitioner/d"}])");
  put(server, "/GraphDefinition/g",
      R"("url":"http://e.org/g","name":"G","status":"active","start":"Composition","link":[{"path":"Composition.section.entry",)"
      R"("target":[{"type":"Observation","link":[{"path":"Observation.performer","target":[{"type":"Practitioner"}]}]}]}])");
  composition("c", "Observation/x/_history/1");
  const auto document = server.get("/Composition/c/$document?graph=http://e.org/g");
  REQUIRE(document.status == 200);
  for (const auto* id : {"c", "p", "x", "d"}) CHECK(document.has(R"("id":")" + std::string(id) + "\""));
  CHECK_FALSE(document.has(R"("id":"o")"));

  int nth = 0;
  for (const auto* lost : {"Observation/none", "Observation/x/_history/7", "http://elsewhere.org/fhir/Observation/x",
                           "urn:uuid:5f3d7c2e-0c4a-4a6b-9d8e-1f2a3b4c5d6e"}) {
    const auto id = "lost" + std::to_string(nth++);
    composition(id, lost);
    const auto refused = server.get("/Composition/" + id + "/$document");
    CHECK(refused.status == 422);
    CHECK(refused.has(lost));
  }
}

TEST_CASE("document: of a long composition all is there that it names, or it is refused") {
  const RestServer server;
  put(server, "/GraphDefinition/g", R"("url":"http://e.org/g","name":"G","status":"active","start":"Composition")");
  std::string bundle = R"({"resourceType":"Bundle","type":"batch","entry":[)";
  for (int i = 0; i < 1'000; ++i)
    bundle += (i ? "," : "") + (R"({"resource":{"resourceType":"Basic","id":"b)" + std::to_string(i)) +
              R"(","code":{"text":"x"}},"request":{"method":"PUT","url":"Basic/b)" + std::to_string(i) + "\"}}";
  REQUIRE(server.post("", bundle + "]}").status == 200);
  for (const int entries : {900, 1'000}) {
    const auto address = "/Composition/of-" + std::to_string(entries);
    std::string named;
    for (int i = 0; i < entries; ++i)
      named += (i ? "," : "") + (R"({"reference":"Basic/b)" + std::to_string(i)) + "\"}";
    put(server, address,
        R"("status":"final","type":{"text":"t"},"date":"2026-01-01","title":"T","author":[{"display":"x"}],)"
        R"("section":[{"title":"S","section":[{"title":"T","entry":[)" +
            named + "]}]}]");
    for (const auto* with : {"", "?graph=http://e.org/g"}) {
      const auto document = server.get(address + "/$document" + with);
      if (entries < 1'000)
        CHECK(wire::count_of(document.body, "\"fullUrl\"") == 901);
      else
        CHECK(document.has("too-costly"));
    }
  }
}

TEST_CASE("everything: the record of a patient, what it refers to, and nobody else's") {
  const RestServer server;
  put(server, "/Organization/o", R"("name":"Clinic")");
  put(server, "/Practitioner/d", R"("active":true)");
  put(server, "/Patient/p", R"("managingOrganization":{"reference":"Organization/o"})");
  put(server, "/Patient/other", R"("active":true)");
  put(server, "/Encounter/e",
      R"("status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p"},"period":{"start":"2025-05-01","end":"2025-05-02"})");
  put(server, "/Observation/early",
      R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"},"effectiveDateTime":"2020-01-01")");
  put(server, "/Observation/late",
      R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"},)"
      R"("performer":[{"reference":"Practitioner/d"},{"reference":"Patient/other"}],"effectiveDateTime":"2025-05-01")");
  put(server, "/Observation/foreign",
      R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/other"})");

  const auto all = server.get("/Patient/p/$everything");
  REQUIRE(all.status == 200);
  for (const auto* id : {"p", "e", "early", "late", "o", "d"})
    CHECK_MESSAGE(all.has(R"("id":")" + std::string(id) + "\""), id);
  CHECK_FALSE(all.has(R"("id":"foreign")"));
  CHECK_FALSE(all.has(R"("id":"other")"));

  const auto dated = server.get("/Patient/p/$everything?start=2025-01-01&end=2025-12-31");
  CHECK(dated.has(R"("id":"late")"));
  CHECK(dated.has(R"("id":"e")"));
  CHECK(dated.has(R"("id":"p")"));
  CHECK_FALSE(dated.has(R"("id":"early")"));

  const auto typed = server.get("/Patient/p/$everything?_type=Observation,Practitioner");
  CHECK(typed.has(R"("id":"early")"));
  CHECK(typed.has(R"("id":"d")"));
  CHECK_FALSE(typed.has(R"("resourceType":"Encounter")"));
  const auto one_type =
      server.post("/Patient/p/$everything",
                  R"({"resourceType":"Parameters","parameter":[{"name":"_type","valueCode":"Encounter"}]})");
  CHECK(one_type.has(R"("id":"e")"));
  CHECK_FALSE(one_type.has("Observation"));

  const auto since = server.get("/Patient/p/$everything?_since=2100-01-01T00:00:00Z");
  CHECK(since.status == 200);
  CHECK_FALSE(since.has("fullUrl"));

  const auto encounter = server.get("/Encounter/e/$everything");
  for (const auto* id : {"e", "late", "p"}) CHECK_MESSAGE(encounter.has(R"("id":")" + std::string(id) + "\""), id);
  CHECK_FALSE(encounter.has(R"("id":"early")"));

  const auto everyone = server.get("/Patient/$everything");
  CHECK(everyone.has(R"("id":"foreign")"));
  CHECK(everyone.has(R"("id":"early")"));

  CHECK(server.get("/Patient/none/$everything").status == 404);
  CHECK(server.get("/Patient/p/$everything?_type=Horse").status == 400);
  CHECK(server.get("/Patient/p/$everything?_count=0").status == 400);
  CHECK(server.get("/Patient/p/$everything?horse=1").status == 400);
}

TEST_CASE("everything B67: a long record comes in pages that show one moment") {
  const RestServer server;
  put(server, "/Patient/p", R"("active":true)");
  std::string entries;
  for (int i = 0; i < 250; ++i)
    entries += std::string(i ? "," : "") +
               (R"({"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},)"
                R"("subject":{"reference":"Patient/p"}},"request":{"method":"POST","url":"Observation"}})");
  REQUIRE(server.post("", R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entries + "]}").status == 200);
  std::size_t seen = 0, pages = 0;
  std::string path = "/Patient/p/$everything?_count=100";
  while (!path.empty()) {
    const auto page = server.get(path);
    REQUIRE(page.status == 200);
    for (auto at = page.body.find("\"mode\":\"match\""); at != std::string::npos;
         at = page.body.find("\"mode\":\"match\"", at + 1))
      ++seen;
    if (++pages == 1)
      put(server, "/Observation/new", R"("status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"})");
    const auto next = page.body.find(R"("relation":"next","url":")");
    path = next == std::string::npos
               ? ""
               : page.body.substr(next + 25, page.body.find('"', next + 25) - next - 25).substr(server.base().size());
  }
  CHECK(pages == 3);
  CHECK(seen == 251);
  CHECK(server.get("/Patient/p/$everything?_count=100&_page=forged").status == 400);
}

TEST_CASE("operations within a batch: a resource of Parameters, and an OperationOutcome that is the answer") {
  const RestServer server;
  const auto entry = [](const std::string& resource, const std::string& url) {
    return R"({"resource":)" + resource + R"(,"request":{"method":"POST","url":")" + url + "\"}}";
  };
  const std::string patient = R"({"resourceType":"Patient","gender":"x"})";
  const auto parameters =
      R"({"resourceType":"Parameters","parameter":[{"name":"resource","resource":)" + patient + "}]}";
  const auto reply =
      server.post("", R"({"resourceType":"Bundle","type":"batch","entry":[)" + entry(parameters, "Patient/$validate") +
                          "," + entry(patient, "Patient/$validate") + "]}");
  CHECK(reply.status == 200);
  CHECK(wire::count_of(reply.body, R"({"resource":{"resourceType":"OperationOutcome","issue":[)") == 2);
  CHECK(wire::count_of(reply.body, R"("expression":["Patient.gender"])") == 2);
  CHECK_FALSE(reply.has("\"outcome\""));
}
