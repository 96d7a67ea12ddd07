// Registry and repository over a store: submissions, life cycle, folders, stored queries, update, removal, merge.
#include <doctest/doctest.h>

#include "fhir/digest.h"
#include "fhir/hex.h"
#include "tests/unit/xds_fixture.h"

using namespace xds_fixture;

namespace {

const std::string get_all = "10b545ea-725c-446d-9b95-8aeb444eddf3";
const std::string get_associations = "a7ae438b-4bc2-4642-93e9-be891f7bb155";
const std::string set_and_contents = "e8e3cb2c-e39c-46b9-99e4-c12f57260b83";
const std::string folder_and_contents = "b909a503-523d-4517-8acf-8e5834dfc4c7";
const std::string folders_of_patients = "50d3f5ac-39a2-11de-a1ca-b366239e58df";
const std::string of_patients_by_reference = "1191642d-86c4-42d8-b784-f95445f9f0d5";
const std::string get_documents_and_associations = "bab9529a-4a10-40b3-a01f-f68a615d247a";
const std::string get_submission_sets = "51224314-5390-4169-9b91-b1980040715a";
const std::string related_documents = "d90e5407-b356-4d91-a89f-873917b4b0e6";

std::string uuid_of(Registry& registry, const std::string& unique_id) {
  return registry.run("ITI-18", query(get_documents, {{"XDSDocumentEntryUniqueId", "('" + unique_id + "')"}}))
      .attribute("<rim:ExtrinsicObject", "id");
}

std::string status_of(Registry& registry, const std::string& uuid) {
  const auto status = registry.run("ITI-18", query(get_documents, {{"XDSDocumentEntryEntryUUID", "('" + uuid + "')"}}))
                          .attribute("<rim:ExtrinsicObject", "status");
  return status.substr(status.rfind(':') + 1);
}

// Its entry is 1.2.3.100, its folder 1.2.3.20.
std::string one_in_folder() {
  return one({}, "1.2.3.9",
             folder("1.2.3.20") + association("HasMember", "SubmissionSet01", "Folder01") +
                 membership("Folder01", "Document01"));
}

std::string provide(const Entry& entry, const std::string& set_id, const std::string& part = "doc0") {
  return "<x:ProvideAndRegisterDocumentSetRequest xmlns:x=\"urn:ihe:iti:xds-b:2007\">" + one(entry, set_id) +
         "<x:Document id=\"" + entry.id +
         "\"><i:Include xmlns:i=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:" + part +
         "\"/></x:Document></x:ProvideAndRegisterDocumentSetRequest>";
}

std::string retrieve(const std::string& unique_id, const std::string& repository = "1.3.182.2.4.1") {
  return "<x:RetrieveDocumentSetRequest xmlns:x=\"urn:ihe:iti:xds-b:2007\"><x:DocumentRequest><x:RepositoryUniqueId>" +
         repository + "</x:RepositoryUniqueId><x:DocumentUniqueId>" + unique_id +
         "</x:DocumentUniqueId></x:DocumentRequest></x:RetrieveDocumentSetRequest>";
}

}  // namespace

TEST_CASE("registry: a submission is found, complete, and FHIR sees the same entry") {
  Registry registry;
  const auto answer = registry.run("ITI-42", one({.more = {slot("urn:example:extra", {"kept"})}}, "1.2.3.9"));
  REQUIRE_MESSAGE(answer.success(), answer.xml);
  const auto found = registry.find();
  CHECK(found.success());
  CHECK(found.count("<rim:ExtrinsicObject") == 1);
  for (const auto* part : {"urn:example:extra", "kept", "20041224", "Report &amp; more", "^Smitty^Gerald", "1.2.3.100",
                           "StatusType:Approved", "versionName=\"1\"", "lid=\"urn:uuid:"})
    CHECK_MESSAGE(found.has(part), part);
  const auto uuid = found.attribute("<rim:ExtrinsicObject", "id");
  const auto reference = registry.opened.read("DocumentReference", uuid.substr(9));
  REQUIRE(reference);
  CHECK(reference->body.find("urn:oid:1.2.3.100") != std::string::npos);
  CHECK(reference->body.find("\"family\":\"Smitty\"") != std::string::npos);
  CHECK(registry.find({}, false).count("<rim:ObjectRef") == 1);
  CHECK(registry.find({}, false).count("<rim:ExtrinsicObject") == 0);
}

