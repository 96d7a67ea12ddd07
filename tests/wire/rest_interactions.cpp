// The interactions of FHIR's REST door over real sockets: statuses, headers, versions, conditions, bundles.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "fhir/base64.h"
#include "tests/wire/rest_server.h"

using wire::RestServer;

namespace {

constexpr std::string_view weber =
    R"({"resourceType":"Patient","identifier":[{"system":"urn:x","value":"1"}],"name":[{"family":"Weber"}]})";

std::string patient(std::string_view id, std::string_view rest = R"("active":true)") {
  return R"({"resourceType":"Patient","id":")" + std::string(id) + "\"," + std::string(rest) + "}";
}

std::string bundle(std::string_view type, std::string_view entries) {
  return R"({"resourceType":"Bundle","type":")" + std::string(type) + R"(","entry":[)" + std::string(entries) + "]}";
}

}  // namespace

TEST_CASE("create, read, update, delete: statuses, headers and versions") {
  const RestServer server;
  const auto created = server.post("/Patient", weber);
  REQUIRE(created.status == 201);
  const auto id = created.text("id");
  CHECK(created.header("Location") == server.base() + "/Patient/" + id + "/_history/1");
  CHECK(created.header("ETag") == "W/\"1\"");
  CHECK(created.has(R"("versionId":"1")"));

  const auto read = server.get("/Patient/" + id);
  CHECK(read.status == 200);
  CHECK(read.body == created.body);
  CHECK(read.header("Content-Type") == "application/fhir+json; charset=utf-8");
  CHECK(server.get("/Patient/" + id, "If-None-Match: W/\"1\"\r\n").status == 304);
  CHECK(server.get("/Patient/" + id, "If-None-Match: W/\"2\"\r\n").status == 200);
  const auto since = "If-Modified-Since: " + read.header("Last-Modified") + "\r\n";
  CHECK(server.get("/Patient/" + id, since).status == 304);
  const auto head = server.ask("HEAD", "/Patient/" + id);
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  CHECK(head.header("Content-Length") == std::to_string(read.body.size()));

  const auto same = server.ask("PUT", "/Patient/" + id, read.body);
  CHECK(same.status == 200);
  CHECK(same.body == read.body);  // writes nothing: version and time stay
  const auto changed = server.ask("PUT", "/Patient/" + id, patient(id), "If-Match: W/\"1\"\r\n");
  CHECK(changed.status == 200);
  CHECK(changed.header("ETag") == "W/\"2\"");
  CHECK(server.ask("PUT", "/Patient/" + id, patient(id, R"("active":false)"), "If-Match: W/\"1\"\r\n").status == 412);

  const auto removed = server.ask("DELETE", "/Patient/" + id);
  CHECK(removed.status == 200);
  CHECK(removed.is_outcome());
  CHECK(server.get("/Patient/" + id).status == 410);
  CHECK(server.get("/Patient/" + id + "/_history/1").body == read.body);
  CHECK(server.get("/Patient/" + id + "/_history/3").status == 410);
  CHECK(server.get("/Patient/" + id + "/_history/4").status == 404);
  CHECK(server.get("/Patient/" + id + "/_history/01").status == 404);
  CHECK(server.ask("DELETE", "/Patient/" + id, {}, "Prefer: return=minimal\r\n").status == 204);
  CHECK(server.get("/Patient/never").status == 404);

  const auto again = server.ask("PUT", "/Patient/" + id, patient(id));
  CHECK(again.status == 201);
  CHECK(again.header("ETag") == "W/\"4\"");
}

TEST_CASE("update as create takes the client's id; If-None-Match and If-Match guard it") {
  const RestServer server;
  CHECK(server.ask("PUT", "/Patient/a", patient("a")).status == 201);
  const auto guarded = server.ask("PUT", "/Patient/a", patient("a", R"("active":false)"), "If-None-Match: *\r\n");
  CHECK(guarded.status == 412);
  CHECK(guarded.has("Patient/a exists already"));
  CHECK(server.ask("PUT", "/Patient/b", patient("b"), "If-Match: W/\"1\"\r\n").status == 412);
  CHECK(server.ask("PUT", "/Patient/b", patient("b"), "If-Match: *\r\n").status == 412);
  CHECK(server.ask("PUT", "/Patient/b", patient("b"), "If-None-Match: *\r\n").status == 201);
  CHECK(server.ask("PUT", "/Patient/b", patient("b", R"("active":false)"), "If-Match: *\r\n").status == 200);
}

