// XDS metadata by itself: ebXML both ways, the compact record, data types, the coding of stored queries.
#include <doctest/doctest.h>

#include "ihe/wire/ebxml.h"
#include "ihe/xds/affinity.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/filter.h"
#include "ihe/xds/metadata.h"
#include "ihe/xds/record.h"
#include "ihe/xds/stored_query.h"
#include "ihe/xds/words.h"
#include "tests/unit/xds_fixture.h"

using namespace ihe::xds;
using xds_fixture::Entry;

namespace {

Submission read(const std::string& text) {
  static std::string kept;
  kept = text;
  const auto document = ihe::xml::parse(kept);
  REQUIRE(document);
  auto submission = ihe::ebxml::read(*document->root);
  if (!submission) FAIL(submission.outcome().issues.at(0).diagnostics);
  return std::move(*submission);
}

std::string refused(const std::string& objects) {
  const auto text = xds_fixture::request(objects);
  const auto document = ihe::xml::parse(text);
  REQUIRE(document);
  const auto submission = ihe::ebxml::read(*document->root);
  REQUIRE_FALSE(submission);
  return submission.outcome().issues.at(0).diagnostics;
}

Record superseded_record() {
  const auto submission = read(xds_fixture::one({}, "1.2.3.4"));
  Record record{submission.objects[0], {submission.objects[2]}};
  record.object.registered = 1'790'000'000'000;
  record.object.superseded = true;
  return record;
}

}  // namespace

TEST_CASE("xds: what is read of ebXML is written again, and read the same") {
  const auto text = xds_fixture::one({.more = {xds_fixture::slot("urn:example:extra", {"a", "b"})}}, "1.2.3.4",
                                     xds_fixture::folder("1.2.3.5"));
  const auto submission = read(text);
  REQUIRE(submission.objects.size() == 4);
  std::string again = "<R xmlns:rim=\"" + std::string(ihe::ebxml::rim_ns) + "\"><rim:RegistryObjectList>";
  ihe::xml::Writer writer(again);
  for (const auto& object : submission.objects) ihe::ebxml::write(writer, object);
  again += "</rim:RegistryObjectList></R>";
  auto second = read(again);
  for (std::size_t i = 0; i < submission.objects.size(); ++i) {
    auto& object = second.objects[i];
    object.lid = object.version = {};  // always written
    CHECK(object == submission.objects[i]);
  }
  CHECK(submission.objects[0].slot("urn:example:extra")->values.size() == 2);
  CHECK(submission.objects[0].name.front().value == "Report & more");
  CHECK(submission.objects[0].name.front().lang == "en");
}

TEST_CASE("xds: ebXML that means nothing in XDS is refused") {
  using xds_fixture::association;
  CHECK(refused("<Service id=\"s\"/>").find("Service") != std::string::npos);
  CHECK(refused("<RegistryPackage id=\"p\"/>").find("neither") != std::string::npos);
  CHECK(refused(xds_fixture::xml_of({}) + xds_fixture::xml_of({})).find("two objects") != std::string::npos);
  CHECK(refused("<Classification id=\"c\" classifiedObject=\"x\" classificationNode=\"n\"/>").find("not in") !=
        std::string::npos);
  CHECK(read(xds_fixture::request("<ObjectRef id=\"urn:uuid:1\"/>")).objects.empty());
}

TEST_CASE("xds: a record that is only shown says the same, and its damage is seen") {
  const auto record = superseded_record();
  const auto bytes = encode(record);
  const auto xml_of = [](const auto& object) {
    std::string out;
    ihe::xml::Writer writer(out);
    ihe::ebxml::write(writer, object);
    return out;
  };
  fhir::Arena arena;
  const auto shown = decode(bytes, arena);
  REQUIRE(shown);
  REQUIRE(shown->associations.size() == 1);
  CHECK(xml_of(shown->object) == xml_of(record.object));
  CHECK(xml_of(shown->associations[0]) == xml_of(record.associations[0]));
  CHECK(shown->object.superseded);
  CHECK(shown->object.registered == record.object.registered);
  CHECK_FALSE(decode(bytes.substr(0, bytes.size() - 1), arena));
  CHECK_FALSE(decode(bytes + "x", arena));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x80);
    decode(damaged, arena);
  }
}

