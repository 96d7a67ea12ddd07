// The forms of resources over real sockets: XML in and out of every interaction, and which of Accept, Content-Type and
// _format decides.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "fhir/format/xml.h"
#include "fhir/validate/validate.h"
#include "tests/wire/rest_server.h"

using wire::Reply;
using wire::RestServer;

namespace {

constexpr std::string_view sends_xml = "Content-Type: application/fhir+xml\r\n";
constexpr std::string_view wants_xml = "Accept: application/fhir+xml\r\n";
constexpr std::string_view both_xml = "Content-Type: application/fhir+xml\r\nAccept: application/fhir+xml\r\n";
constexpr std::string_view xml_type = "application/fhir+xml; charset=utf-8";

std::string weber(std::string_view id = {}) {
  return R"(<Patient xmlns="http://hl7.org/fhir">)" +
         (id.empty() ? std::string() : "<id value=\"" + std::string(id) + "\"/>") +
         R"(<identifier><system value="urn:x"/><value value="1"/></identifier><name><family value="Weber"/></name></Patient>)";
}

std::string bundle(std::string_view type, std::string_view entries) {
  return R"(<Bundle xmlns="http://hl7.org/fhir"><type value=")" + std::string(type) + "\"/>" + std::string(entries) +
         "</Bundle>";
}

std::string entry(std::string_view method, std::string_view url, std::string_view resource = {}) {
  return "<entry>" + (resource.empty() ? std::string() : "<resource>" + std::string(resource) + "</resource>") +
         "<request><method value=\"" + std::string(method) + "\"/><url value=\"" + std::string(url) +
         "\"/></request></entry>";
}

bool is_xml(const Reply& reply, std::string_view root) {
  return reply.header("Content-Type") == xml_type && !fhir::xml::refusal(reply.body) &&
         reply.has("?>\n<" + std::string(root) + R"( xmlns="http://hl7.org/fhir">)");
}

}  // namespace

TEST_CASE("formats: created and updated in XML, read in both") {
  const RestServer server;
  const auto created = server.post("/Patient", weber(), both_xml);
  REQUIRE(created.status == 201);
  CHECK(is_xml(created, "Patient"));
  CHECK(created.has(R"(<name><family value="Weber"/></name>)"));
  const auto path = created.header("Location").substr(server.base().size());
  const auto id = path.substr(9, path.find('/', 9) - 9);
  const auto json = server.get("/Patient/" + id);
  CHECK(json.has(R"("name":[{"family":"Weber"}])"));
  CHECK(server.get("/Patient/" + id, wants_xml).body == created.body);
  CHECK(server.get("/Patient/" + id + "?_format=xml").body == created.body);
  CHECK(server.get(path, wants_xml).body == created.body);

  const auto same = server.ask("PUT", "/Patient/" + id, created.body, both_xml);
  CHECK(same.status == 200);
  CHECK(same.header("ETag") == "W/\"1\"");  // the same content: nothing is written
  CHECK(server.ask("PUT", "/Patient/other", created.body, sends_xml).status == 400);
}

TEST_CASE("formats: bundles, histories and the capability statement in XML") {
  const RestServer server;
  REQUIRE(server.ask("PUT", "/Patient/p", weber("p"), sends_xml).status == 201);
  const auto found = server.get("/Patient?name=weber", wants_xml);
  CHECK(is_xml(found, "Bundle"));
  CHECK(found.has(R"(<resource><Patient><id value="p"/>)"));
  CHECK(found.has("<search><mode value=\"match\"/></search>"));
  CHECK(is_xml(server.get("/Patient/p/_history", wants_xml), "Bundle"));
  CHECK(is_xml(server.get("/_history?_format=application/fhir%2Bxml"), "Bundle"));
  CHECK(is_xml(server.get("/_history?_format=application/fhir+xml"), "Bundle"));
  const auto statement = server.get("/metadata", wants_xml);
  CHECK(is_xml(statement, "CapabilityStatement"));
  fhir::Arena arena;
  std::vector<fhir::Issue> issues;
  const auto read = fhir::xml::read(statement.body, arena, issues);
  REQUIRE((read && *read));
  CHECK(issues.empty());
  for (const auto& issue : fhir::validate::resource(**read)) FAIL_CHECK(issue.expression << ": " << issue.diagnostics);
  CHECK(is_xml(server.get("/Patient/p?_summary=true", wants_xml), "Patient"));
  CHECK(server.get("/Patient/p?_pretty=true", wants_xml).has("\n  <name>\n    <family value=\"Weber\"/>"));
  const auto head = server.ask("HEAD", "/Patient/p", {}, wants_xml);
  CHECK(head.header("Content-Length") == std::to_string(server.get("/Patient/p", wants_xml).body.size()));
}

TEST_CASE("formats: pages go on in the form that a parameter asked for") {
  const RestServer server;
  for (const auto* id : {"a", "b", "c"}) server.ask("PUT", "/Patient/" + std::string(id), weber(id), sends_xml);
  for (const std::string path : {"/Patient?_count=1", "/Patient/_history?_count=1", "/Patient/$everything?_count=1"}) {
    CAPTURE(path);
    const auto first = server.get(path + "&_format=xml");
    CHECK(is_xml(first, "Bundle"));
    const auto at = first.body.find(R"(<relation value="next"/><url value=")");
    REQUIRE(at != std::string::npos);
    auto url = first.body.substr(at + 36, first.body.find('"', at + 36) - at - 36);
    for (auto amp = url.find("&amp;"); amp != std::string::npos; amp = url.find("&amp;")) url.erase(amp + 1, 4);
    CHECK(is_xml(server.get(url.substr(server.base().size())), "Bundle"));
  }
}

TEST_CASE("formats: a batch and a transaction in XML, whatever form their entries ask for") {
  const RestServer server;
  const auto done = server.post("", bundle("transaction", entry("PUT", "Patient/p", weber("p"))), both_xml);
  CHECK(done.status == 200);
  CHECK(is_xml(done, "Bundle"));
  CHECK(done.has("<status value=\"201 Created\"/>"));
  const auto batch = server.post(
      "",
      bundle("batch",
             entry("GET", "Patient/p?_format=xml") + entry("GET", "Patient/none") + entry("POST", "Patient", weber()) +
                 entry("POST", "Patient", R"(<Patient><birthDate value="1970-02-30"/></Patient>)") +
                 entry("POST", "Patient", "<Patient><horse/></Patient>") + "<entry/>" + entry("GET", "metadata")),
      sends_xml);
  REQUIRE(batch.status == 200);
  CHECK(batch.has(R"("family":"Weber")"));
  CHECK(batch.has(R"("status":"404 Not Found")"));
  CHECK(batch.has(R"("status":"201 Created")"));
  CHECK(batch.has(R"(Patient.birthDate)"));
  CHECK(batch.has("Bundle.entry[4].resource.horse"));
  CHECK(batch.has("\"expression\":[\"Bundle.entry[5]\"]"));
  CHECK(batch.has("\"resourceType\":\"CapabilityStatement\""));
  CHECK(server.count("Patient") == 2);
}

TEST_CASE("formats: refusals in the form that was asked for") {
  const RestServer server;
  for (const auto* path : {"/Patient/none", "/Horse", "/Patient?horse=1", "/Patient/p/$horse"}) {
    const auto refused = server.get(path, wants_xml);
    CHECK(refused.status >= 400);
    CHECK(is_xml(refused, "OperationOutcome"));
  }
  const auto bad = server.post("/Patient", R"(<Patient xmlns="http://hl7.org/fhir"><horse/></Patient>)", both_xml);
  CHECK(bad.status == 400);
  CHECK(bad.has("<expression value=\"Patient.horse\"/>"));
  const auto broken = server.post("/Patient", "<Patient", both_xml);
  CHECK(broken.status == 400);
  CHECK(is_xml(broken, "OperationOutcome"));
  CHECK(server.post("/Patient", weber()).status == 400);  // XML that says it is JSON
  CHECK(server.post("/Patient", "<!DOCTYPE x>" + weber(), sends_xml).status == 400);
  CHECK(server.post("/Patient", weber(), "Content-Type: application/fhir+xml; charset=ISO-8859-1\r\n").status == 415);
  CHECK(server.post("/Patient", weber(), "Content-Type: application/fhir+turtle\r\n").status == 415);
}

TEST_CASE("formats: which form an answer takes") {
  const RestServer server;
  REQUIRE(server.ask("PUT", "/Patient/p", weber("p"), sends_xml).status == 201);
  const auto form = [&](std::string_view accept, std::string_view query = {}) {
    return server.get("/Patient/p" + std::string(query), "Accept: " + std::string(accept) + "\r\n")
        .header("Content-Type");
  };
  constexpr std::string_view json_type = "application/fhir+json; charset=utf-8";
  CHECK(form("application/fhir+xml") == xml_type);
  CHECK(form("application/xml") == "application/xml; charset=utf-8");
  CHECK(form("text/xml") == "text/xml; charset=utf-8");
  CHECK(form("application/xml+fhir") == xml_type);
  CHECK(form("application/fhir+json;q=0.5, application/fhir+xml") == xml_type);
  CHECK(form("application/fhir+json, application/fhir+xml;q=0.5") == json_type);
  CHECK(form("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8") == "application/xml; charset=utf-8");
  CHECK(form("*/*") == json_type);
  CHECK(form("application/fhir+xml; fhirVersion=4.0") == xml_type);
  CHECK(form("application/fhir+xml", "?_format=json") == json_type);
  CHECK(form("application/fhir+json", "?_format=text/xml") == "text/xml; charset=utf-8");
  CHECK(server.get("/Patient/p", "Accept: application/fhir+xml; fhirVersion=3.0\r\n").status == 406);
  CHECK(server.get("/Patient/p", "Accept: application/fhir+turtle\r\n").status == 406);
  CHECK(server.get("/Patient/p?_format=ttl").status == 406);
}

TEST_CASE("formats: a Binary is XML of FHIR's only when that is said") {
  const RestServer server;
  constexpr std::string_view cda = R"(<ClinicalDocument xmlns="urn:hl7-org:v3"/>)";
  REQUIRE(server.ask("PUT", "/Binary/raw", cda, "Content-Type: text/xml\r\n").status == 201);
  CHECK(server.get("/Binary/raw", "Accept: text/xml\r\n").body == cda);
  CHECK(server.get("/Binary/raw").body == cda);
  CHECK(is_xml(server.get("/Binary/raw", wants_xml), "Binary"));
  CHECK(is_xml(server.get("/Binary/raw?_format=xml"), "Binary"));
  const auto stored = server.ask(
      "PUT", "/Binary/fhir",
      R"(<Binary xmlns="http://hl7.org/fhir"><id value="fhir"/><contentType value="text/plain"/><data value="YQ=="/></Binary>)",
      sends_xml);
  CHECK(stored.status == 201);
  CHECK(server.get("/Binary/fhir").body == "a");
  const auto batch = server.post("", bundle("batch", entry("GET", "Binary/raw")), both_xml);
  CHECK(batch.has(R"(<Binary><id value="raw"/>)"));
}
