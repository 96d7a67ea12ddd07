#include "tests/bench/parts/documents.h"

#include <chrono>
#include <stdexcept>

#include "fhir/digest.h"
#include "fhir/hex.h"

namespace bench {
namespace {

constexpr std::size_t document_bytes = 100 * 1024;
constexpr std::string_view repository = "1.3.182.2.4.1";  // as delivered

std::string post(const std::string& type, const std::string& body) {
  return "POST /soap HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string envelope(std::string_view action, const std::string& body) {
  std::string text =
      R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">)"
      R"(<s:Header><a:Action s:mustUnderstand="1">)";
  text.append(action).append(R"(</a:Action><a:MessageID>urn:uuid:00000000-0000-4000-8000-000000000001</a:MessageID>)");
  return text + "</s:Header><s:Body>" + body + "</s:Body></s:Envelope>";
}

std::string slot(std::string_view name, std::string_view value) {
  std::string text(R"(<Slot name=")");
  text.append(name).append(R"("><ValueList><Value>)").append(value).append("</Value></ValueList></Slot>");
  return text;
}

std::string query(std::string_view id, const std::string& slots) {
  std::string body(R"(<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" )"
                   R"(xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><q:ResponseOption returnType="LeafClass"/>)"
                   R"(<AdhocQuery id="urn:uuid:)");
  body.append(id).append("\">").append(slots).append("</AdhocQuery></q:AdhocQueryRequest>");
  return post("application/soap+xml; charset=UTF-8", envelope("urn:ihe:iti:2007:RegistryStoredQuery", body));
}

std::string retrieve(const std::string& unique_id) {
  std::string body(R"(<x:RetrieveDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"><x:DocumentRequest>)"
                   "<x:RepositoryUniqueId>");
  body.append(repository).append("</x:RepositoryUniqueId><x:DocumentUniqueId>").append(unique_id);
  body.append("</x:DocumentUniqueId></x:DocumentRequest></x:RetrieveDocumentSetRequest>");
  return post("application/soap+xml; charset=UTF-8", envelope("urn:ihe:iti:2007:RetrieveDocumentSet", body));
}

std::string code(std::string_view scheme, const char* owner, std::string_view value) {
  std::string text(R"(<Classification id="c)");
  text.append(scheme.substr(0, 8)).append(R"(" classificationScheme="urn:uuid:)").append(scheme);
  text.append(R"(" classifiedObject=")").append(owner).append(R"(" nodeRepresentation=")").append(value).append("\">");
  return text + slot("codingScheme", "2.16.840.1.113883.6.1") +
         R"(<Name><LocalizedString value="code"/></Name></Classification>)";
}

std::string identifier(std::string_view scheme, const char* owner, std::string_view value) {
  std::string text(R"(<ExternalIdentifier id="i)");
  text.append(scheme.substr(0, 8)).append(R"(" identificationScheme="urn:uuid:)").append(scheme);
  text.append(R"(" registryObject=")").append(owner).append(R"(" value=")").append(value);
  return text + R"("><Name><LocalizedString value="id"/></Name></ExternalIdentifier>)";
}

std::string submission(const std::string& cx, const std::string& unique_id) {
  std::string text(
      R"(<x:ProvideAndRegisterDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"><l:SubmitObjectsRequest )"
      R"(xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">)"
      R"(<RegistryObjectList><ExtrinsicObject id="D" mimeType="application/pdf" )"
      R"(objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">)");
  text += slot("creationTime", "20260102") + slot("languageCode", "fr-LU") + slot("sourcePatientId", cx);
  text += R"(<Name><LocalizedString value="Compte rendu"/></Name>)";
  text += code("41a5887f-8865-4c09-adf7-e362475b143a", "D", "11488-4");
  text += code("f0306f51-975f-434e-a61c-c59651d33983", "D", "11488-4");
  text += code("f4f85eac-e6cb-4883-b524-f2705394840f", "D", "N");
  text += code("a09d5840-386c-46f2-b5ad-9c3699a4309d", "D", "urn:ihe:iti:xds:2017:mimeTypeSufficient");
  text += code("f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1", "D", "22232009");
  text += code("cccf5598-8b07-4b77-a05e-ae952c785ead", "D", "394802001");
  text += identifier("58a6f841-87b3-4a3e-92fd-a8ffeff98427", "D", cx);
  text += identifier("2e82c1f6-a085-4c72-9da3-8640a32e42ab", "D", unique_id);
  text += R"(</ExtrinsicObject><RegistryPackage id="S">)" + slot("submissionTime", "20260103101112");
  text += code("aa543740-bdda-424e-8c96-df4873be8500", "S", "11488-4");
  text += R"(<Classification id="n" classifiedObject="S" )"
          R"(classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"/>)";
  text += identifier("96fdda7c-d067-4183-912e-bf5ee74998a8", "S", unique_id + ".9");
  text += identifier("554ac39e-e3fe-47fe-b233-965d2a147832", "S", "1.3.182.2.9");
  text += identifier("6b5aea1a-874d-4603-a4bc-96a0a7b38446", "S", cx);
  text += R"(</RegistryPackage><Association id="A" )"
          R"(associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember" sourceObject="S" )"
          R"(targetObject="D">)" +
          slot("SubmissionSetStatus", "Original") + "</Association></RegistryObjectList></l:SubmitObjectsRequest>";
  return text + R"(<x:Document id="D"><i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:doc"/>)"
                "</x:Document></x:ProvideAndRegisterDocumentSetRequest>";
}

