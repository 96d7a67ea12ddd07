// Bad inputs by their numbers, over real sockets: each is refused as it should be, nothing is stored, and the server
// goes on answering.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "tests/wire/rest_server.h"

using wire::RestServer;

namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  while (times--) all += text;
  return all;
}

void refused(const RestServer& server, std::string_view body, std::initializer_list<int> statuses,
             std::string_view path = "/Patient", std::string_view method = "POST") {
  CAPTURE(body.substr(0, 120));
  CAPTURE(path);
  const auto reply = server.ask(method, path, body);
  CHECK(std::find(statuses.begin(), statuses.end(), reply.status) != statuses.end());
  CHECK(reply.is_outcome());
  CHECK(server.get("/_history?_count=0").number("total") == 0);
}

std::string entry(std::string_view resource, std::string_view method, std::string_view url,
                  std::string_view more = {}) {
  return R"({"resource":)" + std::string(resource) + R"(,"request":{"method":")" + std::string(method) +
         R"(","url":")" + std::string(url) + "\"" + std::string(more) + "}}";
}

std::string transaction(std::string_view entries) {
  return R"({"resourceType":"Bundle","type":"transaction","entry":[)" + std::string(entries) + "]}";
}

}  // namespace

TEST_CASE("B21, B22: depth is bounded") {
  const RestServer server;
  refused(server, repeated("[", 200'000), {400});
  refused(server, R"({"resourceType":"Patient","extension":)" + repeated(R"([{"url":"u","extension":)", 10'000), {400});
  refused(server, repeated(R"({"a":)", 200'000), {400});
}

TEST_CASE("B23: duplicate keys") {
  const RestServer server;
  refused(server, R"({"resourceType":"Patient","id":"a","id":"b"})", {400});
  refused(server, R"({"resourceType":"Patient","active":true,"active":false})", {400});
  CHECK(server.post("/Patient", R"({"active":true,"resourceType":"Patient"})").status == 201);
}

TEST_CASE("B24, B25, B26: characters, numbers and literals that are none") {
  const RestServer server;
  for (const auto* value : {"\"a\\u0000b\"", "\"\\ud800\"", "\"\xc0\xaf\"", "\"\xff\"", "NaN", "Infinity", "0x10", "01",
                            "'x'", "\"x\",", "/* c */ \"x\""})
    refused(server, R"({"resourceType":"Patient","gender":)" + std::string(value) + "}", {400, 422});
  refused(server, "\xef\xbb\xbf{\"resourceType\":\"Patient\"}", {400});
  refused(server, R"({"resourceType":"Patient"} x)", {400});
  const std::string observation =
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":)";
  refused(server, observation + "1e999999}}", {400, 422}, "/Observation");
  for (const auto* number : {"1.10", "123456789012345678901234567890", "-0.00"}) {
    const auto created = server.post("/Observation", observation + number + "}}");
    CHECK(created.status == 201);
    CHECK(server.get("/Observation/" + created.text("id")).has("\"value\":" + std::string(number) + "}"));
  }
}

TEST_CASE("B27, B28: types and ids that do not fit the address") {
  const RestServer server;
  for (const auto* body : {R"({"active":true})", R"({"resourceType":"Nonsense"})", R"({"resourceType":"Observation"})",
                           R"({"resourceType":["Patient"]})", R"([{"resourceType":"Patient"}])", "\"Patient\"", "null"})
    refused(server, body, {400});
  refused(server, R"({"resourceType":"Patient","id":"b"})", {400}, "/Patient/a", "PUT");
  refused(server, R"({"resourceType":"Patient"})", {400}, "/Patient/a", "PUT");
  const std::string longest(65, 'a');
  refused(server, R"({"resourceType":"Patient","id":")" + longest + "\"}", {400, 404}, "/Patient/" + longest, "PUT");
  refused(server, R"({"resourceType":"Patient","id":"a_b"})", {400, 404}, "/Patient/a_b", "PUT");
  refused(server, R"({"resourceType":"Patient","id":"é"})", {400, 404}, "/Patient/%C3%A9", "PUT");
}

TEST_CASE("B29: an array, an object or a string of a million is refused before a tree of it is built") {
  const RestServer server;
  refused(server, R"({"resourceType":"Patient",)" + repeated(R"("key":1,)", 1'000'000) + R"("active":true})",
          {400, 413});
  std::string members;
  for (int i = 0; i < 1'000'000; ++i) members += "\"k" + std::to_string(i) + "\":1,";
  refused(server, R"({"resourceType":"Patient",)" + members + R"("active":true})", {413});
  refused(server, R"({"resourceType":"Patient","name":[{"family":")" + repeated("x", 30u << 20) + "\"}]}",
          {400, 413, 422});
  refused(server, R"({"resourceType":"Patient","name":[)" + repeated("{},", 1'100'000) + "{}]}", {400, 413, 422});
}

TEST_CASE("B30: transactions that cannot be") {
  const RestServer server;
  const std::string patient = R"({"resourceType":"Patient"})";
  const auto post = entry(patient, "POST", "Patient");
  refused(server, transaction(repeated(post + ",", 100'000) + post), {413, 400}, "");
  const std::string same = R"({"fullUrl":"urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f10",)" + post.substr(1);
  refused(server, transaction(same + "," + same), {400}, "");
  const auto put = entry(R"({"resourceType":"Patient","id":"a"})", "PUT", "Patient/a");
  refused(server, transaction(put + "," + put), {400}, "");
  refused(server, transaction(put + R"(,{"request":{"method":"DELETE","url":"Patient/a"}})"), {400}, "");
  const std::string later = "urn:uuid:6d4c1d4e-0b52-4a6a-9a51-1d9b3c6a7f11";
  const auto refers = entry(R"({"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":")" + later + "\"}}",
                            "POST", "Basic");
  refused(server,
          transaction(refers + R"(,{"fullUrl":")" + later + "\"," +
                      entry(R"({"resourceType":"Patient","gender":"none"})", "POST", "Patient").substr(1)),
          {422}, "");
  refused(server,
          transaction(entry(R"({"resourceType":"Patient","link":[{"type":"seealso","other":)"
                            R"({"reference":"Patient?identifier=b"}}],"identifier":[{"value":"a"}]})",
                            "POST", "Patient") +
                      "," +
                      entry(R"({"resourceType":"Patient","link":[{"type":"seealso","other":)"
                            R"({"reference":"Patient?identifier=a"}}],"identifier":[{"value":"b"}]})",
                            "POST", "Patient")),
          {400, 412}, "");
}

TEST_CASE("two conditional updates of one transaction with the same criteria do not make two resources") {
  const RestServer server;
  const auto update =
      entry(R"({"resourceType":"Patient","identifier":[{"value":"7"}]})", "PUT", "Patient?identifier=7");
  refused(server, transaction(update + "," + update), {400}, "");
  const auto reply = server.post(
      "", transaction(
              update + "," +
              entry(R"({"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?identifier=7"}})",
                    "POST", "Basic")));
  CHECK(reply.status == 200);  // a reference by the criteria of an entry finds what the entry makes
  CHECK(server.get("/Basic?patient.identifier=7&_summary=count").number("total") == 1);
}

TEST_CASE("an entry of a batch that cannot be read fails alone; a transaction fails as a whole") {
  const RestServer server;
  const std::string good = R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}})";
  const std::string unreadable[] = {
      R"({"resource":{"resourceType":"Patient","id":"a","id":"b"},"request":{"method":"POST","url":"Patient"}})",
      R"({"resource":{"resourceType":"Basic","code":{"text":"\"]}\u0000"}},"request":{"method":"POST","url":"Basic"}})",
      R"({"resource":{"resourceType":"RiskAssessment","prediction":[{"probabilityDecimal":1e999999}]}})",
      "{}",
      R"("text")",
      "null",
      R"({"resource":{"resourceType":"Patient",}})"};
  for (const auto& entry : unreadable) {
    CAPTURE(entry);
    const auto entries = "\"entry\":[" + good + "," + entry + " , " + good + "]}";
    const auto reply = server.post("", R"({"resourceType":"Bundle","type":"batch",)" + entries);
    CHECK(reply.status == 200);
    CHECK(wire::count_of(reply.body, R"("status":"201 Created")") == 2);
    CHECK(wire::count_of(reply.body, R"("status":"400 Bad Request")") == 1);
    CHECK(reply.has("Bundle.entry[1]"));
    CHECK(server.post("", R"({"resourceType":"Bundle","type":"transaction",)" + entries).status == 400);
  }
  CHECK(server.get("/Patient?_summary=count").number("total") == 2 * std::size(unreadable));
  for (const std::string broken : {R"([{"a":1},{"b":])", "[[[", R"([{"a":"x)", "[}]}", "[{},]}", "[{}]} x", "[]}"})
    CHECK(server.post("", R"({"resourceType":"Bundle","type":"batch","entry":)" + broken).status == 400);
}

