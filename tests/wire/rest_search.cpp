// Searches to the letter over real sockets: compartments, _filter, _list, full text, near, contained resources.
#include "tests/wire/rest_server.h"

using wire::RestServer;

namespace {

void put(const RestServer& server, const std::string& type, const std::string& id, const std::string& members) {
  const auto reply = server.ask(
      "PUT", "/" + type + "/" + id,
      R"({"resourceType":")" + type + R"(","id":")" + id + "\"" + (members.empty() ? "" : ",") + members + "}");
  REQUIRE_MESSAGE(reply.status == 201, reply.body);
}

std::string observation(const std::string& patient, const std::string& text) {
  return R"("status":"final","code":{"text":")" + text + R"("},"subject":{"reference":"Patient/)" + patient + "\"}";
}

}  // namespace

TEST_CASE("compartments are searched by GET and POST, one type or all, and paged") {
  const RestServer server;
  for (const char* id : {"p1", "p2"}) put(server, "Patient", id, R"("active":true)");
  for (int i = 0; i < 5; ++i) put(server, "Observation", "a" + std::to_string(i), observation("p1", "weight"));
  put(server, "Observation", "b", observation("p2", "weight"));
  put(server, "Condition", "c", R"("subject":{"reference":"Patient/p1"})");
  CHECK(server.get("/Patient/p1/Observation?_total=accurate").number("total") == 5);
  CHECK(server.get("/Patient/p1/Observation?code:text=weight&_count=2").has("Patient/p1/Observation?"));
  CHECK(server.form("/Patient/p1/Observation/_search", "_id=a1,b").number("total") == 1);
  CHECK(server.get("/Patient/p1/Patient").number("total") == 1);
  CHECK(server.get("/Patient/none/Observation").number("total") == 0);
  CHECK(server.get("/Patient/p1/*?_total=accurate").number("total") == 7);
  CHECK(server.get("/Patient/p1/*?_type=Condition").number("total") == 1);
  CHECK(server.form("/Patient/p1/*/_search", "_type=Condition,Observation").number("total") == 6);
  CHECK(server.get("/Patient/p1/Organization").status == 404);
  CHECK(server.get("/Organization/o/Patient").status == 404);
  CHECK(server.get("/Patient/p1/Observation?nonsense=1").status == 400);
  CHECK(server.ask("PUT", "/Patient/p1/Observation", "{}").status == 405);

  const auto page = server.get("/Patient/p1/Observation?_count=2");
  const auto at = page.body.find("_page=");
  REQUIRE(at != std::string::npos);
  const auto token = page.body.substr(at, page.body.find('"', at) - at);
  CHECK(server.get("/Patient/p1/Observation?_count=2&" + token).status == 200);
  CHECK(server.get("/Patient/p2/Observation?_count=2&" + token).status == 400);
}

TEST_CASE("contained resources, as their containers or by themselves, one at a time") {
  const RestServer server;
  put(server, "Observation", "o", R"("status":"final","code":{"text":"x"},"subject":{"reference":"#a"},
    "performer":[{"reference":"#b"}],"contained":[
    {"resourceType":"Patient","id":"a","gender":"male","name":[{"family":"Weber"}]},
    {"resourceType":"Patient","id":"b","gender":"female","name":[{"family":"Klein"}]}])");
  CHECK(server.get("/Patient?family=weber").number("total") == 0);
  CHECK(server.get("/Patient?family=weber&gender=male&_contained=true").has("Observation/o"));
  CHECK_FALSE(server.get("/Patient?family=weber&gender=female&_contained=true").has("fullUrl"));
  const auto itself = server.get("/Patient?family=weber&_contained=true&_containedType=contained");
  CHECK(itself.has("/Observation/o#a\""));
  CHECK(itself.has(R"("resource":{"resourceType":"Patient","id":"a")"));
  CHECK_FALSE(itself.has("Klein"));
  CHECK(server.get("/Patient?_contained=maybe").status == 400);
  CHECK(server.get("/Patient?general-practitioner.name=x&_contained=true").status == 400);
}

