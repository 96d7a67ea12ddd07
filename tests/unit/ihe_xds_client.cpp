// The client's side of XDS: what it composes, writes and makes of answers.
#include <doctest/doctest.h>

#include "ihe/door.h"
#include "ihe/mhd/bundle.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/client.h"
#include "ihe/xds/compose.h"
#include "ihe/xds/names.h"

namespace {

namespace xds = ihe::xds;

const std::string token = "0123456789abcdef0123456789abcdef";

// Another token each time.
std::function<std::string()> tokens() {
  return [n = 0]() mutable {
    auto text = std::to_string(++n);
    return std::string(32 - text.size(), '0') + text;
  };
}

xds::Composition composition() {
  xds::Composition out;
  out.patient = "1^^^&1.2.3&ISO";
  out.source_id = "1.2.4";
  out.codes = {{xds::scheme::class_code, {"C", "1.2.5", "Class"}}};
  out.content_type = {"T", "1.2.5", "Type"};
  out.items = {{"Letter", "text/plain", std::make_shared<fhir::TextContent>("a note")}};
  return out;
}

xds::Posted answer(std::string body, const std::string& relates_to = ihe::uuid_of(token)) {
  return {"application/soap+xml",
          std::make_shared<fhir::TextContent>(
              "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Header>"
              "<RelatesTo xmlns=\"http://www.w3.org/2005/08/addressing\">" +
              relates_to + "</RelatesTo></s:Header><s:Body>" + body + "</s:Body></s:Envelope>")};
}

}  // namespace

TEST_CASE("xds client: an OID of a UUID is its decimal value below 2.25") {
  CHECK(xds::oid_of_uuid("00000000000000000000000000000000") == "2.25.0");
  CHECK(xds::oid_of_uuid("f81d4fae7dec11d0a76500a0c91e6bf6") == "2.25.329800735698586629295641978511506172918");
  CHECK(xds::oid_of_uuid("ffffffffffffffffffffffffffffffff") == "2.25.340282366920938463463374607431768211455");
}

TEST_CASE("xds client: codes are written with display and scheme") {
  const auto code = xds::code_from("C^Class^1.2");
  REQUIRE(code);
  CHECK(code->code == "C");
  CHECK(code->display == "Class");
  CHECK(code->scheme == "1.2");
  CHECK_FALSE(xds::code_from("C"));
  CHECK_FALSE(xds::code_from("^Class^1.2"));
}

TEST_CASE("xds client: a submission has its set, entries with hash and size, and what ties them") {
  auto asked = composition();
  asked.new_folder = "Case";
  asked.relations = {{xds::relation::rplc, "urn:uuid:old"}};
  const auto made = xds::compose(asked, tokens());
  std::size_t members = 0, replaces = 0;
  const xds::RegistryObject* entry = nullptr;
  for (const auto& object : made.objects) {
    members += object.type == xds::relation::has_member;
    replaces += object.type == xds::relation::rplc && object.target == "urn:uuid:old";
    if (object.kind == xds::Kind::document_entry) entry = &object;
  }
  REQUIRE(entry);
  CHECK(members == 4);  // set to entry, to folder, to the membership; folder to entry
  CHECK(replaces == 1);
  CHECK(entry->value(xds::slot::hash) == "ed1453d11f0d0e3a28914abed576c4425c3a1b69");
  CHECK(entry->value(xds::slot::size) == "6");
  CHECK(xds::is_oid(xds::unique_id(*entry)));
  REQUIRE(made.documents.size() == 1);
  CHECK(made.documents.front().unique_id == xds::unique_id(*entry));
}

TEST_CASE("xds client: parameters are quoted, lists in parentheses, times and numbers bare") {
  xds::Asked query;
  query.definition = xds::query_named("FindDocuments");
  REQUIRE(query.definition);
  query.slots = {{"XDSDocumentEntryPatientId", {"o'neil^^^&1.2&ISO"}},
                 {"XDSDocumentEntryClassCode", {"a^^1", "b^^1"}},
                 {"XDSDocumentEntryCreationTimeFrom", {"2024"}}};
  const auto sent = xds::ask(query, {"http://peer/", token}).content->text();
  CHECK(sent.find("<rim:Value>'o''neil^^^&amp;1.2&amp;ISO'</rim:Value>") != std::string::npos);
  CHECK(sent.find("<rim:Value>('a^^1')</rim:Value><rim:Value>('b^^1')</rim:Value>") != std::string::npos);
  CHECK(sent.find("<rim:Value>2024</rim:Value>") != std::string::npos);
  CHECK(xds::query_named("urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d") == query.definition);
  CHECK(xds::query_named("FindNothing") == nullptr);
}

TEST_CASE("xds client: answers are read in their own words, other ones refused") {
  const xds::Call call{"http://peer/", token};
  const auto told =
      xds::told(answer("<r:RegistryResponse xmlns:r=\"urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0\" "
                       "status=\"urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure\"><r:RegistryErrorList>"
                       "<r:RegistryError errorCode=\"XDSRegistryError\" codeContext=\"why\" severity=\"x:Warning\"/>"
                       "</r:RegistryErrorList></r:RegistryResponse>"),
                call);
  REQUIRE(told);
  CHECK(told->status == "Failure");
  REQUIRE(told->errors.size() == 1);
  CHECK(told->errors.front().warning);
  CHECK(told->errors.front().context == "why");
  CHECK_FALSE(xds::told(answer("<x/>"), call));
  CHECK_FALSE(xds::told(answer("<x status=\"a:Success\"/>", "urn:uuid:another"), call));
  const auto fault = xds::told(answer("<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>"
                                      "<s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>"),
                               call);
  REQUIRE_FALSE(fault);
  CHECK(fault.outcome().kind == fhir::Kind::unprocessable);
  CHECK(fault.outcome().issues.front().diagnostics == "SOAP fault: s:Sender: no");
  CHECK_FALSE(xds::told({"text/html", std::make_shared<fhir::TextContent>("<html>")}, call));
}

TEST_CASE("xds client: as MHD, resources name each other within the bundle") {
  auto asked = composition();
  asked.new_folder = "Case";
  const auto bundle = ihe::mhd::bundle_of(asked, ihe::Settings(), tokens());
  REQUIRE(bundle);
  CHECK(bundle->find("\"DocumentReference/") == std::string::npos);
  CHECK(bundle->find("\"Binary/") == std::string::npos);
  CHECK(bundle->find(R"("url":"urn:uuid:)") != std::string::npos);
  CHECK(bundle->find(R"("data":"YSBub3Rl")") != std::string::npos);
  CHECK(bundle->find("IHE.MHD.Comprehensive.ProvideBundle") != std::string::npos);
  asked.folder = "urn:uuid:1";
  CHECK_FALSE(ihe::mhd::bundle_of(asked, ihe::Settings(), tokens()));
}