TEST_CASE("registry: filters of FindDocuments") {
  Registry registry;
  REQUIRE(registry.run("ITI-42", one({}, "1.2.3.9")).success());
  const auto count = [&](const std::string& name, const std::string& value) {
    const auto found = registry.find({{"XDSDocumentEntry" + name, value}});
    return found.success() ? static_cast<int>(found.count("<rim:ExtrinsicObject")) : -1;
  };
  CHECK(count("ClassCode", "('REPORT^^1.2.9')") == 1);
  CHECK(count("ClassCode", "('REPORT^^1.2.8')") == 0);
  CHECK(count("ClassCode", "('OTHER^^1.2.9','REPORT^^1.2.9')") == 1);
  CHECK(count("ClassCode", "('REPORT')") == -1);
  CHECK(count("ClassCode", "('REPORT^Report^1.2.9')") == 1);  // the middle of an HL7 CE names the code
  for (const auto& [name, value] :
       {std::pair("TypeCode", "TYPE^^1.2."), std::pair("FormatCode", "FORMAT^^1.2."),
        std::pair("PracticeSettingCode", "GENERAL^^1.2."), std::pair("HealthcareFacilityTypeCode", "HOSPITAL^^1.2."),
        std::pair("ConfidentialityCode", "N^^2.16.840.1.113883.5.2")}) {
    const std::string code(value);
    const std::string last = std::string(name) == "ConfidentialityCode" ? "5" : "9";
    CHECK_MESSAGE(count(name, "('" + code + last + "')") == 1, name);
    CHECK_MESSAGE(count(name, "('" + code + "4')") == 0, name);
    CHECK_MESSAGE(count(name, "('X" + code + last + "')") == 0, name);
    CHECK_MESSAGE(count(name, "('X" + code + last + "','" + code + last + "')") == 1, name);
  }
  CHECK(count("AuthorPerson", "('%Gerald%')") == 1);
  CHECK(count("AuthorPerson", "('%Gerard%')") == 0);
  CHECK(count("CreationTimeFrom", "20041224") == 1);
  CHECK(count("CreationTimeTo", "20041224") == 0);
  CHECK(count("CreationTimeTo", "200412240001") == 1);
  // What has no service time is not judged by it.
  CHECK(count("ServiceStartTimeFrom", "2000") == 1);
  CHECK(count("ServiceStopTimeTo", "2000") == 1);
  REQUIRE(registry
              .run("ITI-42",
                   one({.id = "Document02", .unique_id = "1.2.3.101", .more = {slot("serviceStartTime", {"2010"})}},
                       "1.2.3.10"))
              .success());
  CHECK(count("ServiceStartTimeFrom", "2000") == 2);
  CHECK(count("ServiceStartTimeTo", "2000") == 1);
  CHECK(count("ServiceStopTimeTo", "2000") == 2);
  CHECK(count("Type", "('urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248')") == 0);
  // B51
  CHECK(count("ClassCode", "('x^^y') OR 1=1--") == -1);
  CHECK(count("AuthorPerson", "(''') OR 1=1--')") == 0);
}

TEST_CASE("registry: errors of stored queries have their codes") {
  Registry registry;
  CHECK(registry.run("ITI-18", query(find_documents, {{"XDSDocumentEntryPatientId", "'x'"}}))
            .has("XDSStoredQueryMissingParam"));
  CHECK(registry.run("ITI-18", query("14d4debf-8f97-4251-9a74-000000000000", {})).has("XDSUnknownStoredQuery"));
  CHECK(registry.run("ITI-18", query(get_documents, {})).has("XDSStoredQueryMissingParam"));
  CHECK(registry
            .run("ITI-18",
                 query(get_documents, {{"XDSDocumentEntryEntryUUID", "('a')"}, {"XDSDocumentEntryUniqueId", "('b')"}}))
            .has("XDSStoredQueryParamNumber"));
  CHECK(registry.find({{"XDSDocumentEntryClassCode", "('a^^b')"}, {"XDSDocumentEntryClassCode", "('c^^d')"}})
            .has("XDSStoredQueryParamNumber"));
  CHECK(registry.find({{"XDSDocumentEntryEventCodeList", "('a^^b')"}, {"XDSDocumentEntryEventCodeList", "('c^^d')"}})
            .success());
  // A filter without its $ is not left out in silence; what is no parameter is ignored with it and without.
  const auto with = [](const std::string& name) {
    auto asked = query(find_documents, {{"XDSDocumentEntryPatientId", "'" + cx("1") + "'"},
                                        {"XDSDocumentEntryStatus", is_approved},
                                        {"", "('a^^b')"}});
    return asked.replace(asked.rfind("\"$\"") + 1, 1, name);
  };
  CHECK(registry.run("ITI-18", with("$XDSDocumentEntryClassCode")).success());
  CHECK(registry.run("ITI-18", with("XDSDocumentEntryClassCode")).has("is written $XDSDocumentEntryClassCode"));
  CHECK(registry.run("ITI-18", with("XDSDocumentEntryClassCodeScheme")).success());
  const auto unknown =
      registry.run("ITI-18", query(find_documents, {{"XDSDocumentEntryPatientId", "'" + cx("nobody") + "'"},
                                                    {"XDSDocumentEntryStatus", is_approved}}));
  CHECK(unknown.success());
  CHECK(unknown.count("<rim:ExtrinsicObject") == 0);
}

TEST_CASE("registry: B50 what breaks a rule leaves nothing behind") {
  Registry registry;
  REQUIRE(registry.feed({{identity_fixture::a, "2"}}));
  REQUIRE(registry.run("ITI-42", one({.hash = std::string(40, 'a'), .size = "5"}, "1.2.3.9")).success());
  const auto refuses = [&](const std::string& body, std::string_view code) {
    const auto answer = registry.run("ITI-42", body);
    CHECK(answer.status() == "Failure");
    CHECK_MESSAGE(answer.has(code), code, " ", answer.xml);
  };
  refuses(one({.unique_id = "1.2.3.101", .patient = cx("nobody")}, "1.2.3.10"), "XDSUnknownPatientId");
  refuses(one({.hash = std::string(40, 'b'), .size = "5"}, "1.2.3.10"), "XDSNonIdenticalHash");
  refuses(one({.hash = std::string(40, 'a'), .size = "6"}, "1.2.3.10"), "XDSNonIdenticalSize");
  refuses(one({.unique_id = "1.2.3.101"}, "1.2.3.9"), "XDSDuplicateUniqueIdInRegistry");
  refuses(one({.unique_id = "1.2.3.101"}, "1.2.3.10",
              xml_of({.id = "Document02", .unique_id = "1.2.3.101"}) + original("Document02")),
          "XDSRegistryDuplicateUniqueIdInMessage");
  refuses(request(xml_of({.unique_id = "1.2.3.101", .patient = cx("2")}) + submission_set("1.2.3.10") + original()),
          "XDSPatientIdDoesNotMatch");
  refuses(request(xml_of({.unique_id = "1.2.3.101"}) + submission_set("1.2.3.10")), "XDSRegistryMetadataError");
  refuses(one({.unique_id = "1.2.3.101"}, "1.2.3.10",
              association("RPLC", "Document01", "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1")),
          "UnresolvedReferenceException");
  refuses(request(xml_of({})), "XDSRegistryMetadataError");
  // By the id that the sender knows.
  CHECK(registry
            .run("ITI-42", request(xml_of({.unique_id = "1.2.3.101", .patient = cx("2")}) + submission_set("1.2.3.10") +
                                   original()))
            .has("codeContext=\"DocumentEntry Document01 is of the patient"));
  CHECK(registry.find().count("<rim:ExtrinsicObject") == 1);
  // The same bytes under the same uniqueId are a second entry.
  CHECK(registry.run("ITI-42", one({.hash = std::string(40, 'A'), .size = "5"}, "1.2.3.11")).success());
  CHECK(registry.find().count("<rim:ExtrinsicObject") == 2);
}