TEST_CASE("_filter, _list, full text and near over HTTP; refusals say what is wrong") {
  const RestServer server;
  put(server, "Patient", "p", R"("name":[{"family":"Weber","given":["Anna"]}],"birthDate":"1970-01-01")");
  put(server, "Observation", "o", observation("p", "Blood pressure"));
  put(server, "List", "l", R"("status":"current","mode":"working","entry":[{"item":{"reference":"Patient/p"}}])");
  put(server, "Location", "here", R"("position":{"longitude":6.13,"latitude":49.61})");
  CHECK(server.get("/Patient?_filter=family%20eq%20%22weber%22%20and%20birthdate%20ge%201970").number("total") == 1);
  CHECK(server.get("/Observation?_filter=subject:Patient.family%20co%20ebe").number("total") == 1);
  CHECK(server.form("/Patient/_search", "_filter=not%20(family%20eq%20weber)").number("total") == 0);
  CHECK(server.get("/Patient?_list=l").number("total") == 1);
  CHECK(server.get("/Patient?_content=anna").number("total") == 1);
  CHECK(server.get("/?_content=blood%20OR%20weber").number("total") == 2);
  CHECK(server.get("/Observation?_content=%22blood%20pressure%22&_total=accurate").number("total") == 1);
  CHECK(server.get("/Location?near=49.6%7C6.1%7C10%7Ckm").number("total") == 1);
  const auto where = server.get("/Patient?_filter=family%20is%20weber");
  CHECK(where.status == 400);
  CHECK(where.has("column 8"));
  CHECK(server.get("/Patient?_filter=nothing%20eq%201").has("Valid: "));
  CHECK(server.get("/Patient?_content=(((").status == 400);
}

TEST_CASE("a refusal of a parameter points to it, whatever refuses it") {
  const RestServer server;
  put(server, "Patient", "p", R"("active":true)");
  const auto points_to = [](const wire::Reply& reply, const std::string& name) {
    INFO(reply.body);
    CHECK(reply.status == 400);
    return reply.has(R"("expression":["http.)" + name + "\"]");
  };
  for (const char* query : {"nonsense=1", "birthdate=x", "name:wrong=x", "_sort=nonsense", "_count=x", "_total=x",
                            "_summary=x", "_elements=x", "_include=x", "_page=x", "_filter=x", "_id:exact=x",
                            "general-practitioner:Group.name=x", "_has:Observation:nonsense:code=x"}) {
    const std::string text(query);
    CHECK(points_to(server.get("/Patient?" + text), text.substr(0, text.find('='))));
  }
  CHECK(points_to(server.get("/?_type=Nonsense"), "_type"));
  CHECK(points_to(server.get("/Patient/p?name=x"), "name"));
  CHECK(points_to(server.get("/Patient/p/_history?_since=x"), "_since"));
  CHECK(points_to(server.get("/Patient/_history?name=x"), "name"));
  CHECK(points_to(server.get("/Patient/p/$everything?_count=x"), "_count"));
  CHECK(points_to(server.get("/Patient/p/$everything?_type=Nonsense"), "_type"));
  CHECK(points_to(server.get("/Patient/p/$everything?nonsense=1"), "nonsense"));
  CHECK(points_to(server.get("/ValueSet/$expand?count=-1"), "count"));
  CHECK(points_to(server.ask("DELETE", "/Patient/p?nonsense=1"), "nonsense"));
  const auto sent =
      server.post("/ValueSet/$expand", R"({"resourceType":"Parameters","parameter":[{"name":"nonsense"}]})");
  CHECK(sent.has(R"-("expression":["Parameters.parameter.where(name='nonsense')"])-"));
  CHECK(server.get("/Patient?_format=nonsense").has(R"("expression":["http._format"])"));
  CHECK_FALSE(server.get("/Patient", "Accept: text/nonsense\r\n").has("expression"));
  CHECK_FALSE(server.get("/Patient?_sort=nonsense").has("_text"));
}