TEST_CASE("If-Match may list entity tags, each of which may be the current one") {
  const RestServer server;
  server.ask("PUT", "/Patient/a", patient("a"));
  server.ask("PUT", "/Patient/a", patient("a", R"("active":false)"));
  CHECK(server.ask("PUT", "/Patient/a", patient("a"), "If-Match: W/\"7\", W/\"1\"\r\n").status == 412);
  CHECK(server.ask("PUT", "/Patient/a", patient("a"), "If-Match: W/\"7\", W/\"2\"\r\n").header("ETag") == "W/\"3\"");
  CHECK(server.ask("PUT", "/Patient/a", patient("a"), "If-Match: W/\"3\", x\r\n").status == 400);
  CHECK(server.ask("DELETE", "/Patient/a", {}, "If-Match: W/\"2\",W/\"3\"\r\n").status == 200);
}

TEST_CASE("Prefer: return") {
  const RestServer server;
  const auto minimal = server.post("/Patient", weber, "Prefer: return=minimal\r\n");
  CHECK(minimal.status == 201);
  CHECK(minimal.body.empty());
  CHECK_FALSE(minimal.header("Location").empty());
  CHECK(server.post("/Patient", weber, "Prefer: return=OperationOutcome\r\n").is_outcome());
  CHECK(server.post("/Patient", weber, "Prefer: return=representation\r\n").text("resourceType") == "Patient");
}

TEST_CASE("conditional create, update and delete") {
  const RestServer server;
  const auto first = server.post("/Patient", weber, "If-None-Exist: identifier=urn:x|1\r\n");
  REQUIRE(first.status == 201);
  const auto second = server.post("/Patient", weber, "If-None-Exist: identifier=urn:x|1\r\n");
  CHECK(second.status == 200);
  CHECK(second.text("id") == first.text("id"));
  CHECK(server.count("Patient") == 1);

  const auto updated = server.ask("PUT", "/Patient?identifier=urn:x%7C1",
                                  R"({"resourceType":"Patient","identifier":[{"system":"urn:x","value":"1"}]})");
  CHECK(updated.status == 200);
  CHECK(updated.text("id") == first.text("id"));
  CHECK(updated.header("ETag") == "W/\"2\"");
  CHECK(server.ask("PUT", "/Patient?identifier=urn:x%7C1", patient("other")).status == 400);
  CHECK(server.ask("PUT", "/Patient?identifier=urn:x%7C2", patient("c2")).status == 201);
  CHECK(server.get("/Patient/c2").status == 200);

  CHECK(server.ask("DELETE", "/Patient?identifier=urn:x%7C1").status == 200);
  CHECK(server.ask("DELETE", "/Patient?identifier=nobody").status == 200);
  CHECK(server.get("/Patient/" + first.text("id")).status == 410);
  CHECK(server.ask("DELETE", "/Patient?identifier=urn:x%7C1").status == 200);
}

