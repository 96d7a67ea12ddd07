// ITI-86 Remove Documents. IHE ITI supplement Remove Metadata and Documents, 3.86.
#include <set>
#include <utility>

#include "ihe/wire/ebxml.h"
#include "ihe/wire/soap.h"
#include "ihe/xds/documents.h"
#include "ihe/xds/finish.h"
#include "ihe/xds/response.h"

namespace ihe {
namespace {

std::string text_of(const xml::Element& request, std::string_view name) {
  const auto* element = ebxml::child(request, name);
  return element ? std::string(element->word()) : std::string();
}

// All or nothing: every document that cannot be removed is an error.
fhir::Result<Plan> run(const Site& site, const Message& message) {
  xds::Work work(site);
  std::vector<fhir::Write> removals;
  std::vector<AuditedObject> removed;
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& request : *message.soap->envelope.body) {
    if (request.name != "DocumentRequest") continue;
    const auto repository = text_of(request, "RepositoryUniqueId"), unique_id = text_of(request, "DocumentUniqueId");
    if (!seen.emplace(repository, unique_id).second) continue;
    if (repository != site.settings.repository_id) {
      work.errors.add_asked(xds::code::unknown_repository, "The repository " + repository + " is not known here",
                            unique_id);
    } else if (auto removal = xds::removal_of(unique_id, work)) {
      removed.push_back({"3", "Binary/" + removal->id, {}, unique_id});
      removals.push_back(std::move(*removal));
    } else {
      work.errors.add_asked(xds::code::document_id, "The document " + unique_id + " is not here", unique_id);
    }
  }
  if (seen.empty()) work.errors.add(xds::code::repository, "The request names no document");
  auto plan = xds::finish(work, std::move(removals), true);
  plan.audited.objects = std::move(removed);
  return plan;
}

}  // namespace

extern constinit const Transaction iti86{.id = "ITI-86",
                                         .name = "Remove Documents",
                                         .actor = "Document Repository",
                                         .door = Door::soap,
                                         .action = "urn:ihe:iti:2017:RemoveDocuments",
                                         .body = "RemoveDocumentsRequest",
                                         .ns = "urn:ihe:iti:rmd:2017",
                                         .answer_body = "RegistryResponse",
                                         .answer_ns = ebxml::rs_ns,
                                         .audit = {"110110", 'D'},
                                         .needs = fhir::Verb::remove,
                                         .needs_on = "Binary",
                                         .run = run,
                                         .refuse = xds::refuse_repository};

}  // namespace ihe