TEST_CASE("tokens by what they mean: in a value set, below and above a code") {
  const RestServer server;
  put(server, "CodeSystem", "cs",
      R"("url":"http://example.org/cs","status":"active","content":"complete","caseSensitive":true,"hierarchyMeaning":"is-a",
    "concept":[{"code":"animal","concept":[{"code":"dog","concept":[{"code":"poodle"}]},{"code":"cat"}]},{"code":"rock"}])");
  put(server, "ValueSet", "vs", R"("url":"http://example.org/vs","status":"active","compose":{"include":[
    {"system":"http://example.org/cs","filter":[{"property":"concept","op":"is-a","value":"dog"}]}]})");
  for (const std::string code : {"animal", "dog", "poodle", "cat", "rock"})
    put(server, "Observation", code,
        R"("status":"final","code":{"coding":[{"system":"http://example.org/cs","code":")" + code + "\"}]}");
  const auto total = [&](const std::string& query) { return server.get("/Observation?" + query).number("total"); };
  CHECK(total("code:in=http://example.org/vs") == 2);
  CHECK(total("code:in=ValueSet/vs") == 2);
  CHECK(total("code:not-in=" + server.base() + "/ValueSet/vs") == 3);
  CHECK(server.get("/Observation?code:in=ValueSet/none").status == 400);
  CHECK(total("code:not-in=http://example.org/vs") == 3);
  CHECK(total("code:below=http://example.org/cs%7Cdog") == 2);
  CHECK(total("code:above=http://example.org/cs%7Cpoodle") == 3);
  CHECK(total("_filter=code%20ss%20http://example.org/cs%7Canimal") == 4);
  CHECK(total("_filter=code%20in%20http://example.org/vs") == 2);
  CHECK(server.get("/Observation?code:in=http://example.org/none").status == 400);
  const std::string body = R"({"resourceType":"Observation","status":"final","code":{"text":"x"}})";
  const std::string one = "If-None-Exist: code:below=http://example.org/cs%7Cpoodle\r\n";
  CHECK(server.post("/Observation", body, one).status == 200);
  CHECK(server.post("/Observation", body, "If-None-Exist: code:in=http://example.org/vs\r\n").status == 412);
  CHECK(server.get("/Observation?code:below=dog").status == 400);
}

TEST_CASE("empty parameters are left out of searches, and refused where they would widen a write") {
  const RestServer server;
  put(server, "Patient", "a", R"("gender":"male","active":true)");
  put(server, "Patient", "b", R"("gender":"female","active":true)");
  const auto found = server.get("/Patient?name=&gender=male&birthdate&_sort=&_count=&_include=&identifier:of-type=");
  CHECK(found.status == 200);
  CHECK(found.number("total") == 1);
  CHECK(found.has(R"("relation":"self","url":")" + server.base() + R"(/Patient?gender=male")"));
  CHECK(server.form("/Patient/_search", "name=&gender=female").number("total") == 1);
  CHECK(server.get("/Patient?gender=male,").status == 400);
  CHECK(server.ask("DELETE", "/Patient?name=&gender=male").status == 400);
  CHECK(server.post("/Patient", R"({"resourceType":"Patient"})", "If-None-Exist: identifier=&gender=male\r\n").status ==
        400);
  CHECK(server.count("Patient") == 2);
}

TEST_CASE("_elements is of what was searched for, not of what is included") {
  const RestServer server;
  put(server, "Organization", "o", R"("name":"Clinic","active":true)");
  put(server, "Patient", "p", R"("gender":"male","active":true,"managingOrganization":{"reference":"Organization/o"})");
  const auto found = server.get("/Patient?_elements=gender&_include=Patient:organization");
  CHECK(found.has(R"("gender":"male"},"search":{"mode":"match"})"));
  CHECK(found.has(R"("name":"Clinic","active":true},"search":{"mode":"include"})"));
  CHECK(wire::count_of(found.body, "SUBSETTED") == 1);
}

TEST_CASE("who asks for a count alone gets one") {
  const RestServer server;
  put(server, "Patient", "a", R"("gender":"male")");
  for (const auto* query : {"_summary=count", "_summary=count&_total=none", "_count=0&_total=none"})
    CHECK(server.get("/Patient?" + std::string(query)).number("total") == 1);
}

TEST_CASE("published definitions are found by address and business version") {
  const RestServer server;
  const std::string gender = "/ValueSet?url=http://hl7.org/fhir/ValueSet/administrative-gender";
  CHECK(server.get(gender).number("total") == 1);
  CHECK(server.get(gender + "%7C4.0.1").number("total") == 1);
  CHECK(server.get(gender + "%7C9").number("total") == 0);
}
