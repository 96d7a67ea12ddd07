// A registry and repository over a store of its own, and submissions in their XML.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ihe/wire/soap.h"
#include "ihe/wire/xml.h"
#include "tests/unit/identity_fixture.h"

namespace xds_fixture {

inline const std::string oid = "1.2.3.1";  // identity_fixture's domain A
inline std::string cx(const std::string& id) { return id + "^^^&" + oid + "&ISO"; }

inline std::string escaped(std::string_view text) {
  std::string out;
  ihe::xml::escape(text, out);
  return out;
}

inline std::string slot(std::string_view name, const std::vector<std::string>& values) {
  std::string out = "<Slot name=\"" + std::string(name) + "\"><ValueList>";
  for (const auto& value : values) out += "<Value>" + escaped(value) + "</Value>";
  return out + "</ValueList></Slot>";
}

inline std::string code(std::string_view scheme, std::string_view owner, std::string_view value,
                        std::string_view coding_scheme = "1.2.9") {
  return "<Classification id=\"c" + std::string(scheme) + std::string(value) +
         "\" classificationScheme=\"urn:uuid:" + std::string(scheme) + "\" classifiedObject=\"" + std::string(owner) +
         "\" nodeRepresentation=\"" + std::string(value) + "\">" + slot("codingScheme", {std::string(coding_scheme)}) +
         "<Name><LocalizedString value=\"" + std::string(value) + "\"/></Name></Classification>";
}

inline std::string identifier(std::string_view scheme, std::string_view owner, std::string_view value) {
  return "<ExternalIdentifier id=\"i" + std::string(scheme) +
         "\" identificationScheme=\"urn:uuid:" + std::string(scheme) + "\" registryObject=\"" + std::string(owner) +
         "\" value=\"" + escaped(value) + "\"><Name><LocalizedString value=\"x\"/></Name></ExternalIdentifier>";
}

struct Entry {
  std::string id = "Document01";
  std::string unique_id = "1.2.3.100";
  std::string patient = cx("1");
  std::string hash = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
  std::string size = "0";
  std::string class_code = "REPORT";
  std::string creation = "20041224";
  std::vector<std::string> more = {};  // further XML: slots
  std::string author = "^Smitty^Gerald";
  std::string lid = {};
  std::string without = {};  // the name of an attribute to leave out
};

inline std::string xml_of(const Entry& entry) {
  const auto& id = entry.id;
  std::map<std::string, std::string> parts{
      {"creationTime", slot("creationTime", {entry.creation})},
      {"hash", slot("hash", {entry.hash})},
      {"languageCode", slot("languageCode", {"en-us"})},
      {"repositoryUniqueId", slot("repositoryUniqueId", {"1.3.182.2.4.1"})},
      {"size", slot("size", {entry.size})},
      {"sourcePatientId", slot("sourcePatientId", {cx("src")})},
      {"sourcePatientInfo", slot("sourcePatientInfo", {"PID-5|Doe^John", "PID-8|M"})}};
  std::map<std::string, std::string> codes{
      {"classCode", code("41a5887f-8865-4c09-adf7-e362475b143a", id, entry.class_code)},
      {"typeCode", code("f0306f51-975f-434e-a61c-c59651d33983", id, "TYPE")},
      {"confidentialityCode", code("f4f85eac-e6cb-4883-b524-f2705394840f", id, "N", "2.16.840.1.113883.5.25")},
      {"formatCode", code("a09d5840-386c-46f2-b5ad-9c3699a4309d", id, "FORMAT")},
      {"healthcareFacilityTypeCode", code("f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1", id, "HOSPITAL")},
      {"practiceSettingCode", code("cccf5598-8b07-4b77-a05e-ae952c785ead", id, "GENERAL")}};
  parts.erase(entry.without);
  codes.erase(entry.without);
  std::string out = "<ExtrinsicObject id=\"" + id +
                    "\" mimeType=\"text/plain\" objectType=\"urn:uuid:" + "7edca82f-054d-47f2-a032-9b2a5b5186c1\"" +
                    (entry.lid.empty() ? "" : " lid=\"" + entry.lid + "\"") + ">";
  for (const auto& [name, xml] : parts) out += xml;
  for (const auto& xml : entry.more) out += xml;
  out += "<Name><LocalizedString value=\"Report &amp; more\" xml:lang=\"en\"/></Name>";
  out +=
      "<Classification id=\"a1\" classificationScheme=\"urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d\" "
      "classifiedObject=\"" +
      id + "\" nodeRepresentation=\"\">" + slot("authorPerson", {entry.author}) +
      slot("authorInstitution", {"Clinic^^^^^&1.2.3&ISO^^^^C1"}) + "</Classification>";
  for (const auto& [name, xml] : codes) out += xml;
  if (entry.without != "patientId") out += identifier("58a6f841-87b3-4a3e-92fd-a8ffeff98427", id, entry.patient);
  if (entry.without != "uniqueId") out += identifier("2e82c1f6-a085-4c72-9da3-8640a32e42ab", id, entry.unique_id);
  return out + "</ExtrinsicObject>";
}

inline std::string package(std::string_view node, const std::string& id, const std::string& inside) {
  return "<RegistryPackage id=\"" + id + "\">" + inside + "<Classification id=\"n" + id + "\" classifiedObject=\"" +
         id + "\" classificationNode=\"urn:uuid:" + std::string(node) + "\"/></RegistryPackage>";
}

inline std::string submission_set(const std::string& unique_id, const std::string& patient = cx("1")) {
  const std::string id = "SubmissionSet01";
  return package("a54d6aa5-d40d-43f9-88c5-b4633d873bdd", id,
                 slot("submissionTime", {"20041225235050"}) +
                     code("aa543740-bdda-424e-8c96-df4873be8500", id, "CONTENT") +
                     identifier("96fdda7c-d067-4183-912e-bf5ee74998a8", id, unique_id) +
                     identifier("554ac39e-e3fe-47fe-b233-965d2a147832", id, "1.2.3.7") +
                     identifier("6b5aea1a-874d-4603-a4bc-96a0a7b38446", id, patient));
}

inline std::string folder(const std::string& unique_id, const std::string& patient = cx("1")) {
  const std::string id = "Folder01";
  return package("d9d542f3-6cc4-48b6-8870-ea235fbc94c2", id,
                 "<Name><LocalizedString value=\"Folder\"/></Name>" +
                     code("1ba97051-7806-41a8-a48b-8fce7af683c5", id, "LIST") +
                     identifier("75df8f67-9973-4fbe-a900-df66cefecc5a", id, unique_id) +
                     identifier("f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a", id, patient));
}

inline std::string association(std::string_view type, const std::string& source, const std::string& target,
                               const std::string& slots = {}) {
  static int count = 0;
  const std::string full = type == "HasMember" ? "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
                           : type.find(':') != std::string_view::npos
                               ? std::string(type)
                               : "urn:ihe:iti:2007:AssociationType:" + std::string(type);
  return "<Association id=\"as" + std::to_string(++count) + "\" associationType=\"" + full + "\" sourceObject=\"" +
         source + "\" targetObject=\"" + target + "\">" + slots + "</Association>";
}

inline std::string original(const std::string& target = "Document01") {
  return association("HasMember", "SubmissionSet01", target, slot("SubmissionSetStatus", {"Original"}));
}

// What makes `entry` a member of `folder`, and that a member of the SubmissionSet.
inline std::string membership(const std::string& folder, const std::string& entry) {
  const auto member = association("HasMember", folder, entry);
  const auto id = member.substr(member.find("id=\"") + 4);
  return member + association("HasMember", "SubmissionSet01", id.substr(0, id.find('"')));
}

inline std::string request(const std::string& objects) {
  return "<lcm:SubmitObjectsRequest xmlns:lcm=\"urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0\" "
         "xmlns=\"urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0\"><RegistryObjectList>" +
         objects + "</RegistryObjectList></lcm:SubmitObjectsRequest>";
}

// A submission of one entry, with further objects.
inline std::string one(const Entry& entry, const std::string& set_id, const std::string& more = {}) {
  return request(xml_of(entry) + submission_set(set_id, entry.patient) + original(entry.id) + more);
}

// An AdhocQueryRequest; parameters as name and value texts.
inline std::string query(std::string_view id, const std::vector<std::pair<std::string, std::string>>& parameters,
                         bool leaf_class = true) {
  std::string out =
      "<query:AdhocQueryRequest xmlns:query=\"urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0\" "
      "xmlns=\"urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0\"><query:ResponseOption returnType=\"" +
      std::string(leaf_class ? "LeafClass" : "ObjectRef") + "\"/><AdhocQuery id=\"urn:uuid:" + std::string(id) + "\">";
  for (const auto& [name, value] : parameters) out += slot("$" + name, {value});
  return out + "</AdhocQuery></query:AdhocQueryRequest>";
}
inline constexpr std::string_view find_documents = "14d4debf-8f97-4251-9a74-a90016b0af0d";
inline constexpr std::string_view get_documents = "5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4";
inline const std::string is_approved = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')";

struct Answered {
  std::string xml;
  std::vector<ihe::Attachment> parts = {};