TEST_CASE("registry: the associations of a submission are those of the Framework") {
  Registry registry;
  REQUIRE(registry.run("ITI-42", one_in_folder()).success());
  const auto entry = uuid_of(registry, "1.2.3.100");
  const auto folder_id = registry.run("ITI-18", query(folder_and_contents, {{"XDSFolderUniqueId", "'1.2.3.20'"}}))
                             .attribute("<rim:RegistryPackage", "id");
  const auto submit = [&](const std::string& more, const std::string& unique_id = "1.2.3.101") {
    return registry.run("ITI-42", one({.unique_id = unique_id}, "1.2.3.10", more));
  };
  // Without a member there is no submission (4.1.4).
  CHECK(registry.run("ITI-42", request(submission_set("1.2.3.10"))).has("has no members"));
  // What puts an entry into a folder is a member of the set, and nothing else that is an association (4.2.2.1.3, .4).
  CHECK(submit(association("HasMember", folder_id, "Document01")).has("is a member of the SubmissionSet"));
  const auto addendum = association("APND", "Document01", entry);
  const auto id = addendum.substr(addendum.find("id=\"") + 4, addendum.find("\" ") - addendum.find("id=\"") - 4);
  CHECK(submit(addendum + association("HasMember", "SubmissionSet01", id)).has("XDSRegistryMetadataError"));
  // A folder has one set that it came with, and each member once (4.2.2.1.2).
  CHECK(submit(association("HasMember", "SubmissionSet01", folder_id)).has("it came with alone"));
  CHECK(submit(membership(folder_id, "Document01") + membership(folder_id, "Document01")).has("says the same"));
  CHECK(submit(membership(folder_id, entry)).has("is a member of the Folder already"));
  // A transformation is not appended to (4.2.2.2.1), whether it is registered or comes along.
  REQUIRE(submit(association("XFRM", "Document01", entry)).success());
  const auto transformed = uuid_of(registry, "1.2.3.101");
  const auto next = [&](const std::string& more) {
    return registry.run("ITI-42", one({.unique_id = "1.2.3.102"}, "1.2.3.11", more));
  };
  CHECK(next(association("APND", "Document01", transformed)).has("to which nothing is appended"));
  CHECK(next(xml_of({.id = "Document02", .unique_id = "1.2.3.103"}) + original("Document02") +
             association("XFRM", "Document01", entry) + association("APND", "Document02", "Document01"))
            .has("to which nothing is appended"));
  CHECK(registry.find().count("<rim:ExtrinsicObject") == 2);
  // A deprecated entry is referred to no more (4.2.2).
  REQUIRE(next(association("RPLC", "Document01", entry)).success());
  CHECK(
      registry
          .run("ITI-42", request(submission_set("1.2.3.12") + association("HasMember", "SubmissionSet01", entry,
                                                                          slot("SubmissionSetStatus", {"Reference"}))))
          .has("XDSRegistryDeprecatedDocumentError"));
}

TEST_CASE("registry: every fault of a submission is told at once") {
  Registry registry;
  const auto answer = registry.run("ITI-42", one({.patient = cx("nobody"), .without = "classCode"}, "1.2.3.9"));
  CHECK(answer.has("XDSUnknownPatientId"));
  CHECK(answer.has("classCode is missing"));
}

TEST_CASE("registry: a replacement deprecates, its addenda too, and takes the old one's place in folders") {
  Registry registry;
  REQUIRE(registry.run("ITI-42", one_in_folder()).success());
  const auto old = uuid_of(registry, "1.2.3.100");
  REQUIRE(registry.run("ITI-42", one({.unique_id = "1.2.3.101"}, "1.2.3.10", association("APND", "Document01", old)))
              .success());
  const auto addendum = uuid_of(registry, "1.2.3.101");
  REQUIRE(registry.run("ITI-42", one({.unique_id = "1.2.3.102"}, "1.2.3.11", association("RPLC", "Document01", old)))
              .success());
  CHECK(status_of(registry, old) == "Deprecated");
  CHECK(status_of(registry, addendum) == "Deprecated");
  CHECK(registry.find().count("<rim:ExtrinsicObject") == 1);
  const auto folder = registry.run("ITI-18", query(folder_and_contents, {{"XDSFolderUniqueId", "'1.2.3.20'"}}));
  CHECK(folder.count("<rim:ExtrinsicObject") == 2);
  CHECK(folder.count("<rim:Association ") == 2);  // the memberships; the RPLC is not of the folder
  const auto again =
      registry.run("ITI-42", one({.unique_id = "1.2.3.103"}, "1.2.3.12", association("RPLC", "Document01", old)));
  CHECK(again.has("XDSRegistryDeprecatedDocumentError"));
  const auto related = registry.run(
      "ITI-18", query(related_documents, {{"XDSDocumentEntryEntryUUID", "'" + old + "'"},
                                          {"AssociationTypes", "('urn:ihe:iti:2007:AssociationType:RPLC')"}}));
  CHECK(related.count("<rim:ExtrinsicObject") == 2);
  const auto view = registry.opened.read("DocumentReference", old.substr(9));
  CHECK(view->body.find("superseded") != std::string::npos);
}

