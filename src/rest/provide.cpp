// Document submissions at the REST door. IHE MHD 4.2.
#include "src/rest/provide.h"

#include "fhir/bundle.h"
#include "fhir/incoming.h"
#include "ihe/mhd/provide.h"
#include "src/rest/reply.h"

namespace alzette::rest {
namespace {

using fhir::Node;
using Provided = ihe::mhd::Provided;

ihe::Site site_of(const Call& call) {
  return {call.snapshot, call.access, call.settings, call.base, call.now, call.ids};
}

// Faults of all resources, before any rule of documents is looked at.
std::optional<fhir::Outcome> faults_of_entries(const Node& bundle) {
  fhir::Outcome all(fhir::Kind::unprocessable);
  std::size_t index = 0;
  for (const auto& entry : bundle) {
    if (entry.name != "entry") continue;
    const auto place = "Bundle.entry[" + std::to_string(index++) + "].resource";
    const Node* resource = entry.child("resource");
    if (!resource) return fhir::Outcome(fhir::Kind::malformed, "required", "The entry has no resource", place);
    auto faults = fhir::faults_of(*resource, place);
    if (!faults) continue;
    if (faults->kind == fhir::Kind::malformed) all.kind = faults->kind;
    std::move(faults->issues.begin(), faults->issues.end(), std::back_inserter(all.issues));
  }
  if (all.issues.empty()) return std::nullopt;
  return all;
}

// What an OperationOutcome says beside that it is done.
std::string outcome_of(const Provided::Entry& entry) {
  fhir::Outcome outcome;
  outcome.issues = entry.warnings;
  return fhir::to_json(outcome);
}

Response respond(const std::vector<Provided::Entry>& entries, const Effect& effect) {
  fhir::BundleWriter bundle("transaction-response", std::nullopt, {});
  for (const auto& entry : entries) {
    const auto& written = effect.receipt[entry.write];
    fhir::EntryResponse response;
    response.status = entry.created ? "201 Created" : "200 OK";
    response.version = written.version;
    response.last_updated = written.last_updated;
    response.location =
        std::string(entry.type->name.view()) + "/" + entry.id + "/_history/" + std::to_string(written.version);
    const auto outcome = entry.warnings.empty() ? std::string() : outcome_of(entry);
    response.outcome = outcome;
    bundle.response(response);
  }
  return json_reply(200, std::move(bundle).finish());
}

}  // namespace

fhir::Result<Plan> provide_documents(const Call& call, const Node& bundle) {
  if (auto faults = faults_of_entries(bundle)) return std::move(*faults);
  auto provided = ihe::mhd::provide(site_of(call), bundle);
  if (!provided) return std::move(provided.outcome());
  Plan plan;
  plan.batch = std::move(provided->batch);
  plan.reply = [entries = std::move(provided->entries)](Effect& effect) { return respond(entries, effect); };
  return plan;
}

fhir::Result<Plan> publish_document(const Call& call, const Node& reference) {
  if (auto faults = fhir::faults_of(reference)) return std::move(*faults);
  auto provided = ihe::mhd::publish(site_of(call), reference);
  if (!provided) return std::move(provided.outcome());
  auto answer = answer_for(call, provided->batch.writes.front());
  if (const auto& entry = provided->entries.front(); !entry.warnings.empty()) answer.outcome = outcome_of(entry);
  return written_plan(std::move(answer), std::move(provided->batch));
}

}  // namespace alzette::rest
