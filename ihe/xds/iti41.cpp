// ITI-41 Provide and Register Document Set-b, as Document Repository and as Document Recipient (XDR): registry and
// repository are one, so documents, metadata and their FHIR views become one commit. IHE ITI TF-2b 3.41.
#include <map>

#include "ihe/wire/ebxml.h"
#include "ihe/wire/mtom.h"
#include "ihe/wire/soap.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/documents.h"
#include "ihe/xds/finish.h"
#include "ihe/xds/response.h"

namespace ihe {
namespace {

using xds::Document;
using xds::RegistryObject;

// Documents of the message by the id of their entry, as the message has it.
using Documents = std::map<std::string, std::shared_ptr<const fhir::Content>, std::less<>>;

fhir::Result<Documents> read_documents(const soap::Message& message, xds::Errors& errors) {
  Documents documents;
  mtom::Attachments attachments(message.parts);
  for (const auto& element : *message.envelope.body) {
    if (element.name != "Document") continue;
    const auto id = xds::id_of(element.value_of("id"));
    auto bytes = attachments.bytes_of(element);
    if (!bytes && bytes.outcome().kind == fhir::Kind::absent) continue;  // the entry has no document
    if (!bytes) return bytes.outcome();
    if (!documents.emplace(id, std::move(*bytes)).second)
      errors.add(xds::code::repository_metadata, "The Document " + id + " is in the message twice", id);
  }
  for (const auto& part : attachments.left())
    errors.add(xds::code::missing_document_metadata,
               "The message has no Document for its part " + (part.empty() ? "without Content-ID" : part));
  return documents;
}

// Entries with their documents; what has no counterpart is an error.
std::vector<Document> join(xds::Submission& submission, const Documents& documents, const Settings& settings,
                           xds::Errors& errors) {
  std::vector<Document> joined;
  std::size_t used = 0;
  for (auto& object : submission.objects) {
    if (object.kind != xds::Kind::document_entry) continue;
    const auto found = documents.find(object.id);
    if (found == documents.end()) {
      if (!xds::is_on_demand(object))
        errors.add(xds::code::missing_document, "The message has no Document for the DocumentEntry " + object.id,
                   object.id);
      continue;
    }
    ++used;
    joined.push_back({std::string(xds::unique_id(object)), object.mime_type, found->second});
    xds::describe(object, joined.back(), settings, errors);
  }
  if (used < documents.size())
    for (const auto& [id, bytes] : documents)
      if (std::none_of(submission.objects.begin(), submission.objects.end(), [&](const RegistryObject& object) {
            return object.kind == xds::Kind::document_entry && object.id == id;
          }))
        errors.add(xds::code::missing_document_metadata, "The message has no DocumentEntry for the Document " + id, id);
  return joined;
}

fhir::Result<Plan> run(const Site& site, const Message& message) {
  xds::Work work(site);
  const auto* request = ebxml::child(*message.soap->envelope.body, "SubmitObjectsRequest");
  if (!request) {
    work.errors.add(xds::code::repository_metadata, "The request has no SubmitObjectsRequest");
    return xds::finish(work);
  }
  auto submission = xds::open(work, *request, xds::code::repository_metadata);
  if (!submission) return xds::finish(work);
  const auto documents = read_documents(*message.soap, work.errors);
  if (!documents) return documents.outcome();
  const auto joined = join(*submission, *documents, site.settings, work.errors);
  xds::submit(work, std::move(*submission), xds::Submitted::provided, xds::code::repository_metadata);
  std::vector<fhir::Write> writes;
  if (!work.errors.failed()) {
    for (const auto& document : joined) {
      auto write = xds::write_of(document, work);
      if (!write) return write.outcome();
      writes.push_back(std::move(*write));
    }
  }
  return xds::finish(work, std::move(writes), true);
}

}  // namespace

extern constinit const Transaction iti41{.id = "ITI-41",
                                         .name = "Provide and Register Document Set-b",
                                         .actor = "Document Repository",
                                         .door = Door::soap,
                                         .action = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
                                         .body = "ProvideAndRegisterDocumentSetRequest",
                                         .ns = xds::xds_ns,
                                         .answer_body = "RegistryResponse",
                                         .answer_ns = ebxml::rs_ns,
                                         .mtom = true,
                                         .audit = {"110107", 'C'},
                                         .needs = fhir::Verb::create,
                                         .needs_on = "DocumentReference",
                                         .run = run,
                                         .refuse = xds::refuse_repository};

}  // namespace ihe
