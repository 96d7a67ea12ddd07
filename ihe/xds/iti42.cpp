// ITI-42 Register Document Set-b. IHE ITI TF-2b 3.42.
#include "ihe/wire/ebxml.h"
#include "ihe/wire/soap.h"
#include "ihe/xds/finish.h"
#include "ihe/xds/response.h"

namespace ihe {
namespace {

fhir::Result<Plan> run(const Site& site, const Message& message) {
  xds::Work work(site);
  if (auto submission = xds::open(work, *message.soap->envelope.body, xds::code::registry_metadata))
    xds::submit(work, std::move(*submission), xds::Submitted::registered, xds::code::registry_metadata);
  return xds::finish(work);
}

}  // namespace

extern constinit const Transaction iti42{.id = "ITI-42",
                                         .name = "Register Document Set-b",
                                         .actor = "Document Registry",
                                         .door = Door::soap,
                                         .action = "urn:ihe:iti:2007:RegisterDocumentSet-b",
                                         .body = "SubmitObjectsRequest",
                                         .ns = ebxml::lcm_ns,
                                         .answer_body = "RegistryResponse",
                                         .answer_ns = ebxml::rs_ns,
                                         .audit = {"110107", 'C'},
                                         .needs = fhir::Verb::create,
                                         .needs_on = "DocumentReference",
                                         .run = run,
                                         .refuse = xds::refuse_registry};

}  // namespace ihe