  bool success() const { return status() == "Success"; }
  std::string status() const {
    const auto at = xml.find("status=\"");
    const auto end = xml.find('"', at + 8);
    const auto text = xml.substr(at + 8, end - at - 8);
    return text.substr(text.rfind(':') + 1);
  }
  bool has(std::string_view text) const { return xml.find(text) != std::string::npos; }
  std::size_t count(std::string_view text) const {
    std::size_t found = 0;
    for (auto at = xml.find(text); at != std::string::npos; at = xml.find(text, at + 1)) ++found;
    return found;
  }
  // The first value of an attribute behind `from`.
  std::string attribute(std::string_view from, std::string_view name) const {
    const auto start = xml.find(from);
    if (start == std::string::npos) return {};
    const auto at = xml.find(std::string(name) + "=\"", start) + name.size() + 2;
    return xml.substr(at, xml.find('"', at) - at);
  }
};

struct Registry : identity_fixture::Index {
  Registry() { REQUIRE(feed({{identity_fixture::a, "1"}})); }

  // Runs the row of this id, and commits what it plans.
  Answered run(std::string_view id, const std::string& body, const std::vector<std::string>& documents = {}) {
    const auto rows = ihe::transactions();
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto* one) { return one->id == id; });
    REQUIRE(row != rows.end());
    auto soap = std::make_shared<ihe::soap::Message>();
    soap->bytes = body;
    auto document = ihe::xml::parse(soap->bytes);
    if (!document) FAIL(document.outcome().issues.at(0).diagnostics);
    soap->envelope.document = std::move(*document);
    soap->envelope.body = soap->envelope.document.root;
    for (std::size_t i = 0; i < documents.size(); ++i) {
      ihe::mime::Part part;
      part.id = "doc" + std::to_string(i);
      part.content = std::make_shared<fhir::TextContent>(documents[i]);
      soap->parts.push_back(std::move(part));
    }
    Answered answered;
    ihe::Message message;
    message.soap = soap;
    std::optional<fhir::Batch> batch;
    {
      const auto snapshot = opened.store->snapshot();
      auto plan = (*row)->run(site(*snapshot), message);
      if (!plan) FAIL(plan.outcome().issues.at(0).diagnostics);
      answered.xml = plan->answer.bytes;
      answered.parts = std::move(plan->answer.parts);
      batch = std::move(plan->batch);
    }
    if (batch) {
      auto done = commit([&](const ihe::Site&) -> fhir::Result<fhir::Batch> { return std::move(*batch); });
      if (!done) FAIL(done.outcome().issues.at(0).diagnostics);
    }
    now += 1000;
    return answered;
  }

  Answered find(const std::vector<std::pair<std::string, std::string>>& more = {}, bool leaf_class = true) {
    std::vector<std::pair<std::string, std::string>> parameters{{"XDSDocumentEntryPatientId", "'" + cx("1") + "'"},
                                                                {"XDSDocumentEntryStatus", is_approved}};
    parameters.insert(parameters.end(), more.begin(), more.end());
    return run("ITI-18", query(find_documents, parameters, leaf_class));
  }
};

}  // namespace xds_fixture