TEST_CASE("history of an instance, a type and the system") {
  const RestServer server;
  server.ask("PUT", "/Patient/a", patient("a"));
  server.ask("PUT", "/Patient/a", patient("a", R"("active":false)"));
  server.ask("DELETE", "/Patient/a");
  server.ask("PUT", "/Organization/o", R"({"resourceType":"Organization","id":"o","name":"O"})");
  const auto instance = server.get("/Patient/a/_history");
  CHECK(instance.status == 200);
  CHECK(instance.number("total") == 3);
  CHECK(instance.has(R"("method":"DELETE","url":"Patient/a"},"response":{"status":"204 No Content","etag":"W/\"3\"")"));
  CHECK(wire::count_of(instance.body, "\"fullUrl\"") == 3);
  CHECK(server.get("/Patient/_history").number("total") == 3);
  CHECK(server.get("/_history").number("total") == 4);
  CHECK(server.get("/Patient/never/_history").status == 404);
  CHECK(server.get("/Patient/a/_history?_since=2999-01-01T00:00:00Z").number("total") == 0);
  for (const std::string_view plus : {"%2B", "+"}) {  // some forget that a plus stands for a blank
    CHECK(server.get("/_history?_since=2999-01-01T00:00:00" + std::string(plus) + "01:00").number("total") == 0);
    CHECK(server.get("/_history?_since=2000-01-01T00:00:00" + std::string(plus) + "01:00").number("total") == 4);
  }
  const auto during = [&](std::string_view at) {
    return server.get("/_history?_at=" + std::string(at)).number("total");
  };
  for (const auto* at : {"ge2020", "gt2020-06-01", "lt2999", "le2999&_at=gt2020"}) {
    CAPTURE(at);
    CHECK(during(at) == 4);
  }
  for (const auto* at : {"2020", "ap2020", "lt2020", "le2020-06-01T00:00:00Z"}) {
    CAPTURE(at);
    CHECK(during(at) == 0);
  }
  for (const auto* at : {"sa2020", "ne2020", "x", "2020,2021"}) {
    CAPTURE(at);
    CHECK(server.get("/_history?_at=" + std::string(at)).status == 400);
  }

  auto page = server.get("/_history?_count=1");
  std::size_t seen = 0;
  for (; seen < 10; ++seen) {
    CHECK(wire::count_of(page.body, "\"fullUrl\"") == 1);
    const auto next = page.body.find(R"("relation":"next","url":")");
    if (next == std::string::npos) break;
    const auto url = page.body.substr(next + 25, page.body.find('"', next + 25) - next - 25);
    page = server.get(url.substr(server.base().size()));
    REQUIRE(page.status == 200);
  }
  CHECK(seen == 3);
}

TEST_CASE("search by GET and by POST says the same, and says what it honoured") {
  const RestServer server;
  server.post("/Patient", weber);
  server.ask("PUT", "/Patient/a", patient("a"));
  const auto got = server.get("/Patient?name=weber");
  CHECK(got.number("total") == 1);
  CHECK(got.has(R"("relation":"self","url":")" + server.base() + R"(/Patient?name=weber")"));
  CHECK(got.has(R"("search":{"mode":"match"})"));
  CHECK(server.form("/Patient/_search", "name=weber").body == got.body);
  CHECK(server.get("/?_type=Patient&name=weber").number("total") == 1);
  CHECK(server.get("/?_type=Patient,Organization&gender=male").status == 400);
  CHECK(server.get("/?_type=Patient,Organization").number("total") == 2);
  CHECK(server.get("/Patient?_count=0").number("total") == 2);
  CHECK_FALSE(server.get("/Patient?_summary=count").has("\"entry\""));
  CHECK(server.get("/Patient?_explain=true&name=weber").has(R"("search":{"mode":"outcome"})"));
}

TEST_CASE("forms: what we cannot give is 406, what we cannot read is 415") {
  const RestServer server;
  server.ask("PUT", "/Patient/a", patient("a"));
  CHECK(server.get("/Patient/a", "Accept: text/turtle\r\n").status == 406);
  CHECK(server.get("/Patient/a?_format=ttl").status == 406);
  CHECK(server.get("/Patient/a", "Accept: application/json\r\n").header("Content-Type") ==
        "application/json; charset=utf-8");
  CHECK(server.get("/Patient/a?_format=application/fhir%2Bjson", "Accept: text/plain\r\n").status == 200);
  CHECK(server.get("/Patient/a?_pretty=true").has("{\n  \"resourceType\": \"Patient\""));
  CHECK(server.post("/Patient", "<Patient/>", "Content-Type: text/turtle\r\n").status == 415);
  CHECK(server.post("/Patient/_search", "{}").status == 415);
  const auto options = server.ask("OPTIONS", "/Patient/a");
  CHECK(options.status == 204);
  CHECK(options.header("Allow") == "DELETE, PATCH, GET, HEAD, PUT, OPTIONS");
  const auto wrong = server.ask("POST", "/Patient/a", "{}");
  CHECK(wrong.status == 405);
  CHECK(wrong.header("Allow") == options.header("Allow"));
}

TEST_CASE("Binary: any content in, the same bytes out, or the resource where FHIR is asked for") {
  const RestServer server;
  const std::string content("%PDF\0\xff\n", 7);
  const auto created = server.post("/Binary", content, "Content-Type: application/pdf\r\n");
  REQUIRE(created.status == 201);
  const auto address = "/Binary/" + created.text("id");
  const auto raw = server.get(address, "Accept: application/pdf\r\n");
  CHECK(raw.body == content);
  CHECK(raw.header("Content-Type") == "application/pdf");
  CHECK(raw.header("X-Content-Type-Options") == "nosniff");
  CHECK(server.get(address).body == content);
  const auto refused = server.get(address, "Accept: image/png, text/*;q=0.5\r\n");
  CHECK(refused.status == 406);
  CHECK(refused.has("is application/pdf"));
  CHECK(server.get(address, "Accept: application/octet-stream\r\n").body == content);
  const auto resource = server.get(address, "Accept: application/fhir+json\r\n");
  CHECK(resource.text("contentType") == "application/pdf");
  CHECK(resource.text("data") == "JVBERgD/Cg==");
  CHECK(server.ask("PUT", address, "x", "Content-Type: text/plain\r\n").status == 200);
  CHECK(server.get(address).body == "x");
  const auto guarded = server.post("/Binary", "x", "Content-Type: text/plain\r\nX-Security-Context: Patient/1\r\n");
  CHECK(server.get("/Binary/" + guarded.text("id"), "Accept: application/fhir+json\r\n")
            .has(R"("securityContext":{"reference":"Patient/1"})"));
  // FHIR that is no Binary is content as well.
  const auto put = [&](std::string_view media, std::string_view body) {
    const auto reply = server.ask("PUT", "/Binary/f", body, "Content-Type: " + std::string(media) + "\r\n");
    return reply.status < 300 ? server.get("/Binary/f").body : std::to_string(reply.status);
  };
  for (const std::string_view json : {R"({"resourceType":"Patient","gender":"none"})", R"({ "a": [1, null] })"}) {
    CHECK(put("application/fhir+json", json) == json);
    CHECK(put("application/json", json) == json);
  }
  constexpr std::string_view xml = R"(<Patient xmlns="http://hl7.org/fhir"/>)";
  CHECK(put("application/fhir+xml", xml) == xml);
  CHECK(put("application/fhir+json",
            R"({"resourceType":"Binary","id":"f","contentType":"text/plain","data":"YQ=="})") == "a");
  CHECK(put("application/fhir+json", R"({"resourceType":"Binary","id":"f"})") == "422");
  CHECK(put("application/fhir+json", R"({"resourceType":"Patient")") == "400");
}

TEST_CASE("a transaction resolves its references, keeps the order of its entries and reads last") {
  const RestServer server;
  server.ask("PUT", "/Patient/old", patient("old"));
  server.ask("PUT", "/Practitioner/d", R"({"resourceType":"Practitioner","id":"d","identifier":[{"value":"d1"}]})");
  const auto reply = server.post(
      "",
      bundle("transaction", R"({"request":{"method":"GET","url":"Observation?status=final"}},)"
                            R"({"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},)"
                            R"("subject":{"reference":"urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f10"},)"
                            R"("performer":[{"reference":"Practitioner?identifier=d1"}]},)"
                            R"("request":{"method":"POST","url":"Observation"}},)"
                            R"({"fullUrl":"urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f10","resource":)" +
                                std::string(weber) +
                                R"(,"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:x|1"}},)"
                                R"({"request":{"method":"DELETE","url":"Patient/old"}})"));
  REQUIRE(reply.status == 200);
  CHECK(wire::count_of(reply.body, "\"status\":\"201 Created\"") == 2);
  CHECK(reply.has(R"("status":"204 No Content")"));
  CHECK(reply.has(R"("total":1)"));  // the search saw what the transaction wrote
  const auto id = server.get("/Patient?identifier=urn:x%7C1").text("id");
  const auto observation = server.get("/Observation?subject=Patient/" + id);
  CHECK(observation.number("total") == 1);
  CHECK(observation.has(R"("reference":"Practitioner/d")"));
  CHECK(server.get("/Patient/old").status == 410);
}

