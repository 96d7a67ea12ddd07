// ITI-43 Retrieve Document Set. IHE ITI TF-2b 3.43.
#include <iterator>

#include "ihe/wire/ebxml.h"
#include "ihe/wire/mtom.h"
#include "ihe/wire/soap.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/documents.h"
#include "ihe/xds/names.h"
#include "ihe/xds/on_demand.h"
#include "ihe/xds/response.h"
#include "ihe/xds/to_fhir.h"

namespace ihe {
namespace {

constexpr std::size_t most_documents = 1'000;  // of one request

std::string text_of(const xml::Element& request, std::string_view name) {
  const auto* element = ebxml::child(request, name);
  return element ? std::string(element->word()) : std::string();
}

struct Retrieved {
  std::string home;  // as asked with, "" when it was not
  std::string repository;
  std::string unique_id;  // as asked with: that of an on-demand entry is not that of its document
  xds::Document document;
};

// The media type that the registry has for a document: what was submitted is given back. Whose it is, is recorded.
template <class Form>
std::string media_type_in(xds::Records<Form>& registry, xds::Patients& patients, const xds::Document& document) {
  for (const auto* stored : registry.find(xds::Kind::document_entry, xds::Index::unique_id, {document.unique_id})) {
    const auto& entry = stored->record.object;
    if (entry.mime_type.empty()) continue;
    if (const auto cx = xds::cx_of(xds::patient_id(entry))) patients.find(*cx);
    return std::string(entry.mime_type);
  }
  return document.mime_type;
}

std::string media_type_of(xds::Work& work, const xds::Document& document) {
  // An on-demand entry's content may be registered by this very request.
  if (!work.registry.changed().empty()) return media_type_in(work.registry, work.patients, document);
  xds::Records<xds::Shown> registry(work.site.snapshot, work.site.access);
  return media_type_in(registry, work.patients, document);
}

// A document of the repository, or the content of an on-demand entry.
fhir::Result<xds::Document> document_of(xds::Work& work, const std::string& unique_id,
                                        std::vector<fhir::Write>& writes) {
  auto document = xds::read_document(work.site.snapshot, work.site.access, unique_id);
  if (document || document.outcome().kind != fhir::Kind::absent) return document;
  for (const auto* stored : work.registry.find(xds::Kind::document_entry, xds::Index::unique_id, {unique_id})) {
    const auto& entry = stored->record.object;
    if (!xds::is_on_demand(entry) || !entry.approved()) continue;
    auto made = xds::make_content(work, *stored, writes);
    return made || made.outcome().kind != fhir::Kind::unsupported ? std::move(made) : std::move(document);
  }
  return document;
}

void retrieve(xds::Work& work, const xml::Element& request, std::vector<Retrieved>& found,
              std::vector<fhir::Write>& writes) {
  const auto& settings = work.site.settings;
  const auto home = text_of(request, "HomeCommunityId");
  const auto repository = text_of(request, "RepositoryUniqueId");
  const auto unique_id = text_of(request, "DocumentUniqueId");
  if (!home.empty() && home != settings.home_id && home != "urn:oid:" + settings.home_id)
    return work.errors.add_asked(xds::code::unknown_community,
                                 "This community is " + settings.home_id + ", not " + home, unique_id);
  if (repository != settings.repository_id)
    return work.errors.add_asked(xds::code::unknown_repository, "The repository " + repository + " is not known here",
                                 unique_id);
  auto document = document_of(work, unique_id, writes);
  if (!document) {
    const auto why = document.outcome().kind;
    if (why != fhir::Kind::absent && why != fhir::Kind::gone && why != fhir::Kind::forbidden)
      return xds::add_failure(work.errors, document.outcome(), true);
    return work.errors.add_asked(xds::code::document_id, "The document " + unique_id + " is not available", unique_id);
  }
  document->mime_type = media_type_of(work, *document);
  found.push_back({home, repository, unique_id, std::move(*document)});
}

// The documents go into the answer.
Answer answer_of(const xds::Work& work, std::vector<Retrieved>&& found) {
  Answer answer;
  xml::Writer to(answer.bytes);
  to.open("xds:RetrieveDocumentSetResponse").attribute("xmlns:xds", xds::xds_ns);
  const auto status = !work.errors.failed() ? xds::Status::success
                      : found.empty()       ? xds::Status::failure
                                            : xds::Status::partial;
  xds::write_registry_response(to, status, work.errors);
  for (auto& [home, repository, unique_id, document] : found) {
    to.open("xds:DocumentResponse");
    if (!home.empty()) to.element("xds:HomeCommunityId", home);
    to.element("xds:RepositoryUniqueId", repository);
    to.element("xds:DocumentUniqueId", unique_id);
    if (document.unique_id != unique_id) {  // kept as a snapshot
      to.element("xds:NewRepositoryUniqueId", repository);
      to.element("xds:NewDocumentUniqueId", document.unique_id);
    }
    to.element("xds:mimeType", document.mime_type);
    to.open("xds:Document");
    const auto id = "part" + std::to_string(answer.parts.size());
    mtom::include(to, id);
    to.close().close();
    answer.parts.push_back({id, document.mime_type, std::move(document.bytes)});
  }
  to.close();
  return answer;
}

fhir::Result<Plan> run(const Site& site, const Message& message) {
  xds::Work work(site);
  std::vector<Retrieved> found;
  std::vector<fhir::Write> writes;
  std::size_t count = 0;
  for (const auto& request : *message.soap->envelope.body) {
    if (request.name != "DocumentRequest") continue;
    if (++count > most_documents) {
      work.errors.add(xds::code::too_many, "One request may ask for " + std::to_string(most_documents) + " documents");
      found.clear();
      break;
    }
    retrieve(work, request, found, writes);
  }
  if (count == 0) work.errors.add(xds::code::repository, "The request has no DocumentRequest");
  Plan plan;
  if (!writes.empty()) {
    auto batch = xds::batch_of(work);
    if (!batch) return std::move(batch.outcome());
    std::move(writes.begin(), writes.end(), std::back_inserter(batch->writes));
    plan.batch = std::move(*batch);
  }
  plan.audited.patients = work.patients.seen();
  for (const auto& each : found)
    plan.audited.objects.push_back({"3", "Binary/" + xds::binary_id(each.document.unique_id), {}, each.unique_id});
  plan.answer = answer_of(work, std::move(found));
  return plan;
}

}  // namespace

extern constinit const Transaction iti43{.id = "ITI-43",
                                         .name = "Retrieve Document Set",
                                         .actor = "Document Repository",
                                         .door = Door::soap,
                                         .action = "urn:ihe:iti:2007:RetrieveDocumentSet",
                                         .body = "RetrieveDocumentSetRequest",
                                         .ns = xds::xds_ns,
                                         .answer_body = "RetrieveDocumentSetResponse",
                                         .mtom = true,
                                         .audit = {"110106", 'R'},
                                         .needs = fhir::Verb::read,
                                         .needs_on = "Binary",
                                         .run = run};

}  // namespace ihe