TEST_CASE("faults of structure and of values are told at once") {
  const RestServer server;
  const auto reply = server.post(
      "/Patient", R"({"resourceType":"Patient","foo":1,"gender":"zz","birthDate":"2024-02-30","name":[{"bar":2}]})");
  CHECK(reply.status == 400);
  for (const auto* place : {"Patient.foo", "Patient.name[0].bar", "Patient.gender", "Patient.birthDate"})
    CHECK(reply.has("\"" + std::string(place) + "\""));
}

TEST_CASE("a reference with white space is none") {
  const RestServer server;
  CHECK(server.post("/Patient", R"({"resourceType":"Patient","managingOrganization":{"reference":"Organization/1 2"}})")
            .status == 400);
}

TEST_CASE("B31: entries that reach out of the bundle") {
  const RestServer server;
  for (const auto& bad : {entry(R"({"resourceType":"Patient"})", "POST", "http://evil.example/fhir/Patient"),
                          entry(R"({"resourceType":"Patient"})", "POST", "//evil.example/Patient"),
                          entry(R"({"resourceType":"Bundle","type":"batch"})", "POST", ""),
                          entry(R"({"resourceType":"Patient"})", "POST", "$export"),
                          entry(R"({"resourceType":"Patient"})", "POST", "../Patient")}) {
    refused(server, transaction(entry(R"({"resourceType":"Patient"})", "POST", "Patient") + "," + bad), {400, 404}, "");
    const auto batch = server.post("", R"({"resourceType":"Bundle","type":"batch","entry":[)" + bad + "]}");
    CHECK(batch.status == 200);
    CHECK(batch.has(R"("response":{"status":"40)"));
  }
  for (const std::string url : {"Patient/$export", "$export", "Nothing/1"})
    refused(server,
            transaction(entry(R"({"resourceType":"Patient"})", "POST", "Patient") +
                        R"(,{"request":{"method":"GET","url":")" + url + "\"}}"),
            {404}, "");
}