TEST_CASE("what a transaction cannot read refuses all of it, before anything is written") {
  const RestServer server;
  server.ask("PUT", "/Patient/old", patient("old"));
  server.ask("PUT", "/Patient/gone", patient("gone"));
  server.ask("DELETE", "/Patient/gone", "");
  const auto reading = [](std::string_view url) {
    return R"({"request":{"method":"GET","url":")" + std::string(url) + "\"}}";
  };
  const auto send = [&](std::string_view id, const std::string& more) {
    return server.post(
        "", bundle("transaction", R"({"resource":)" + patient(id) + R"(,"request":{"method":"PUT","url":"Patient/)" +
                                      std::string(id) + "\"}}," + more));
  };
  for (const auto& [url, status] : {std::pair("Patient/none", 404), std::pair("Patient/gone", 410),
                                    std::pair("Patient/old/_history/9", 404), std::pair("Patient?nonsense=1", 400),
                                    std::pair("Patient/none/_history", 404), std::pair("Patient/old/nonsense", 404)}) {
    CAPTURE(url);
    const auto reply = send("new", reading(url));
    CHECK(reply.status == status);
    const std::string parameter = status == 400 ? R"(,"http.nonsense")" : "";
    CHECK(reply.has(R"("expression":["Bundle.entry[1]")" + parameter + "]"));
    CHECK(server.get("/Patient/new").status == 404);
  }
  const auto removed = send("new", R"({"request":{"method":"DELETE","url":"Patient/old"}},)" + reading("Patient/old"));
  CHECK(removed.status == 410);
  CHECK(server.get("/Patient/old").status == 200);
  const auto written = send("new", reading("Patient/new") + "," + reading("Patient/new/_history/1"));
  CHECK(written.status == 200);
  CHECK(wire::count_of(written.body, R"("status":"200 OK")") == 2);
  const auto reads = server.post("", bundle("transaction", reading("Patient/none") + "," + reading("Patient/old")));
  CHECK(reads.status == 200);
  CHECK(wire::count_of(reads.body, R"("status":"404 Not Found")") == 1);
  const auto head = server.post("", bundle("transaction", R"({"request":{"method":"HEAD","url":"Patient/old"}})"));
  CHECK(head.status == 200);
  CHECK(head.has(R"("entry":[{"response":{"status":"200 OK")"));
  const auto post = server.post("", bundle("transaction", R"({"request":{"method":"POST","url":"Patient/_search"}})"));
  CHECK(post.status == 400);
  CHECK(post.has("searches as GET"));
}