std::string cx_of(const Person& person) {
  return person.value + "^^^&amp;" + person.system.substr(std::string("urn:oid:").size()) + "&amp;ISO";
}

std::string binary_id(const std::string& unique_id) { return fhir::to_hex(fhir::sha256(unique_id)).substr(0, 40); }

}  // namespace

Documents::Documents(std::uint16_t port, std::uint64_t patients, std::uint64_t documents) {
  const auto people = drawn_people(port, patients, 0, 6'000);
  const auto each = documents / (patients - patients / 3);  // two of three people share them evenly
  for (const auto& person : people.people) {
    const auto number = std::stoull(person.id.substr(person.id.find('-') + 1));
    if (number % 3 != 2 && each > 0) owners_.push_back({number, person, each});
  }
  if (owners_.empty()) throw std::runtime_error("no generated patient has documents");
  run_ = std::to_string(std::chrono::system_clock::now().time_since_epoch().count() / 1'000'000);
}

const Documents::Owner& Documents::any() {
  random_ = random_ * 1664525 + 1013904223;
  return owners_[(random_ >> 8) % owners_.size()];
}

std::string Documents::any_unique_id() {
  const auto& owner = any();
  return "1.3.182.2.3.1.1." + std::to_string(owner.number) + "." + std::to_string((random_ >> 4) % owner.documents);
}

std::string Documents::find_documents(const Owner& owner) const {
  return query("14d4debf-8f97-4251-9a74-a90016b0af0d",
               slot("$XDSDocumentEntryPatientId", "'" + cx_of(owner.person) + "'") +
                   slot("$XDSDocumentEntryStatus", "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"));
}

std::vector<Documents::Work> Documents::reads() {
  return {
      {"ITI-18 FindDocuments", [this] { return find_documents(any()); }},
      {"ITI-18 GetDocuments",
       [this] {
         return query("5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4",
                      slot("$XDSDocumentEntryUniqueId", "('" + any_unique_id() + "')"));
       }},
      {"ITI-43", [this] { return retrieve(any_unique_id()); }},
      {"ITI-67",
       [this] {
         const auto& person = any().person;
         return get("/fhir/DocumentReference?patient.identifier=" + encoded(person.system + '|' + person.value) +
                    "&status=current");
       }},
      {"ITI-68",
       [this] {
         return "GET /fhir/Binary/" + binary_id(any_unique_id()) +
                " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
       }},
      {"read", [this] { return get("/fhir/Patient/" + any().person.id); }},
      {"search",
       [this] { return get("/fhir/DocumentReference?patient=Patient/" + any().person.id + "&status=current"); }},
  };
}

std::string Documents::provide() {
  const auto unique_id = "1.3.182.2.3.2." + run_ + "." + std::to_string(++provided_);
  std::string bytes(document_bytes, 'x');
  unique_id.copy(bytes.data(), unique_id.size());
  const std::string part = "\r\n--frontier\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <doc>\r\n\r\n";
  std::string body =
      "--frontier\r\nContent-Type: application/xop+xml; charset=UTF-8; "
      "type=\"application/soap+xml\"\r\nContent-ID: <root>\r\n\r\n";
  body += envelope("urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b", submission(cx_of(any().person), unique_id));
  body += part + bytes + "\r\n--frontier--\r\n";
  return post(
      "multipart/related; boundary=frontier; type=\"application/xop+xml\"; start=\"<root>\"; "
      "start-info=\"application/soap+xml\"",
      body);
}

}  // namespace bench
