// ITI-18 Registry Stored Query and ITI-51 Multi-Patient Stored Query. IHE ITI TF-2a 3.18, TF-2b 3.51.
#include "ihe/wire/ebxml.h"
#include "ihe/wire/soap.h"
#include "ihe/xds/query.h"
#include "ihe/xds/response.h"

namespace ihe {
namespace {

fhir::Result<Plan> answer(const Site& site, const Message& message, bool multi_patient) {
  xds::Work work(site);
  xds::Records<xds::Shown> registry(site.snapshot, site.access);
  xds::Results results;
  const auto query = xds::read_query(*message.soap->envelope.body, multi_patient, work.errors);
  if (query) results = xds::run(work, registry, *query);
  if (const auto* failure = registry.failure() ? &*registry.failure() : work.failure()) {
    results = {};
    xds::add_failure(work.errors, *failure, false);
  }
  Plan plan;
  plan.audited.patients = work.patients.seen();
  const auto& request = *message.soap->envelope.body;
  plan.audited.query = request.source;
  if (const auto* asked = ebxml::child(request, "AdhocQuery")) plan.audited.query_id = asked->value_of("id");
  plan.audited.query_details.emplace_back("QueryEncoding", "UTF-8");
  if (query && !query->home.empty())
    plan.audited.query_details.emplace_back("urn:ihe:iti:xca:2010:homeCommunityId", query->home);
  plan.answer.bytes = xds::query_response(work.errors, results.objects, !query || query->leaf_class);
  return plan;
}

fhir::Result<Plan> one(const Site& site, const Message& message) { return answer(site, message, false); }
fhir::Result<Plan> several(const Site& site, const Message& message) { return answer(site, message, true); }

}  // namespace

extern constinit const Transaction iti18{.id = "ITI-18",
                                         .name = "Registry Stored Query",
                                         .actor = "Document Registry",
                                         .door = Door::soap,
                                         .action = "urn:ihe:iti:2007:RegistryStoredQuery",
                                         .body = "AdhocQueryRequest",
                                         .ns = ebxml::query_ns,
                                         .answer_body = "AdhocQueryResponse",
                                         .audit = {"110112", 'E'},
                                         .needs = fhir::Verb::search,
                                         .needs_on = "DocumentReference",
                                         .run = one,
                                         .refuse = xds::refuse_query};

extern constinit const Transaction iti51{.id = "ITI-51",
                                         .name = "Multi-Patient Stored Query",
                                         .actor = "Document Registry",
                                         .door = Door::soap,
                                         .action = "urn:ihe:iti:2009:MultiPatientStoredQuery",
                                         .body = "AdhocQueryRequest",
                                         .ns = ebxml::query_ns,
                                         .answer_body = "AdhocQueryResponse",
                                         .audit = {"110112", 'E'},
                                         .needs = fhir::Verb::search,
                                         .needs_on = "DocumentReference",
                                         .run = several,
                                         .refuse = xds::refuse_query};

}  // namespace ihe