TEST_CASE("a reference by criteria leads to what is there when the transaction is done") {
  const RestServer server;
  const auto doctor = [](std::string_view id, std::string_view identifier) {
    return R"({"resourceType":"Practitioner","id":")" + std::string(id) + R"(","identifier":[{"value":")" +
           std::string(identifier) + "\"}]}";
  };
  const auto observed_by = [](std::string_view criteria) {
    return R"({"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"performer":[{"reference":)" +
           ("\"Practitioner?" + std::string(criteria)) + R"("}]},"request":{"method":"POST","url":"Observation"}},)";
  };
  const auto put = [&](std::string_view id, std::string_view identifier) {
    return R"({"resource":)" + doctor(id, identifier) + R"(,"request":{"method":"PUT","url":"Practitioner/)" +
           std::string(id) + "\"}}";
  };
  const auto send = [&](const std::string& entries) { return server.post("", bundle("transaction", entries)); };
  server.ask("PUT", "/Practitioner/a", doctor("a", "1"));
  CHECK(send(observed_by("identifier=2") + put("b", "2")).status == 200);
  CHECK(server.get("/Observation?performer=Practitioner/b").number("total") == 1);
  CHECK(send(observed_by("identifier=1") + put("a", "3")).status == 412);  // nobody has it any more
  CHECK(send(observed_by("identifier=1") + put("c", "1")).status == 412);  // two have it
  CHECK(send(observed_by("identifier=1") + R"({"request":{"method":"DELETE","url":"Practitioner/a"}})").status == 412);
  CHECK(send(observed_by("identifier=1") + put("a", "3") + "," + put("c", "1")).status == 200);  // one handed it on
  CHECK(server.get("/Observation?performer=Practitioner/c").number("total") == 1);
}

TEST_CASE("If-None-Exist may hold the address that the criteria are asked of") {
  const RestServer server;
  const auto first = server.post("/Patient", weber).text("id");
  for (const std::string criteria : {"identifier=urn:x|1", "?identifier=urn:x|1", "Patient?identifier=urn:x|1",
                                     "/Patient?identifier=urn:x|1", "{base}/Patient?identifier=urn:x|1"}) {
    auto text = criteria;
    if (text.starts_with("{base}")) text = server.base() + text.substr(6);
    CAPTURE(text);
    CHECK(server.post("/Patient", weber, "If-None-Exist: " + text + "\r\n").text("id") == first);
    const auto reply = server.post("", bundle("transaction", R"({"resource":)" + std::string(weber) +
                                                                 R"(,"request":{"method":"POST","url":"Patient",)" +
                                                                 R"("ifNoneExist":")" + text + "\"}}"));
    CHECK(reply.has("Patient/" + first));
  }
  CHECK(server.post("/Patient", weber, "If-None-Exist: Group?identifier=urn:x|1\r\n").status == 400);
}

TEST_CASE("an entry's criteria hold addresses as they are, and a patch names other entries") {
  const RestServer server;
  server.ask("PUT", "/Patient/p", patient("p"));
  const std::string employer = "urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f11";
  const auto patch = R"([{"op":"add","path":"/managingOrganization","value":{"reference":")" + employer + "\"}}]";
  const auto reply = server.post(
      "",
      bundle("transaction",
             R"({"fullUrl":")" + employer + R"(","resource":{"resourceType":"Organization","name":"O","identifier":)" +
                 R"([{"system":"http://e.org/ids","value":"1"}]},"request":{"method":"PUT",)" +
                 R"("url":"Organization?identifier=http://e.org/ids|1"}},)" +
                 R"({"resource":{"resourceType":"Binary","contentType":"application/json-patch+json","data":")" +
                 fhir::encode_base64(patch) + R"("},"request":{"method":"PATCH","url":"Patient/p"}},)" +
                 R"({"request":{"method":"GET","url":"Organization?identifier=http://e.org/ids|1"}})"));
  REQUIRE(reply.status == 200);
  CHECK(reply.has(R"("total":1)"));
  CHECK(server.get("/Patient/p").has(R"("managingOrganization":{"reference":"Organization/)"));
  CHECK(server
            .post("", bundle("transaction", R"({"resource":{"resourceType":"Patient"},)"
                                            R"("request":{"method":"POST","url":"Patient/"}})"))
            .status == 200);
}