TEST_CASE("xds: a record survives its compact form, and damage is seen") {
  const auto record = superseded_record();
  const auto bytes = encode(record);
  const auto back = decode(bytes);
  REQUIRE(back);
  CHECK(*back == record);
  CHECK(bytes.size() < 1'600);
  CHECK_FALSE(decode(bytes.substr(0, bytes.size() - 1)));
  CHECK_FALSE(decode(bytes + "x"));
  CHECK_FALSE(decode(""));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x80);
    decode(damaged);  // whatever comes of it, nothing breaks
  }
}

TEST_CASE("xds: data types") {
  CHECK(dtm_of("2004")->high == dtm_of("20041231235959")->high);
  CHECK(dtm_of("20040229")->low == dtm_of("2004022900")->low);
  for (const auto* bad : {"", "200", "20041", "20040230", "2004010124", "200401010060", "20040101000060", "2004a1"})
    CHECK_FALSE(dtm_of(bad));
  CHECK(dtm_text(dtm_of("20041224103000")->low) == "20041224103000");
  CHECK(cx_of("id^^^&1.2.3&ISO")->authority == "1.2.3");
  CHECK(cx_of("id^^^NAME&1.2.3&ISO")->text() == "id^^^&1.2.3&ISO");
  CHECK(cx_of("id^^^NAME")->authority.empty());
  CHECK_FALSE(cx_of("^^^&1.2.3&ISO"));
  CHECK(is_uuid("urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"));
  CHECK_FALSE(is_uuid("urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c"));
  CHECK_FALSE(is_uuid("Document01"));
  CHECK(same_hash("DA39a3", "da39A3"));
  CHECK_FALSE(is_oid("1..2"));
}

TEST_CASE("xds: words of XDS and FHIR are each other's reverse") {
  for (const auto* scheme :
       {"2.16.840.1.113883.6.1", "1.2.3", "Connect-a-thon classCodes", "http://loinc.example", "é b"})
    CHECK(scheme_of(system_of(scheme)) == scheme);
  CHECK(system_of("2.16.840.1.113883.6.1") == "http://loinc.org");
  for (const auto* unique : {"1.2.3.4", "1.2.3.4^ext", "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1", "plain"}) {
    const auto name = identifier_of(unique);
    CHECK(unique_id_from(name.system, name.value) == unique);
  }
  CHECK(date_time_of("20041224") == "2004-12-24");
  CHECK(date_time_of("2004122408") == "2004-12-24T08:00:00Z");
  CHECK(dtm_from("2004-12-24T08:00:00+01:00") == "20041224070000");
  CHECK(dtm_from("2004-12") == "200412");
}

TEST_CASE("xds: values of stored queries, quotes and lists") {
  const auto values = [](std::string_view text) {
    Values out;
    return read_values(text, out) ? out : Values{"refused"};
  };
  CHECK(values("'a'") == Values{"a"});
  CHECK(values("'O''Hara'") == Values{"O'Hara"});
  CHECK(values("('a','b, (c)' , 'd')") == Values{"a", "b, (c)", "d"});
  CHECK(values("20041224") == Values{"20041224"});
  CHECK(values("(1, 2)") == Values{"1", "2"});
  CHECK(values("''") == Values{""});
  CHECK(values("(\"a\",\"O'Hara\")") == Values{"a", "O'Hara"});  // as in a sample of the Framework
  // B51: what is not whole is not read at all.
  for (const auto* bad :
       {"", "'a", "\"a", "('a\"", "('a'", "('a' 'b')", "('a',)", "'a' 'b'", "()", "'') OR 1=1--", "('a')x"})
    CHECK(values(bad) == Values{"refused"});
}

TEST_CASE("xds: B51 more values than a parameter may have are refused") {
  std::string list = "(";
  for (std::size_t i = 0; i < most_values; ++i) list += "'v',";
  Values out;
  CHECK_FALSE(read_values(list + "'one more')", out));
}