TEST_CASE("registry: many patients may be asked for by what was coded alone") {
  Registry registry;
  REQUIRE(registry.feed({{identity_fixture::a, "2"}}));
  const auto in_folder = [](const std::string& folder_id, const std::string& patient) {
    return folder(folder_id, patient) + association("HasMember", "SubmissionSet01", "Folder01");
  };
  const std::string references =
      slot("urn:ihe:iti:xds:2013:referenceIdList", {"ORDER7^^^&1.2.4&ISO^urn:ihe:iti:xds:2013:order"});
  REQUIRE(registry.run("ITI-42", one({.more = {references}}, "1.2.3.9", in_folder("1.2.3.20", cx("1")))).success());
  REQUIRE(registry
              .run("ITI-42", one({.unique_id = "1.2.3.101", .patient = cx("2"), .more = {references}}, "1.2.3.10",
                                 in_folder("1.2.3.21", cx("2"))))
              .success());
  const auto folders = [&](const std::vector<std::pair<std::string, std::string>>& more) {
    std::vector<std::pair<std::string, std::string>> parameters{{"XDSFolderStatus", is_approved}};
    parameters.insert(parameters.end(), more.begin(), more.end());
    return registry.run("ITI-51", query(folders_of_patients, parameters));
  };
  CHECK(folders({{"XDSFolderCodeList", "('LIST^^1.2.9')"}}).count("<rim:RegistryPackage") == 2);
  CHECK(folders({{"XDSFolderCodeList", "('LIST^^1.2.8')"}}).count("<rim:RegistryPackage") == 0);
  CHECK(folders({{"XDSFolderPatientId", "('" + cx("2") + "')"}}).count("<rim:RegistryPackage") == 1);
  CHECK(folders({}).has("XDSStoredQueryMissingParam"));
  const auto referring = [&](const std::string& value) {
    return registry
        .run("ITI-51", query(of_patients_by_reference,
                             {{"XDSDocumentEntryStatus", is_approved}, {"XDSDocumentEntryReferenceIdList", value}}))
        .count("<rim:ExtrinsicObject");
  };
  CHECK(referring("('ORDER7^^^&1.2.4&ISO^urn:ihe:iti:xds:2013:order')") == 2);
  CHECK(referring("('ORDER%')") == 2);
  CHECK(referring("('ORDEX%')") == 0);
}

TEST_CASE("registry: associations are shown by their status") {
  Registry registry;
  REQUIRE(registry.run("ITI-42", one_in_folder()).success());
  const auto entry = uuid_of(registry, "1.2.3.100");
  const auto status = [](const std::string& word) { return "urn:oasis:names:tc:ebxml-regrep:StatusType:" + word; };
  const auto contents = registry.run("ITI-18", query(folder_and_contents, {{"XDSFolderUniqueId", "'1.2.3.20'"}}));
  REQUIRE(registry
              .run("ITI-57", request(submission_set("1.2.3.10") +
                                     association("urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus",
                                                 "SubmissionSet01", contents.attribute("<rim:Association ", "id"),
                                                 slot("OriginalStatus", {status("Approved")}) +
                                                     slot("NewStatus", {status("Deprecated")}))))
              .success());
  const auto shown = [&](const std::string& id, std::vector<std::pair<std::string, std::string>> parameters,
                         const std::string& words) {
    if (!words.empty()) parameters.emplace_back("XDSAssociationStatus", words);
    return registry.run("ITI-18", query(id, parameters)).count("<rim:Association ");
  };
  const std::string approved = "('" + status("Approved") + "')", deprecated = "('" + status("Deprecated") + "')";
  const std::string both = "('" + status("Approved") + "','" + status("Deprecated") + "')";
  CHECK(shown(get_associations, {{"uuid", "('" + entry + "')"}}, "") == 1);
  CHECK(shown(get_associations, {{"uuid", "('" + entry + "')"}, {"MetadataLevel", "2"}}, "") == 1);
  CHECK(shown(get_associations, {{"uuid", "('" + entry + "')"}}, approved) == 1);
  CHECK(shown(get_associations, {{"uuid", "('" + entry + "')"}}, deprecated) == 1);
  CHECK(shown(get_associations, {{"uuid", "('" + entry + "')"}}, both) == 2);
  CHECK(shown(folder_and_contents, {{"XDSFolderUniqueId", "'1.2.3.20'"}}, "") == 0);
  CHECK(shown(folder_and_contents, {{"XDSFolderUniqueId", "'1.2.3.20'"}}, deprecated) == 1);
}