TEST_CASE("a transaction with one bad entry leaves nothing and names the entry") {
  const RestServer server;
  const std::string good = R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}})";
  const auto refused = [&](std::string_view third, int status, std::string_view place) {
    CAPTURE(third);
    const auto reply = server.post("", bundle("transaction", good + "," + good + "," + std::string(third)));
    CHECK(reply.status == status);
    CHECK(reply.is_outcome());
    CHECK(reply.has("Bundle.entry[2]" + std::string(place)));
    CHECK(server.count("Patient") == 0);
    CHECK(server.get("/_history").number("total") == 0);
  };
  for (
      const char* entry :
      {R"({"request":{"method":"DELETE","url":"Patient?nonsense=1"}})",
       R"({"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"Patient?nonsense=1"}})",
       R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"nonsense=1"}})",
       R"({"resource":{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?nonsense=1"}},)"
       R"("request":{"method":"POST","url":"Basic"}})"})
    refused(entry, 400, R"(","http.nonsense")");
  refused(R"({"resource":{"resourceType":"Observation","code":{"text":"x"}},)"
          R"("request":{"method":"POST","url":"Observation"}})",
          422, ".resource.status");
  refused(R"({"resource":{"resourceType":"Patient","birthDate":"2024-02-30"},)"
          R"("request":{"method":"POST","url":"Patient"}})",
          400, ".resource.birthDate");
  refused(R"({"resource":{"resourceType":"Patient","id":"z"},)"
          R"("request":{"method":"PUT","url":"Patient/z","ifMatch":"W/\"1\""}})",
          412, "");
  refused(R"({"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},)"
          R"("subject":{"reference":"Patient?identifier=none"}},"request":{"method":"POST","url":"Observation"}})",
          412, "");
  refused(R"({"request":{"method":"POST","url":"Patient"}})", 400, ".resource");
  refused(R"({"resource":{"resourceType":"Patient"},"request":{"method":"LINK","url":"Patient/1"}})", 400,
          ".request.method");
  refused(R"({"resource":{"resourceType":"Binary","contentType":"application/json-patch+json","data":"W10="},)"
          R"("request":{"method":"PATCH","url":"Patient/absent"}})",
          404, "");
}

TEST_CASE("a transaction rewrites urn:uuid in every type that holds addresses, and keeps it in text and identifiers") {
  const RestServer server;
  const std::string urn = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
  std::string extensions;
  for (const std::string type : {"Uri", "Url", "Canonical", "Uuid", "String"})
    extensions += (extensions.empty() ? "" : ",") + (R"({"url":"urn:x","value)" + type + R"(":")" + urn + "\"}");
  const auto reply = server.post(
      "",
      bundle(
          "transaction",
          R"({"fullUrl":")" + urn +
              R"(","resource":{"resourceType":"Patient","active":true},"request":{"method":"POST","url":"Patient"}},)" +
              R"({"resource":{"resourceType":"Patient","id":"b","identifier":[{"value":")" + urn +
              R"("}],"extension":[)" + extensions + R"(]},"request":{"method":"PUT","url":"Patient/b"}})"));
  REQUIRE(reply.status == 200);
  const auto stored = server.get("/Patient/b").body;
  CHECK(wire::count_of(stored, urn) == 2);  // the identifier and the string
  for (const std::string type : {"Uri", "Url", "Canonical", "Uuid"})
    CHECK(stored.find("\"value" + type + R"(":"Patient/)") != std::string::npos);
}

TEST_CASE("a transaction says per entry that all is well where Prefer asks for an OperationOutcome") {
  const RestServer server;
  const auto reply = server.post(
      "",
      bundle("transaction", R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}})"),
      "Prefer: return=OperationOutcome\r\n");
  CHECK(reply.has(R"("outcome":{"resourceType":"OperationOutcome")"));
}

