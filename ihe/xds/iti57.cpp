// ITI-57 Update Document Set. IHE ITI supplement XDS Metadata Update, 3.57.
#include "ihe/wire/ebxml.h"
#include "ihe/wire/soap.h"
#include "ihe/xds/finish.h"
#include "ihe/xds/response.h"
#include "ihe/xds/update.h"

namespace ihe {
namespace {

fhir::Result<Plan> run(const Site& site, const Message& message) {
  xds::Work work(site);
  if (auto submission = xds::open(work, *message.soap->envelope.body, xds::code::registry_metadata))
    xds::update(work, std::move(*submission), false);
  return xds::finish(work);
}

}  // namespace

extern constinit const Transaction iti57{.id = "ITI-57",
                                         .name = "Update Document Set",
                                         .actor = "Document Registry",
                                         .door = Door::soap,
                                         .action = "urn:ihe:iti:2010:UpdateDocumentSet",
                                         .body = "SubmitObjectsRequest",
                                         .ns = ebxml::lcm_ns,
                                         .answer_body = "RegistryResponse",
                                         .answer_ns = ebxml::rs_ns,
                                         .audit = {"110107", 'U'},
                                         .needs = fhir::Verb::update,
                                         .needs_on = "DocumentReference",
                                         .run = run,
                                         .refuse = xds::refuse_registry};

}  // namespace ihe