TEST_CASE("registry: GetAll, GetAssociations, contents of a set") {
  Registry registry;
  REQUIRE(registry.run("ITI-42", one({}, "1.2.3.9")).success());
  const auto all = registry.run("ITI-18", query(get_all, {{"patientId", "'" + cx("1") + "'"},
                                                          {"XDSDocumentEntryStatus", is_approved},
                                                          {"XDSSubmissionSetStatus", is_approved},
                                                          {"XDSFolderStatus", is_approved}}));
  CHECK(all.count("<rim:ExtrinsicObject") == 1);
  CHECK(all.count("<rim:RegistryPackage") == 1);
  CHECK(all.count("<rim:Association ") == 1);
  const auto uuid = uuid_of(registry, "1.2.3.100");
  CHECK(registry.run("ITI-18", query(get_associations, {{"uuid", "('" + uuid + "')"}})).count("<rim:Association ") ==
        1);
  const auto contents = registry.run("ITI-18", query(set_and_contents, {{"XDSSubmissionSetUniqueId", "'1.2.3.9'"}}));
  CHECK(contents.count("<rim:ExtrinsicObject") == 1);
  CHECK(contents.count("SubmissionSetStatus") == 1);
  CHECK(registry
            .run("ITI-18", query(set_and_contents, {{"XDSSubmissionSetUniqueId", "'1.2.3.9'"},
                                                    {"XDSDocumentEntryFormatCode", "('other^^1.2.9')"}}))
            .count("<rim:ExtrinsicObject") == 0);
}

TEST_CASE("registry: results of several patients are refused as LeafClass, not as references") {
  Registry registry;
  REQUIRE(registry.feed({{identity_fixture::a, "2"}}));
  REQUIRE(registry.run("ITI-42", one({}, "1.2.3.9")).success());
  REQUIRE(registry.run("ITI-42", one({.unique_id = "1.2.3.101", .patient = cx("2")}, "1.2.3.10")).success());
  const std::vector<std::pair<std::string, std::string>> both{
      {"XDSDocumentEntryUniqueId", "('1.2.3.100','1.2.3.101')"}};
  CHECK(registry.run("ITI-18", query(get_documents, both)).has("XDSResultNotSinglePatient"));
  CHECK(registry.run("ITI-18", query(get_documents, both, false)).count("<rim:ObjectRef") == 2);
}