TEST_CASE("an entry whose resource is of another type than its address") {
  const RestServer server;
  const std::string patient = R"({"resourceType":"Patient","id":"a"})";
  for (const auto& [method, url] : std::initializer_list<std::pair<std::string, std::string>>{
           {"POST", "Observation"}, {"PUT", "Observation/a"}, {"PUT", "Observation?_id=a"}, {"POST", "Binary"}}) {
    CAPTURE(method + " " + url);
    refused(server, transaction(entry(patient, method, url)), {400}, "");
    const auto batch =
        server.post("", R"({"resourceType":"Bundle","type":"batch","entry":[)" + entry(patient, method, url) + "]}");
    CHECK(batch.has(R"("status":"400 Bad Request")"));
    CHECK(server.get("?_summary=count").number("total") == 0);
  }
}

TEST_CASE("B32, B33, B34: content that breaks the rules of its type") {
  const RestServer server;
  for (const auto* div : {"<script>x</script>", "<p onload='x'>x</p>", "<a href='javascript:x'>x</a>"})
    refused(
        server,
        R"({"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>)" +
            std::string(div) + R"(</div>"}})",
        {422});
  refused(server, R"({"resourceType":"Patient","photo":[{"data":"not base64!"}]})", {400});
  for (const auto* day : {"2024-02-30", "0000-01-01", "99999-01-01", "2024-13-01", "2024-1-1"})
    refused(server, R"({"resourceType":"Patient","birthDate":")" + std::string(day) + "\"}", {400});
  for (const auto* moment : {"2024-01-01T00:00:00+24:00", "2024-01-01T25:00:00Z", "2024-01-01T00:00:00"})
    refused(server, R"({"resourceType":"Patient","deceasedDateTime":")" + std::string(moment) + "\"}", {400});
  for (const auto* moment :
       {"2024-01-01T00:00:00%2B24:00", "2024-01-01T25:00:00Z", "2024-01-01T00:00:00.123456789012345678901234567890Z"})
    CHECK(server.get("/Patient?death-date=" + std::string(moment)).status == 400);
  CHECK(server.get("/Patient?birthdate=2024-02-30").status == 400);
  CHECK(server.get("/Patient?birthdate=0000").status == 400);
}