TEST_CASE("a batch answers each entry for itself") {
  const RestServer server;
  const auto reply = server.post(
      "", bundle("batch",
                 R"({"resource":{"resourceType":"Patient","nonsense":1},"request":{"method":"POST","url":"Patient"}},)"
                 R"("not an entry",)"
                 R"({"resource":{"resourceType":"Patient","id":"b"},"request":{"method":"PUT","url":"Patient/b"}},)"
                 R"({"request":{"method":"GET","url":"Patient/b"}},)"
                 R"({"request":{"method":"GET","url":"Patient/none"}},)"
                 R"({"request":{"method":"GET","url":"Patient?nonsense=1"}})"));
  REQUIRE(reply.status == 200);
  CHECK(wire::count_of(reply.body, "\"response\":") == 6);
  CHECK(wire::count_of(reply.body, "\"status\":\"400 Bad Request\"") == 3);
  CHECK(wire::count_of(reply.body, "\"status\":\"404 Not Found\"") == 1);
  CHECK(wire::count_of(reply.body, "\"status\":\"201 Created\"") == 1);
  CHECK(wire::count_of(reply.body, "\"status\":\"200 OK\"") == 1);
  CHECK(server.post("", bundle("batch", R"({"request":{"method":"GET","url":"metadata"}})")).status == 200);
  const auto head = server.post("", bundle("batch", R"({"request":{"method":"HEAD","url":"Patient/b"}})"));
  CHECK(head.has(R"("entry":[{"response":{"status":"200 OK","etag":"W/\"1\"")"));
  CHECK(server.post("", R"({"resourceType":"Bundle","type":"batch"})").body ==
        R"({"resourceType":"Bundle","type":"batch-response"})");
}

TEST_CASE("a batch carries what its entries read, however long and wherever it is kept") {
  const RestServer server;
  const std::string data(400'000, 'A');
  const auto binary = R"({"resourceType":"Binary","id":"large","contentType":"text/plain","data":")" + data + "\"}";
  REQUIRE(server.ask("PUT", "/Binary/large", binary).status == 201);
  const auto reply = server.post("", bundle("batch", R"({"request":{"method":"GET","url":"Binary/large"}},)"
                                                     R"({"request":{"method":"GET","url":"metadata"}})"));
  CHECK(reply.status == 200);
  CHECK(reply.has("\"data\":\"" + data + "\""));
  CHECK(reply.has(R"("resource":{"resourceType":"CapabilityStatement")"));
}

TEST_CASE("what the CapabilityStatement says can be done") {
  const RestServer server;
  const auto statement = server.get("/metadata");
  REQUIRE(statement.status == 200);
  CHECK(statement.text("fhirVersion") == "4.0.1");
  CHECK(server.get("/metadata?mode=full").status == 200);
  CHECK(server.get("/metadata?mode=normative").has("CapabilityStatement"));
  CHECK(server.get("/metadata?mode=terminology").has("TerminologyCapabilities"));
  CHECK(server.get("/metadata?mode=bogus").status == 400);
  CHECK(wire::count_of(statement.body, R"({"type":")") == 146);
  CHECK(statement.has(server.base()));
  // What every type has is told once; what guides ask for at a type, there.
  CHECK(wire::count_of(statement.body, R"({"name":"_profile")") == 1);
  CHECK(wire::count_of(statement.body, R"({"name":"validate")") == 1);
  CHECK(wire::count_of(statement.body, R"({"name":"_id")") == 147);
  // Each advertised parameter of a type is understood, and each of all types.
  std::size_t known = 0;
  for (const std::string_view of : {R"({"type":"Observation")", R"(],"interaction":[{"code":"batch")"}) {
    const auto list = statement.body.find("\"searchParam\":[", statement.body.find(of));
    const auto parameters = statement.body.substr(list, statement.body.find(']', list) - list);
    for (auto name = parameters.find(R"({"name":")"); name != std::string::npos;
         name = parameters.find(R"({"name":")", name + 1)) {
      const auto code = parameters.substr(name + 9, parameters.find('"', name + 9) - name - 9);
      const auto type = parameters.find(R"("type":")", name);
      if (code == "_id" || code == "_lastUpdated" || code == "_content" || code == "_text" ||
          parameters.substr(type + 8, 9) == "composite")
        continue;
      CAPTURE(code);
      CHECK(server.get("/Observation?" + code + ":missing=true").status == 200);
      ++known;
    }
  }
  CHECK(known > 30);
}

TEST_CASE("pages beside FHIR") {
  const RestServer server;
  wire::Raw socket(server.base().substr(7, server.base().size() - 12));
  socket.send(
      "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto answers = socket.all();
  CHECK(wire::count_of(answers, "HTTP/1.1 200 OK") == 3);
  CHECK(wire::count_of(answers, "HTTP/1.1 404 Not Found") == 1);
  CHECK(answers.find("alzette_phase_seconds") != std::string::npos);
}

TEST_CASE("_summary and _elements are for every interaction: history, operations, writes, the statement, batches") {
  const RestServer server;
  const std::string narrative =
      R"("text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">n</div>"},"active":true,)"
      R"("contact":[{"name":{"family":"C"}}])";
  const auto written = server.ask("PUT", "/Patient/a?_elements=active", patient("a", narrative));
  CHECK(written.status == 201);
  CHECK(written.has(R"("active":true)"));
  CHECK(written.has("SUBSETTED"));
  CHECK_FALSE(written.has("contact"));
  CHECK(server.get("/Patient/a").has("contact"));  // all of it was stored
  server.ask("PUT", "/Patient/b", patient("b", narrative));
  const auto history = server.get("/Patient/_history?_summary=true&_count=1");
  CHECK(wire::count_of(history.body, "SUBSETTED") == 1);
  CHECK_FALSE(history.has("contact"));
  CHECK(history.has(R"("method":"PUT")"));
  const auto next = history.body.find(R"("relation":"next","url":")") + 25;
  const auto url = history.body.substr(next, history.body.find('"', next) - next);
  const auto second = server.get(url.substr(server.base().size()));
  CHECK(second.status == 200);
  CHECK(second.has("SUBSETTED"));
  CHECK_FALSE(second.has("contact"));
  const auto count = server.get("/Patient/_history?_summary=count");
  CHECK(count.number("total") == 2);
  CHECK_FALSE(count.has("entry"));
  const auto everything = server.get("/Patient/a/$everything?_elements=contact");
  CHECK(everything.has("contact"));
  CHECK_FALSE(everything.has("active"));
  CHECK_FALSE(server.get("/Patient/a/$everything?_summary=text").has("contact"));
  const auto statement = server.get("/metadata?_elements=fhirVersion");
  CHECK(statement.has(R"("fhirVersion":"4.0.1")"));
  CHECK_FALSE(statement.has("software"));
  const auto batch =
      server.post("", bundle("batch", R"({"request":{"method":"GET","url":"Patient/a/_history?_elements=active"}})"));
  CHECK(batch.has("SUBSETTED"));
  CHECK_FALSE(batch.has("contact"));
  CHECK(server.get("/Patient/_history?_summary=some").status == 400);
  CHECK(server.get("/Patient/_history?_elements=nothing").status == 400);
  CHECK(server.get("/Patient/none?_elements=active").is_outcome());
}

TEST_CASE("entries of a batch tell their time as exactly as the resource does") {
  const RestServer server;
  const auto exact = [](const wire::Reply& reply) {
    return reply.text("lastUpdated") == reply.text("lastModified") && !reply.text("lastModified").empty();
  };
  CHECK(exact(server.post("", bundle("batch", R"({"resource":{"resourceType":"Patient"},"request":)"
                                              R"({"method":"POST","url":"Patient"}})"))));
  const auto id = server.get("/Patient").text("id");
  CHECK(exact(server.post("", bundle("transaction", R"({"request":{"method":"GET","url":"Patient/)" + id + "\"}}"))));
}

