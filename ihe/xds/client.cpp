#include "ihe/xds/client.h"

#include <algorithm>

#include "ihe/door.h"
#include "ihe/wire/ebxml.h"
#include "ihe/wire/mtom.h"
#include "ihe/wire/soap.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/response.h"

namespace ihe::xds {
namespace {

using fhir::Kind;
using fhir::Outcome;

constexpr std::string_view query_action = "urn:ihe:iti:2007:RegistryStoredQuery";
constexpr std::string_view several_action = "urn:ihe:iti:2009:MultiPatientStoredQuery";
constexpr std::string_view provide_action = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b";
constexpr std::string_view retrieve_action = "urn:ihe:iti:2007:RetrieveDocumentSet";
constexpr std::string_view register_action = "urn:ihe:iti:2007:RegisterDocumentSet-b";
constexpr std::string_view update_action = "urn:ihe:iti:2010:UpdateDocumentSet";
constexpr std::string_view remove_action = "urn:ihe:iti:2010:DeleteDocumentSet";
constexpr std::string_view remove_documents_action = "urn:ihe:iti:2017:RemoveDocuments";
constexpr std::string_view rmd_ns = "urn:ihe:iti:rmd:2017";

soap::Addressing addressing_of(std::string_view action, const Call& call) {
  soap::Addressing addressing;
  addressing.action = action;
  addressing.message_id = uuid_of(call.token);
  addressing.to = call.to;
  addressing.reply_to.address = soap::anonymous;
  return addressing;
}

Posted simple(std::string_view action, std::string body, const Call& call) {
  auto envelope = soap::write(soap::Version::v12, addressing_of(action, call), std::move(body));
  return {soap::content_type(soap::Version::v12, action), std::make_shared<fhir::TextContent>(std::move(envelope))};
}

Posted packaged(std::string_view action, std::string body, const std::vector<mime::Part>& parts, const Call& call) {
  auto envelope = soap::write(soap::Version::v12, addressing_of(action, call), std::move(body));
  auto written = mtom::write(envelope, soap::Version::v12, action, parts, "MIME-" + call.token);
  return {std::move(written.content_type), std::move(written.content)};
}

// 'it''s', or bare where the form is a number or a time (TF-2a 3.18.4.1.2.3.5).
std::string literal(const QueryParameter& parameter, std::string_view value) {
  const bool bare = parameter.form == QueryParameter::Form::time || parameter.form == QueryParameter::Form::number;
  if (bare) return std::string(value);
  std::string out = "'";
  for (const char c : value) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

void write_slot(xml::Writer& to, const QueryParameter& parameter, const Values& values) {
  to.open("rim:Slot").attribute("name", "$" + std::string(parameter.name)).open("rim:ValueList");
  for (const auto& value : values) {
    const auto text = literal(parameter, value);
    to.element("rim:Value", parameter.several ? "(" + text + ")" : text);
  }
  to.close().close();
}

void write_submission(xml::Writer& to, const std::vector<RegistryObject>& objects) {
  to.open("lcm:SubmitObjectsRequest").attribute("xmlns:lcm", ebxml::lcm_ns).attribute("xmlns:rim", ebxml::rim_ns);
  to.open("rim:RegistryObjectList");
  for (const auto& object : objects) ebxml::write(to, object);
  to.close().close();
}

Posted submission(std::string_view action, const std::vector<RegistryObject>& objects, const Call& call) {
  std::string body;
  xml::Writer to(body);
  write_submission(to, objects);
  return simple(action, std::move(body), call);
}

void write_requests(xml::Writer& to, const std::vector<DocumentRequest>& documents) {
  for (const auto& document : documents) {
    to.open("xds:DocumentRequest");
    if (!document.home.empty()) to.element("xds:HomeCommunityId", document.home);
    to.element("xds:RepositoryUniqueId", document.repository).element("xds:DocumentUniqueId", document.unique_id);
    to.close();
  }
}

// A SOAP fault in its own words: SOAP 1.2 Part 1 §5.4, SOAP 1.1 §4.4.
Outcome fault_of(const xml::Element& fault) {
  std::string text;
  for (const std::string_view name : {"Code", "Value", "faultcode", "Text", "faultstring"})
    for (const auto& part : fault) {
      const auto* inner = part.name == name ? &part : ebxml::child(part, name);
      const auto word = inner ? inner->word() : std::string_view();
      if (!word.empty()) text.append(text.empty() ? "" : ": ").append(word);
    }
  return {Kind::unprocessable, "processing", "SOAP fault: " + (text.empty() ? "no reason is given" : text)};
}

Outcome no_answer(std::string_view why) { return {Kind::malformed, "structure", "The answer " + std::string(why)}; }

std::string_view last_of(std::string_view text) { return text.substr(text.rfind(':') + 1); }

void read_response(const xml::Element& response, Told& out) {
  out.status = last_of(response.value_of("status"));
  const auto* list = ebxml::child(response, "RegistryErrorList");
  if (!list) return;
  for (const auto& error : *list)
    if (error.name == "RegistryError")
      out.errors.push_back({std::string(error.value_of("errorCode")), std::string(error.value_of("codeContext")),
                            std::string(error.value_of("location")), last_of(error.value_of("severity")) == "Warning"});
}

std::string text_of(const xml::Element& parent, std::string_view name) {
  const auto* element = ebxml::child(parent, name);
  return element ? std::string(element->word()) : std::string();
}

fhir::Result<bool> read_documents(const xml::Element& body, mtom::Attachments& attachments, Told& out) {
  for (const auto& element : body) {
    if (element.name != "DocumentResponse") continue;
    Document document{text_of(element, "DocumentUniqueId"), text_of(element, "mimeType"), nullptr};
    const auto* bytes = ebxml::child(element, "Document");
    if (!bytes) return no_answer("holds no Document for " + document.unique_id);
    auto content = attachments.bytes_of(*bytes);
    if (!content) return std::move(content.outcome());
    document.bytes = std::move(*content);
    out.documents.push_back(std::move(document));
  }
  return true;
}

}  // namespace

const QueryDefinition* query_named(std::string_view name_or_id) {
  const auto all = query_definitions();
  const auto found = std::find_if(all.begin(), all.end(), [&](const QueryDefinition& one) {
    return one.name == name_or_id || one.id == name_or_id;
  });
  return found == all.end() ? nullptr : &*found;
}

Posted ask(const Asked& query, const Call& call) {
  std::string body;
  xml::Writer to(body);
  to.open("query:AdhocQueryRequest").attribute("xmlns:query", ebxml::query_ns).attribute("xmlns:rim", ebxml::rim_ns);
  to.open("query:ResponseOption")
      .attribute("returnComposedObjects", "true")
      .attribute("returnType", query.leaf_class ? "LeafClass" : "ObjectRef")
      .close();
  to.open("rim:AdhocQuery").attribute("id", query.definition->id).attribute_if("home", query.home);
  for (const auto& [name, values] : query.slots)
    for (const auto& parameter : query.definition->parameters)
      if (parameter.name == name) write_slot(to, parameter, values);
  to.close().close();
  return simple(query.definition->multi_patient ? several_action : query_action, std::move(body), call);
}

Posted provide(const std::vector<RegistryObject>& objects, const std::vector<Document>& documents, const Call& call) {
  std::string body;
  xml::Writer to(body);
  to.open("xds:ProvideAndRegisterDocumentSetRequest").attribute("xmlns:xds", xds_ns);
  write_submission(to, objects);
  std::vector<mime::Part> parts;
  for (const auto& object : objects)
    for (const auto& document : documents) {
      if (object.kind != xds::Kind::document_entry || document.unique_id != unique_id(object)) continue;
      const auto id = "document" + std::to_string(parts.size()) + "@" + call.token;
      to.open("xds:Document").attribute("id", object.id);
      mtom::include(to, id);
      to.close();
      parts.push_back({id, document.mime_type, document.bytes});
    }
  to.close();
  return packaged(provide_action, std::move(body), parts, call);
}

Posted retrieve(const std::vector<DocumentRequest>& documents, const Call& call) {
  std::string body;
  xml::Writer to(body);
  to.open("xds:RetrieveDocumentSetRequest").attribute("xmlns:xds", xds_ns);
  write_requests(to, documents);
  to.close();
  return packaged(retrieve_action, std::move(body), {}, call);
}

Posted register_set(const std::vector<RegistryObject>& objects, const Call& call) {
  return submission(register_action, objects, call);
}

Posted update_set(const std::vector<RegistryObject>& objects, const Call& call) {
  return submission(update_action, objects, call);
}

Posted remove(const std::vector<std::string>& ids, const Call& call) {
  std::string body;
  xml::Writer to(body);
  to.open("lcm:RemoveObjectsRequest").attribute("xmlns:lcm", ebxml::lcm_ns).attribute("xmlns:rim", ebxml::rim_ns);
  to.open("rim:ObjectRefList");
  for (const auto& id : ids) to.open("rim:ObjectRef").attribute("id", id).close();
  to.close().close();
  return simple(remove_action, std::move(body), call);
}

Posted remove_documents(const std::vector<DocumentRequest>& documents, const Call& call) {
  std::string body;
  xml::Writer to(body);
  to.open("rmd:RemoveDocumentsRequest").attribute("xmlns:rmd", rmd_ns).attribute("xmlns:xds", xds_ns);
  write_requests(to, documents);
  to.close();
  return simple(remove_documents_action, std::move(body), call);
}

fhir::Result<Told> told(const Posted& answer, const Call& call) {
  auto package = mtom::read(answer.content, answer.content_type);
  if (!package) return std::move(package.outcome());
  constexpr std::string_view understood[] = {soap::wsse_ns};
  const auto read = soap::read(package->root, understood);
  if (const auto* fault = std::get_if<soap::Fault>(&read)) return no_answer("is no SOAP envelope: " + fault->reason);
  const auto& envelope = std::get<soap::Envelope>(read);
  if (!envelope.body) return no_answer("has an empty Body");
  const auto& body = *envelope.body;
  if (body.name == "Fault") return fault_of(body);
  const auto& relates_to = envelope.addressing.relates_to;
  if (!relates_to.empty() && relates_to != uuid_of(call.token))
    return no_answer("is to another message, " + relates_to);
  Told out;
  out.body = body.source;
  const auto* response = body.name == "RetrieveDocumentSetResponse" ? ebxml::child(body, "RegistryResponse") : &body;
  if (!response || !response->has("status")) return no_answer("is a <" + std::string(body.name) + "> without status");
  read_response(*response, out);
  if (const auto* list = ebxml::child(body, "RegistryObjectList")) {
    for (const auto& element : *list)
      if (element.name == "ObjectRef") out.references.emplace_back(element.value_of("id"));
    auto objects = ebxml::read(body);
    if (!objects) return std::move(objects.outcome());
    out.objects = std::move(objects->objects);
  }
  mtom::Attachments attachments(std::move(package->parts));
  if (const auto done = read_documents(body, attachments, out); !done) return done.outcome();
  return out;
}

}  // namespace ihe::xds