TEST_CASE("repository: bytes come back as they went in, with their hash, and B50 wrong ones are refused") {
  Registry registry;
  const std::string bytes(100'000, 'x');
  const auto hash = fhir::to_hex(fhir::sha1(bytes));
  REQUIRE(registry.run("ITI-41", provide({.hash = hash, .size = "100000"}, "1.2.3.9"), {bytes}).success());
  const auto answer = registry.run("ITI-43", retrieve("1.2.3.100"));
  REQUIRE(answer.success());
  REQUIRE(answer.parts.size() == 1);
  CHECK(answer.parts[0].content->text() == bytes);
  CHECK(answer.parts[0].media_type == "text/plain");
  CHECK(registry.run("ITI-43", retrieve("1.2.3.999")).has("XDSDocumentUniqueIdError"));
  CHECK(registry.run("ITI-43", retrieve("1.2.3.100", "1.2.3.4")).has("XDSUnknownRepositoryId"));
  const auto refuses = [&](const Entry& entry, const std::string& content, std::string_view code) {
    const auto refused = registry.run("ITI-41", provide(entry, "1.2.3.10"), {content});
    CHECK(refused.status() == "Failure");
    CHECK_MESSAGE(refused.has(code), refused.xml);
  };
  refuses({.unique_id = "1.2.3.101", .hash = hash, .size = "100000"}, "other", "XDSRepositoryMetadataError");
  refuses({.unique_id = "1.2.3.101", .hash = hash, .size = "5"}, bytes, "XDSRepositoryMetadataError");
  refuses({.without = "hash"}, std::string(100'000, 'y'), "XDSNonIdenticalHash");
  CHECK(registry.run("ITI-43", retrieve("1.2.3.101")).has("XDSDocumentUniqueIdError"));
  CHECK(registry
            .run("ITI-41", "<x:ProvideAndRegisterDocumentSetRequest xmlns:x=\"urn:ihe:iti:xds-b:2007\">" +
                               one({.unique_id = "1.2.3.102"}, "1.2.3.11") +
                               "</x:ProvideAndRegisterDocumentSetRequest>")
            .has("XDSMissingDocument"));
  CHECK(registry.run("ITI-41", provide({.unique_id = "1.2.3.102", .without = "hash"}, "1.2.3.11", "doc7"), {})
            .has("errorCode=\"XDSMissingDocument\""));
  CHECK(registry.run("ITI-41", provide({.unique_id = "1.2.3.102", .without = "hash"}, "1.2.3.11"), {"", "of no entry"})
            .has("XDSMissingDocumentMetadata"));
}

TEST_CASE("repository: a removed document is gone, its entry stays") {
  Registry registry;
  REQUIRE(
      registry.run("ITI-41", provide({.hash = fhir::to_hex(fhir::sha1("hello")), .size = "5"}, "1.2.3.9"), {"hello"})
          .success());
  const auto named = [](const std::string& id, const std::string& repository = "1.3.182.2.4.1") {
    return "<x:DocumentRequest><x:RepositoryUniqueId>" + repository + "</x:RepositoryUniqueId><x:DocumentUniqueId>" +
           id + "</x:DocumentUniqueId></x:DocumentRequest>";
  };
  const auto all_of = [](const std::string& documents) {
    return "<r:RemoveDocumentsRequest xmlns:r=\"urn:ihe:iti:rmd:2017\" xmlns:x=\"urn:ihe:iti:xds-b:2007\">" +
           documents + "</r:RemoveDocumentsRequest>";
  };
  const auto body = [&](const std::string& id) { return all_of(named(id)); };
  CHECK(
      registry.run("ITI-86", all_of(named("1.2.3.100") + named("1.2.3.100", "1.2.3.4"))).has("XDSUnknownRepositoryId"));
  CHECK(registry.run("ITI-43", retrieve("1.2.3.100")).success());
  CHECK(registry.run("ITI-86", body("1.2.3.999")).has("XDSDocumentUniqueIdError"));
  CHECK(registry.run("ITI-86", body("1.2.3.100")).success());
  CHECK(registry.run("ITI-43", retrieve("1.2.3.100")).has("XDSDocumentUniqueIdError"));
  CHECK(registry.find().count("<rim:ExtrinsicObject") == 1);
}

TEST_CASE("registry: metadata update makes versions, and knows an old one") {
  Registry registry;
  REQUIRE(registry.run("ITI-42", one({}, "1.2.3.9")).success());
  const auto first = uuid_of(registry, "1.2.3.100");
  const auto update = [&](const std::string& version, const std::string& set_id, const Entry& entry) {
    return request(xml_of(entry) + submission_set(set_id) +
                   association("HasMember", "SubmissionSet01", "Document01",
                               slot("SubmissionSetStatus", {"Original"}) + slot("PreviousVersion", {version})));
  };
  Entry next{.class_code = "SUMMARY", .lid = first};
  CHECK(registry.run("ITI-57", update("2", "1.2.3.10", next)).has("XDSMetadataVersionError"));
  CHECK(registry.run("ITI-57", update("1", "1.2.3.10", {.unique_id = "1.2.3.55", .lid = first}))
            .has("XDSMetadataIdentifierError"));
  CHECK(registry.run("ITI-57", update("1", "1.2.3.10", {})).has("XDSMetadataUpdateError"));
  REQUIRE(registry.feed({{identity_fixture::a, "2"}}));
  for (const auto* row : {"ITI-57", "ITI-92"})
    CHECK(
        registry
            .run(row, request(xml_of(next) + submission_set("1.2.3.10", cx("2")) +
                              association("HasMember", "SubmissionSet01", "Document01",
                                          slot("SubmissionSetStatus", {"Original"}) + slot("PreviousVersion", {"1"}))))
            .has("XDSPatientIDReconciliationError"));
  REQUIRE(registry.run("ITI-57", update("1", "1.2.3.11", next)).success());
  CHECK(registry.run("ITI-57", update("1", "1.2.3.12", next)).has("XDSMetadataVersionError"));
  CHECK(status_of(registry, first).empty());  // an old version shows at level 2 only
  const auto newest = registry.find();
  CHECK(newest.has("SUMMARY"));
  CHECK(newest.has("versionName=\"2\""));
  CHECK(newest.has("lid=\"" + first + "\""));
  const auto versions = registry.run(
      "ITI-18", query(get_documents, {{"XDSDocumentEntryLogicalID", "('" + first + "')"}, {"MetadataLevel", "2"}}));
  CHECK(versions.count("<rim:ExtrinsicObject") == 2);
  // ITI-92 leaves what is not its own.
  Entry other = next;
  other.patient = cx("1");
  other.unique_id = "1.2.3.77";
  CHECK(registry.run("ITI-92", update("2", "1.2.3.13", other)).has("XDSMetadataIdentifierError"));
  other = next;
  other.class_code = "NOTE";
  CHECK(registry.run("ITI-92", update("2", "1.2.3.14", other)).success());
}

TEST_CASE("registry: associations of an old version show with it, at level 2 only") {
  Registry registry;
  REQUIRE(registry.run("ITI-42", one_in_folder()).success());
  const auto first = uuid_of(registry, "1.2.3.100");
  const Entry addendum{.id = "Document02", .unique_id = "1.2.3.101"};
  REQUIRE(registry.run("ITI-42", one(addendum, "1.2.3.10", association("APND", "Document02", first))).success());
  REQUIRE(registry
              .run("ITI-57",
                   request(xml_of({.lid = first}) + submission_set("1.2.3.11") +
                           association("HasMember", "SubmissionSet01", "Document01",
                                       slot("SubmissionSetStatus", {"Original"}) + slot("PreviousVersion", {"1"}))))
              .success());
  const auto second = uuid_of(registry, "1.2.3.101");
  const std::pair<std::string, std::string> related{"AssociationTypes", "('urn:ihe:iti:2007:AssociationType:APND')"};
  struct {
    std::string_view id;
    std::vector<std::pair<std::string, std::string>> parameters;
    std::size_t at_level_1, at_level_2;
  } const cases[] = {
      {related_documents, {{"XDSDocumentEntryEntryUUID", "'" + second + "'"}, related}, 1, 2},
      {related_documents, {{"XDSDocumentEntryEntryUUID", "'" + first + "'"}, related}, 0, 1},
      {get_documents_and_associations, {{"XDSDocumentEntryUniqueId", "('1.2.3.100')"}}, 3, 6},
      {get_documents_and_associations, {{"XDSDocumentEntryEntryUUID", "('" + first + "')"}}, 0, 3},
      {get_associations, {{"uuid", "('" + first + "')"}}, 0, 3},
      {get_submission_sets, {{"uuid", "('" + first + "')"}}, 0, 1},
  };
  for (const auto& [id, parameters, at_level_1, at_level_2] : cases) {
    CAPTURE(id);
    CAPTURE(parameters.front().second);
    auto asked = parameters;
    CHECK(registry.run("ITI-18", query(id, asked)).count("<rim:Association ") == at_level_1);
    asked.emplace_back("MetadataLevel", "2");
    CHECK(registry.run("ITI-18", query(id, asked)).count("<rim:Association ") == at_level_2);
  }
}

TEST_CASE("registry: an update revives nothing, loses nothing, and keeps what an object is") {
  Registry registry;
  REQUIRE(registry.run("ITI-42", one({}, "1.2.3.9")).success());
  const auto first = uuid_of(registry, "1.2.3.100");
  const auto version = [](const std::string& number) {
    return association("HasMember", "SubmissionSet01", "Document01",
                       slot("SubmissionSetStatus", {"Original"}) + slot("PreviousVersion", {number}));
  };
  const Entry next{.class_code = "SUMMARY", .lid = first};
  const auto refused = [&](const std::string& objects) {
    const auto answer = registry.run("ITI-57", request(objects + submission_set("1.2.3.10")));
    return answer.success() ? "" : answer.attribute("<rs:RegistryError ", "errorCode");
  };
  // An entry and a folder that no operation names.
  CHECK(refused(xml_of(next) + version("1") + xml_of({.id = "Document02", .unique_id = "1.2.3.101"})) ==
        "XDSMetadataUpdateOperationError");
  CHECK(refused(xml_of(next) + version("1") + folder("1.2.3.20")) == "XDSMetadataUpdateOperationError");
  // A stable entry stays one.
  Entry on_demand = next;
  on_demand.without = "creationTime";
  on_demand.hash = on_demand.size = "";
  auto changed = xml_of(on_demand);
  for (const auto& part : {slot("hash", {""}), slot("size", {""})}) changed.erase(changed.find(part), part.size());
  const std::string stable = "7edca82f-054d-47f2-a032-9b2a5b5186c1";
  changed.replace(changed.find(stable), stable.size(), "34268e47-fdf5-41a6-ba33-82133c465248");
  CHECK(refused(changed + version("1")) == "XDSMetadataUpdateError");
  // An entry is not related to itself.
  CHECK(
      refused(association("urn:ihe:iti:2010:AssociationType:SubmitAssociation", "SubmissionSet01", "related") +
              "<Association id=\"related\" associationType=\"urn:ihe:iti:2007:AssociationType:APND\" sourceObject=\"" +
              first + "\" targetObject=\"" + first + "\"/>") == "XDSRegistryMetadataError");
  // What is deprecated is not updated by ITI-57, and stays so when ITI-92 does it.
  const std::string prefix = "urn:oasis:names:tc:ebxml-regrep:StatusType:";
  REQUIRE(refused(association(
              "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus", "SubmissionSet01", first,
              slot("OriginalStatus", {prefix + "Approved"}) + slot("NewStatus", {prefix + "Deprecated"}))) == "");
  const auto update = [&](const std::string& set_id) {
    return request(xml_of(next) + submission_set(set_id) + version("1"));
  };
  CHECK(registry.run("ITI-57", update("1.2.3.11")).has("XDSMetadataUpdateError"));
  REQUIRE(registry.run("ITI-92", update("1.2.3.12")).success());
  const auto newest =
      registry.run("ITI-18", query(get_documents, {{"XDSDocumentEntryLogicalID", "('" + first + "')"}}));
  CHECK(newest.has("versionName=\"2\""));
  CHECK(newest.attribute("<rim:ExtrinsicObject", "status") == prefix + "Deprecated");
}

TEST_CASE("registry: an update obeys the affinity domain") {
  Registry registry;
  REQUIRE(registry.run("ITI-42", one({}, "1.2.3.9")).success());
  auto affinity = ihe::xds::Affinity::read(R"({"codes":{"classCode":[{"code":"REPORT","codingScheme":"1.2.9"}]}})");
  REQUIRE(affinity);
  registry.settings.affinity = std::make_shared<ihe::xds::Affinity>(std::move(*affinity));
  registry.settings.affinity_enforce = true;
  const auto answer = registry.run(
      "ITI-57",
      request(xml_of({.class_code = "OTHER", .lid = uuid_of(registry, "1.2.3.100")}) + submission_set("1.2.3.10") +
              association("HasMember", "SubmissionSet01", "Document01",
                          slot("SubmissionSetStatus", {"Original"}) + slot("PreviousVersion", {"1"}))));
  CHECK(answer.has("not of this affinity domain"));
  CHECK_FALSE(answer.success());
}

TEST_CASE("registry: availability status is changed by an operation of its own") {
  Registry registry;
  REQUIRE(registry.run("ITI-42", one({}, "1.2.3.9")).success());
  const auto uuid = uuid_of(registry, "1.2.3.100");
  const auto operation = [&](const std::string& from, const std::string& to) {
    const std::string prefix = "urn:oasis:names:tc:ebxml-regrep:StatusType:";
    return association("urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus", "SubmissionSet01", uuid,
                       slot("OriginalStatus", {prefix + from}) + slot("NewStatus", {prefix + to}));
  };
  const auto change = [&](const std::string& from, const std::string& to, const std::string& set_id) {
    return request(submission_set(set_id) + operation(from, to));
  };
  CHECK(registry
            .run("ITI-57", request(submission_set("1.2.3.10") + operation("Approved", "Deprecated") +
                                   operation("Approved", "Deprecated")))
            .has("XDSMetadataUpdateOperationError"));
  CHECK(registry.run("ITI-57", change("Deprecated", "Approved", "1.2.3.10")).has("XDSMetadataUpdateError"));
  CHECK(registry.run("ITI-57", change("Approved", "Approved", "1.2.3.10")).has("XDSMetadataUpdateOperationError"));
  REQUIRE(registry.run("ITI-57", change("Approved", "Deprecated", "1.2.3.11")).success());
  CHECK(status_of(registry, uuid) == "Deprecated");
}

TEST_CASE("registry: what is removed leaves nothing dangling") {
  Registry registry;
  REQUIRE(registry.run("ITI-42", one({}, "1.2.3.9")).success());
  const auto entry = uuid_of(registry, "1.2.3.100");
  const auto contents = registry.run("ITI-18", query(set_and_contents, {{"XDSSubmissionSetUniqueId", "'1.2.3.9'"}}));
  const auto set = contents.attribute("<rim:RegistryPackage", "id");
  const auto member = contents.attribute("<rim:Association ", "id");
  const auto remove = [](const std::vector<std::string>& ids) {
    std::string body =
        "<l:RemoveObjectsRequest xmlns:l=\"urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0\" "
        "xmlns=\"urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0\"><ObjectRefList>";
    for (const auto& id : ids) body += "<ObjectRef id=\"" + id + "\"/>";
    return body + "</ObjectRefList></l:RemoveObjectsRequest>";
  };
  CHECK(registry.run("ITI-62", remove({"urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"}))
            .has("UnresolvedReferenceException"));
  CHECK(registry.run("ITI-62", remove({entry})).has("ReferencesExistException"));
  CHECK(registry.run("ITI-62", remove({member})).has("XDSUnreferencedObjectException"));
  REQUIRE(registry.run("ITI-62", remove({entry, member, set})).success());
  CHECK(registry.find().count("<rim:ExtrinsicObject") == 0);
  // With its newest version gone, an entry is the version before.
  REQUIRE(registry.run("ITI-42", one({.unique_id = "1.2.3.101"}, "1.2.3.10")).success());
  const auto first = uuid_of(registry, "1.2.3.101");
  REQUIRE(registry
              .run("ITI-57",
                   request(xml_of({.unique_id = "1.2.3.101", .lid = first}) + submission_set("1.2.3.11") +
                           association("HasMember", "SubmissionSet01", "Document01",
                                       slot("SubmissionSetStatus", {"Original"}) + slot("PreviousVersion", {"1"}))))
              .success());
  const auto second = registry.run("ITI-18", query(set_and_contents, {{"XDSSubmissionSetUniqueId", "'1.2.3.11'"}}));
  REQUIRE(registry
              .run("ITI-62", remove({uuid_of(registry, "1.2.3.101"), second.attribute("<rim:Association ", "id"),
                                     second.attribute("<rim:RegistryPackage", "id")}))
              .success());
  CHECK(uuid_of(registry, "1.2.3.101") == first);
}

TEST_CASE("registry: a merge shows in queries, a subsumed identifier takes no more documents") {
  Registry registry;
  REQUIRE(registry.feed({{identity_fixture::a, "2"}}));
  REQUIRE(registry.run("ITI-42", one({.unique_id = "1.2.3.101", .patient = cx("2")}, "1.2.3.9")).success());
  REQUIRE(registry.merge({identity_fixture::a, "1"}, {identity_fixture::a, "2"}));
  const auto found = registry.find();
  CHECK(found.count("<rim:ExtrinsicObject") == 1);
  CHECK(found.has("value=\"" + escaped(cx("1")) + "\""));
  CHECK(registry.run("ITI-42", one({.unique_id = "1.2.3.102", .patient = cx("2")}, "1.2.3.10"))
            .has("XDSUnknownPatientId"));
  // Who updates it names the patient as it is shown.
  const auto update = registry.run(
      "ITI-92",
      request(xml_of({.unique_id = "1.2.3.101", .class_code = "SUMMARY", .lid = uuid_of(registry, "1.2.3.101")}) +
              submission_set("1.2.3.11") +
              association("HasMember", "SubmissionSet01", "Document01",
                          slot("SubmissionSetStatus", {"Original"}) + slot("PreviousVersion", {"1"}))));
  CHECK_MESSAGE(update.success(), update.xml);
}

TEST_CASE("registry: patients that are one in another domain are one here, by both of their names") {
  Registry registry;
  REQUIRE(registry.feed({{identity_fixture::a, "5"}, {identity_fixture::b, "50"}}));
  REQUIRE(registry.feed({{identity_fixture::a, "6"}, {identity_fixture::b, "60"}}));
  REQUIRE(registry.run("ITI-42", one({.unique_id = "1.2.3.101", .patient = cx("5")}, "1.2.3.9")).success());
  REQUIRE(registry.merge({identity_fixture::b, "50"}, {identity_fixture::b, "60"}));
  REQUIRE(registry.run("ITI-42", one({.unique_id = "1.2.3.102", .patient = cx("6")}, "1.2.3.10")).success());
  for (const auto* id : {"5", "6"})
    CHECK(registry
              .run("ITI-18", query(find_documents, {{"XDSDocumentEntryPatientId", "'" + cx(id) + "'"},
                                                    {"XDSDocumentEntryStatus", is_approved}}))
              .count("<rim:ExtrinsicObject") == 2);
  CHECK(registry.run("ITI-18", query(get_documents, {{"XDSDocumentEntryUniqueId", "('1.2.3.101','1.2.3.102')"}}))
            .count("<rim:ExtrinsicObject") == 2);
}

TEST_CASE("registry: in a test lab a submission brings its patient") {
  Registry registry;
  registry.settings.accept_unknown_patients = true;
  REQUIRE(registry.run("ITI-42", one({.patient = cx("new")}, "1.2.3.9")).success());
  REQUIRE(registry.run("ITI-42", one({.unique_id = "1.2.3.101", .patient = cx("new")}, "1.2.3.10")).success());
  const auto found = registry.run("ITI-18", query(find_documents, {{"XDSDocumentEntryPatientId", "'" + cx("new") + "'"},
                                                                   {"XDSDocumentEntryStatus", is_approved}}));
  CHECK(found.count("<rim:ExtrinsicObject") == 2);
  const auto other = registry.run("ITI-42", one({.unique_id = "1.2.3.102", .patient = "x^^^&9.9.9&ISO"}, "1.2.3.11"));
  CHECK(other.has("XDSUnknownPatientId"));  // of a domain that is not configured
}