TEST_CASE("history of what a List names, page by page") {
  const RestServer server;
  for (const auto* id : {"a", "b", "c"})
    for (const auto* active : {"true", "false"})
      server.ask("PUT", "/Patient/" + std::string(id), patient(id, R"("active":)" + std::string(active)));
  REQUIRE(
      server
          .ask(
              "PUT", "/List/l",
              R"({"resourceType":"List","id":"l","status":"current","mode":"working","entry":[)"
              R"({"item":{"reference":"Patient/a"}},{"item":{"reference":"Patient/c"}},{"item":{"reference":"Patient/none"}}]})")
          .status == 201);
  const auto all = server.get("/Patient/_history?_list=l");
  CHECK(all.number("total") == 4);
  CHECK_FALSE(all.has("Patient/b"));
  const auto first = server.get("/_history?_list=l&_count=3");
  CHECK(first.number("total") == 4);
  const auto next = first.body.find(R"("relation":"next","url":")");
  REQUIRE(next != std::string::npos);
  const auto url = first.body.substr(next + 25, first.body.find('"', next + 25) - next - 25);
  const auto last = server.get(url.substr(server.base().size()));
  CHECK(last.has(R"("id":"a")"));
  CHECK(last.has(R"("versionId":"1")"));
  CHECK_FALSE(last.has(R"("relation":"next")"));
  CHECK(server.get("/Observation/_history?_list=l").number("total") == 0);
  CHECK(server.get("/_history?_list=none").status == 404);
  CHECK(server.get("/Patient/a/_history?_list=l").status == 400);
}

TEST_CASE("a narrative that was generated goes with the data that a patch changes") {
  const RestServer server;
  const auto text = [](std::string_view status) {
    return R"("text":{"status":")" + std::string(status) +
           R"(","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">active</div>"},"active":true)";
  };
  const auto patch = [&](std::string_view id, std::string_view operations) {
    return server.ask("PATCH", "/Patient/" + std::string(id), operations,
                      "Content-Type: application/json-patch+json\r\n");
  };
  const auto* inactive = R"([{"op":"replace","path":"/active","value":false}])";
  for (const auto* status : {"generated", "additional"})
    server.ask("PUT", "/Patient/" + std::string(status), patient(status, text(status)));
  CHECK(patch("generated", R"([{"op":"add","path":"/meta/tag","value":[{"code":"x"}]}])").has("<div"));
  const auto changed = patch("generated", inactive);
  CHECK(changed.status == 200);
  CHECK_FALSE(changed.has("\"text\""));
  CHECK(patch("additional", inactive).has("<div"));
  server.ask("PUT", "/Patient/both", patient("both", text("generated")));
  CHECK(patch("both", R"([{"op":"replace","path":"/active","value":false},{"op":"replace","path":"/text/div","value":)"
                      R"("<div xmlns=\"http://www.w3.org/1999/xhtml\">inactive</div>"}])")
            .has(">inactive<"));
  const auto mistaken = server.ask("PATCH", "/Patient/both", inactive, "Content-Type: application/json\r\n");
  CHECK(mistaken.status == 400);
  CHECK(mistaken.has("application/json-patch+json"));
}
