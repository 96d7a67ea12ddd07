// ITI-62 Remove Metadata. IHE ITI supplement Remove Metadata and Documents, 3.62.
#include "ihe/wire/ebxml.h"
#include "ihe/wire/soap.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/finish.h"
#include "ihe/xds/remove.h"
#include "ihe/xds/response.h"

namespace ihe {
namespace {

fhir::Result<Plan> run(const Site& site, const Message& message) {
  xds::Work work(site);
  std::vector<std::string> ids;
  if (const auto* list = ebxml::child(*message.soap->envelope.body, "ObjectRefList"))
    for (const auto& reference : *list)
      if (reference.name == "ObjectRef") ids.push_back(xds::id_of(reference.value_of("id")));
  if (ids.empty()) work.errors.add(xds::code::registry, "The request names no object");
  xds::remove_objects(work, ids);
  return xds::finish(work);
}

}  // namespace

extern constinit const Transaction iti62{.id = "ITI-62",
                                         .name = "Remove Metadata",
                                         .actor = "Document Registry",
                                         .door = Door::soap,
                                         .action = "urn:ihe:iti:2010:DeleteDocumentSet",
                                         .body = "RemoveObjectsRequest",
                                         .ns = ebxml::lcm_ns,
                                         .answer_body = "RegistryResponse",
                                         .answer_ns = ebxml::rs_ns,
                                         .audit = {"110110", 'D'},
                                         .needs = fhir::Verb::remove,
                                         .needs_on = "DocumentReference",
                                         .run = run,
                                         .refuse = xds::refuse_registry};

}  // namespace ihe