TEST_CASE("B35: entity tags and versions that are none") {
  const RestServer server;
  server.ask("PUT", "/Patient/a", R"({"resourceType":"Patient","id":"a"})");
  for (const auto* tag : {"1", "W/1", "W/\"x\"", "\"\""})
    CHECK(server
              .ask("PUT", "/Patient/a", R"({"resourceType":"Patient","id":"a","active":true})",
                   "If-Match: " + std::string(tag) + "\r\n")
              .status == 400);
  server.ask("PUT", "/Patient/a", R"({"resourceType":"Patient","id":"a","active":true})", "If-Match: W/\"1\"\r\n");
  const auto stale = server.ask("PUT", "/Patient/a", R"({"resourceType":"Patient","id":"a"})", "If-Match: W/\"1\"\r\n");
  CHECK(stale.status == 412);
  CHECK(server.ask("DELETE", "/Patient/a", {}, "If-Match: W/\"1\"\r\n").status == 412);
  for (const auto* version : {"%2e%2e", "x", "0", "-1", "99999999999999999999"}) {
    const auto status = server.get("/Patient/a/_history/" + std::string(version)).status;
    CHECK((status == 400 || status == 404));
  }
}

TEST_CASE("B53, B54: quotes and wildcards are characters") {
  const RestServer server;
  server.post("/Patient", R"({"resourceType":"Patient","name":[{"family":"O'Brien"}]})");
  for (const auto* text : {"'%20OR%201=1--", "%25';DROP", "%5C%5C", "%E2%80%99", "%25", "_", "%25%25"})
    for (const auto* name : {"name", "identifier", "birthdate", "organization", "_id", "_profile", "name:exact",
                             "_sort", "_elements", "_lastUpdated", "_has:Observation:patient:code", "'x", "name:'x"}) {
      const auto reply = server.get("/Patient?" + std::string(name) + "=" + text);
      CAPTURE(name);
      CAPTURE(text);
      CHECK((reply.status == 200 || reply.status == 400));
      if (reply.status == 200 && name != std::string_view("_elements")) CHECK_FALSE(reply.has("Brien"));
    }
}

TEST_CASE("B55, B56: long lists and deep chains are refused, not tried") {
  const RestServer server;
  CHECK(server.get("/Patient?_id=" + repeated("a,", 4'000)).status == 400);
  CHECK(server.form("/Patient/_search", "_id=" + repeated("a,", 70'000)).status == 400);
  CHECK(server.form("/Patient/_search", "name=" + repeated("a,", 499) + "a").status == 200);
  CHECK(server.get("/Encounter?part-of.part-of.part-of.part-of.part-of.status=finished").status == 400);
  CHECK(server
            .get("/Patient?_has:Observation:patient:_has:Provenance:target:_has:AuditEvent:entity:_has:List:item:"
                 "_has:List:item:code=x")
            .status == 400);
}

TEST_CASE("B57: inclusions without end are bounded") {
  const RestServer server;
  for (int i = 0; i < 20; ++i)
    server.ask("PUT", "/Organization/o" + std::to_string(i),
               R"({"resourceType":"Organization","name":"x","id":"o)" + std::to_string(i) +
                   R"(","partOf":{"reference":"Organization/o)" + std::to_string((i + 1) % 20) + "\"}}");
  const auto reply = server.get("/Organization?_id=o1&_include:iterate=Organization:partof&_revinclude=*");
  CHECK(reply.status == 200);
  CHECK(wire::count_of(reply.body, "\"fullUrl\"") <= 20);
  for (const auto* all : {"_include:iterate=*&_revinclude:iterate=*", "_include:iterate=*:*&_revinclude=*:*"}) {
    const auto every = server.get("/Organization?_count=2&" + std::string(all));
    CHECK(every.status == 200);
    CHECK(wire::count_of(every.body, "\"fullUrl\"") <= 20);
  }
}

TEST_CASE("every resource has an id and a time: :missing says so") {
  const RestServer server;
  server.post("/Patient", R"({"resourceType":"Patient"})");
  for (const std::string name : {"_id", "_lastUpdated"}) {
    CHECK(server.get("/Patient?_summary=count&" + name + ":missing=false").number("total") == 1);
    CHECK(server.get("/Patient?_summary=count&" + name + ":missing=true").number("total") == 0);
    CHECK(server.get("/Patient?" + name + ":missing=maybe").status == 400);
  }
}

TEST_CASE("B58: counts and page tokens") {
  const RestServer server;
  for (int i = 0; i < 3; ++i) server.post("/Patient", R"({"resourceType":"Patient","active":true})");
  CHECK(server.get("/Patient?_count=-1").status == 400);
  CHECK(server.get("/Patient?_count=abc").status == 400);
  CHECK(server.get("/Patient?_count=2147483648").status == 200);
  CHECK(server.get("/Patient?_count=0").number("total") == 3);
  CHECK(server.get("/Patient/_history?_count=-1").status == 400);
  CHECK(server.get("/Patient/_history?_count=2147483648000").status == 200);
  const auto page = server.get("/Patient?_count=1&active=true");
  const auto at = page.body.find("&_page=");
  REQUIRE(at != std::string::npos);
  const auto token = page.body.substr(at + 7, page.body.find('"', at) - at - 7);
  CHECK(server.get("/Patient?_count=1&active=true&_page=" + token).status == 200);
  CHECK(server.get("/Patient?_count=1&active=false&_page=" + token).status == 400);
  CHECK(server.get("/Practitioner?_count=1&active=true&_page=" + token).status == 400);
  CHECK(server.get("/Patient?_count=1&active=true&_page=x" + token).status == 400);
  CHECK(server.get("/Patient?_count=1&active=true&_page=zzz").status == 400);
}

TEST_CASE("B62: an unknown parameter is refused, or left out in the open") {
  const RestServer server;
  const auto strict = server.get("/Patient?this-is-not-a-real-param=x");
  CHECK(strict.status == 400);
  CHECK(strict.has("birthdate"));
  CHECK(server.get("/Patient?this-is-not-a-real-param=x", "Prefer: handling=strict\r\n").status == 400);
  const auto lenient = server.get("/Patient?active=true&this-is-not-a-real-param=x", "Prefer: handling=lenient\r\n");
  CHECK(lenient.status == 200);
  CHECK(lenient.has(server.base() + "/Patient?active=true\""));
  CHECK(lenient.has(R"("search":{"mode":"outcome"})"));
  CHECK(server.get("/Patient?name:wrong=x").status == 400);
}

TEST_CASE("B64, B65: odd values have defined answers") {
  const RestServer server;
  server.post("/Patient", R"({"resourceType":"Patient","identifier":[{"system":"sys","value":"x"},{"value":"y"}]})");
  CHECK(server.get("/Patient?_content=a%26b").status == 400);
  CHECK(server.get("/Patient?identifier=%7C").status < 500);
  CHECK(server.get("/Patient?identifier=%7Cx").number("total") == 0);
  CHECK(server.get("/Patient?identifier=%7Cy").number("total") == 1);
  CHECK(server.get("/Patient?identifier=sys%7C").number("total") == 1);
  CHECK(server.form("/Patient/_search", "identifier=" + repeated("x", 10'240)).status == 400);
  CHECK(server.get("/Patient?name=%ff").status == 400);
}

TEST_CASE("B66: conditions without criteria or with many matches") {
  const RestServer server;
  for (int i = 0; i < 2; ++i) server.post("/Patient", R"({"resourceType":"Patient","active":true})");
  const std::string body = R"({"resourceType":"Patient"})";
  CHECK(server.ask("DELETE", "/Patient?active=true").status == 412);
  CHECK(server.ask("PUT", "/Patient?active=true", body).status == 412);
  CHECK(server.post("/Patient", body, "If-None-Exist: active=true\r\n").status == 412);
  CHECK(server.ask("DELETE", "/Patient").status == 412);
  CHECK(server.ask("PUT", "/Patient", body).status == 412);
  CHECK(server.ask("DELETE", "/Patient?_count=1").status == 412);
  CHECK(server.post("/Patient", body, "If-None-Exist: \r\n").status == 412);
  CHECK(server.ask("DELETE", "/Patient?nonsense=1").status == 400);
  CHECK(server.count("Patient") == 2);
}

TEST_CASE("B68: POST _search merges the parameters of address and body") {
  const RestServer server;
  server.post("/Patient", R"({"resourceType":"Patient","active":true,"gender":"male"})");
  server.post("/Patient", R"({"resourceType":"Patient","active":true,"gender":"female"})");
  CHECK(server.form("/Patient/_search?active=true", "gender=male").number("total") == 1);
  CHECK(server.form("/Patient/_search?gender=female", "gender=male").number("total") == 0);
  CHECK(server.form("/Patient/_search?gender=male", "nonsense=1").status == 400);
  CHECK(server.form("/Patient/_search?gender=male", "").number("total") == 1);
}