TEST_CASE("xds: patterns") {
  CHECK(like("^Smitty^Gerald", "%Smi%"));
  CHECK(like("abc", "a_c"));
  CHECK(like("aéc", "a_c"));
  CHECK(like("", "%"));
  CHECK_FALSE(like("abc", "b%"));
  CHECK(like(std::string(5'000, 'a'), "%a%a%a%a%a%a"));
  CHECK_FALSE(like(std::string(5'000, 'a'), "%a%a%a%a%a%b"));
}

TEST_CASE("xds: what delimits in HL7 v2 is escaped within a value") {
  const std::string id = "a^b&c|d~e\\f";
  const Cx cx{id, "1.2.3", {}, {}};
  CHECK(cx.text() == "a\\S\\b\\T\\c\\F\\d\\R\\e\\E\\f^^^&1.2.3&ISO");
  const auto back = cx_of(cx.text());
  REQUIRE(back);
  CHECK(*back == cx);
  CHECK(plain(written(id)) == id);
  CHECK(plain("a lonely \\ backslash") == "a lonely \\ backslash");
  const std::string uri = "http://example.org/?a=1&b=2";
  CHECK(hd_of(uri) == "&http://example.org/?a=1\\T\\b=2&URI");
  CHECK(scheme_of_hd(hd_of(uri)) == uri);
}

TEST_CASE("xds: required attributes by the way an entry came") {
  const auto faults = [](const Entry& entry, Submitted how) {
    const auto submission = read(xds_fixture::request(xds_fixture::xml_of(entry)));
    Errors errors;
    check_object(submission.objects.at(0), "DocumentEntry", how, code::registry_metadata, errors);
    std::string all;
    for (const auto& error : errors.list()) all += error.context + "\n";
    return all;
  };
  CHECK(faults({}, Submitted::registered).empty());
  for (const auto* name : {"classCode", "typeCode", "confidentialityCode", "formatCode", "healthcareFacilityTypeCode",
                           "practiceSettingCode", "languageCode", "creationTime", "sourcePatientId", "patientId",
                           "uniqueId", "hash", "size", "repositoryUniqueId"})
    CHECK(faults({.without = name}, Submitted::registered).find(name) != std::string::npos);
  CHECK(faults({.without = "hash"}, Submitted::provided).empty());
  CHECK(faults({.without = "classCode"}, Submitted::limited).empty());
  CHECK(faults({.without = "uniqueId"}, Submitted::limited).find("uniqueId") != std::string::npos);
  CHECK(faults({.patient = "1"}, Submitted::registered).find("patientId") != std::string::npos);
  CHECK(faults({.creation = "20041301"}, Submitted::registered).find("creationTime") != std::string::npos);
  CHECK(faults({.more = {xds_fixture::slot("urn:ihe:other", {"x"})}}, Submitted::registered).find("IHE") !=
        std::string::npos);
}

TEST_CASE("xds: values have the forms of the Framework") {
  using xds_fixture::slot;
  const auto faults = [](std::string text, Submitted how = Submitted::registered) {
    const auto bytes = xds_fixture::request(text);
    const auto document = ihe::xml::parse(bytes);
    REQUIRE(document);
    const auto submission = ihe::ebxml::read(*document->root);
    if (!submission) return submission.outcome().issues.front().diagnostics;
    Errors errors;
    check_object(submission->objects.at(0), "It", how, code::registry_metadata, errors);
    std::string all;
    for (const auto& error : errors.list()) all += error.context + "\n";
    return all;
  };
  const auto entry = [](const std::string& from, const std::string& to) {
    auto text = xds_fixture::xml_of({.more = {slot("legalAuthenticator", {"^Signer"})}});
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  REQUIRE(faults(entry("x", "x")).empty());
  const std::string long_text(257, 'x'), title(129, 't');
  const struct {
    std::string from, to, attribute;
  } cases[] = {
      {"value=\"1^^^&amp;1.2.3.1&amp;ISO", "value=\"1^^^ns&amp;1.2.3.1&amp;ISO", "patientId"},
      {"value=\"1^^^&amp;1.2.3.1&amp;ISO", "value=\"1^^^&amp;1.2.3.1&amp;LOL", "patientId"},
      {"value=\"1^^^&amp;1.2.3.1&amp;ISO", "value=\"1^^^&amp;1.2.3.1&amp;ISO^^^^^x", "patientId"},
      {"value=\"1^^^&amp;1.2.3.1&amp;ISO", "value=\"1", "patientId"},
      {"en-us", "123lol", "languageCode"},
      {"en-us", long_text, "longer than 256"},
      {"Report &amp; more", title, "title"},
      {"PID-8|M", "PID-lol|M", "sourcePatientInfo"},
      {"PID-8|M", "PID-40|M", "sourcePatientInfo"},
      {"PID-5|Doe^John</Value>", "PID-8|F</Value>", "more than once"},
      {"^Smitty^Gerald", "^^^^^^^^&amp;1.2.3&amp;ISO", "authorPerson"},
      {"Clinic^^^^^", "^^^^^", "authorInstitution"},
      {"Clinic^^^^^&amp;1.2.3&amp;ISO^^^^C1", "Clinic^^^^^^^^^C1", "authorInstitution"},
      {"^Signer", "^^Signer", "legalAuthenticator"},
      {"<Name><LocalizedString value=\"TYPE\"/></Name>", "", "typeCode"},
      {"nodeRepresentation=\"TYPE\"", "nodeRepresentation=\"\"", "typeCode"},
      {"classifiedObject=\"Document01\"", "classifiedObject=\"Document02\"", "says that it is of"},
      {"registryObject=\"Document01\"", "registryObject=\"Document02\"", "says that it is of"},
  };
  for (const auto& [from, to, attribute] : cases) {
    CAPTURE(to);
    CHECK(faults(entry(from, to)).find(attribute) != std::string::npos);
  }
  const auto listed = [&](const std::string& value) {
    return faults(xds_fixture::xml_of({.more = {slot("urn:ihe:iti:xds:2013:referenceIdList", {value})}}));
  };
  CHECK(listed("1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order").empty());
  for (const auto* value : {"1^^^&1.2.3&ISO", "1^x^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order",
                            "1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order^^^x"})
    CHECK_MESSAGE(listed(value).find("referenceIdList") != std::string::npos, value);
  // An author of whom nothing but a role is known is one in FHIR alone; so are names without an OID, and long values.
  const auto role = entry("name=\"authorPerson\"", "name=\"authorRole\"");
  auto alone = role;
  const std::string institution = slot("authorInstitution", {"Clinic^^^^^&1.2.3&ISO^^^^C1"});
  alone.erase(alone.find(institution), institution.size());
  CHECK(faults(alone).find("an author needs") != std::string::npos);
  CHECK(faults(alone, Submitted::published).empty());
  CHECK(faults(entry("Report &amp; more", title), Submitted::published).empty());
  CHECK(faults(xds_fixture::folder("lol")).find("uniqueId") != std::string::npos);
  CHECK(faults(xds_fixture::folder("lol"), Submitted::published).empty());
  const auto set = [&](const std::string& more, const std::string& source = "value=\"1.2.3.7\"") {
    auto text = xds_fixture::submission_set("1.2.3.9");
    const std::string given = "value=\"1.2.3.7\"";
    text.replace(text.find(given), given.size(), source);
    return faults(text.insert(text.find('>') + 1, more));
  };
  CHECK(set("").empty());
  CHECK(set("", "value=\"lol\"").find("sourceId") != std::string::npos);
  CHECK(set(slot("intendedRecipient", {"||"})).find("intendedRecipient") != std::string::npos);
  CHECK(set(slot("intendedRecipient", {"|^Wel^Marcus", "||^^Internet^a@example.org"})).empty());
}

TEST_CASE("xds: a folder has a title that says something") {
  const auto faults = [](const std::string& folder) {
    const auto submission = read(xds_fixture::request(folder));
    Errors errors;
    check_object(submission.objects.at(0), "DocumentEntry", Submitted::registered, code::registry_metadata, errors);
    return errors.list().size();
  };
  auto folder = xds_fixture::folder("1.2.3.20");
  CHECK(faults(folder) == 0);
  const std::string title = "value=\"Folder\"";
  CHECK(faults(folder.replace(folder.find(title), title.size(), "value=\"\"")) == 1);
}

TEST_CASE("xds: an affinity domain warns or refuses") {
  auto affinity =
      Affinity::read(R"({"codes":{"classCode":[{"code":"REPORT","codingScheme":"1.2.9","display":"Report"}]},
    "mimeTypes":["text/plain"]})");
  REQUIRE(affinity);
  CHECK(affinity->display("classCode", "REPORT", "1.2.9") == "Report");
  const auto submission = read(xds_fixture::request(xds_fixture::xml_of({.class_code = "OTHER"})));
  Errors errors;
  affinity->check(submission.objects[0], code::registry_metadata, false, errors);
  CHECK(errors.list().size() == 1);
  CHECK_FALSE(errors.failed());
  affinity->check(submission.objects[0], code::registry_metadata, true, errors);
  CHECK(errors.failed());
  CHECK_FALSE(Affinity::read(R"({"codes":{"colour":[{"code":"x","codingScheme":"y"}]}})"));
  CHECK_FALSE(Affinity::read(R"({"codes":{"classCode":[{"code":"x"}]}})"));
}
