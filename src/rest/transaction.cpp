// batch and transaction: POST [base] with a Bundle. FHIR R4: http://hl7.org/fhir/R4/http.html#transaction
#include "fhir/bundle.h"
#include "ihe/mhd/provide.h"
#include "src/rest/batch.h"
#include "src/rest/criteria.h"
#include "src/rest/interaction.h"
#include "src/rest/provide.h"
#include "src/rest/reply.h"
#include "src/rest/salvage.h"
#include "src/rest/transact.h"

namespace alzette::rest {
namespace {

using fhir::Kind;
using fhir::Outcome;
using Act = TransactionEntry::Act;

// What is needed once the commit is durable; the bundle itself is gone by then.
struct Pending {
  std::vector<TransactionEntry> entries;
  Return returns = Return::unspecified;
  std::string base;
};

fhir::EntryResponse of_write(const Pending& pending, const TransactionEntry& entry, const Effect& effect,
                             std::string& representation) {
  using enum fhir::Written::Effect;
  const auto& written = effect.receipt[entry.write];
  fhir::EntryResponse response;
  const bool gone = written.effect == removed || written.effect == absent;
  response.status = gone ? "204 No Content" : written.effect == created ? "201 Created" : "200 OK";
  if (written.effect == absent) return response;
  response.version = written.version;
  response.last_updated = written.last_updated;
  if (gone) return response;
  response.location =
      std::string(entry.type->name.view()) + "/" + entry.id + "/_history/" + std::to_string(written.version);
  if (pending.returns == Return::operation_outcome) {
    representation = fhir::to_json(Outcome());
    response.outcome = representation;
  } else if (pending.returns == Return::representation) {
    representation = fhir::stored_bytes(effect.bodies[entry.write], written.version, written.last_updated);
    response.resource = representation;
  }
  return response;
}

Response respond(const Pending& pending, Effect& effect) {
  fhir::BundleWriter bundle("transaction-response", std::nullopt, {});
  bundle.reserve(pending.entries.size() * 160);
  std::size_t part = 0;
  std::string representation;
  for (const auto& entry : pending.entries) {
    fhir::EntryResponse response;
    if (entry.act == Act::read) {
      append_part(effect.parts[part++], bundle);
      continue;
    }
    if (entry.act == Act::write) {
      response = of_write(pending, entry, effect, representation);
    } else if (entry.id.empty()) {
      response.status = "204 No Content";
    } else {
      response.status = "200 OK";
      response.version = entry.version;
      response.last_updated = entry.last_updated;
      response.location = std::string(entry.type->name.view()) + "/" + entry.id;
      if (entry.version) response.location += "/_history/" + std::to_string(entry.version);
    }
    bundle.response(response);
  }
  return json_reply(200, std::move(bundle).finish());
}

fhir::Result<Plan> plan_transaction(const Call& call, Incoming& incoming) {
  auto transaction = transact(*incoming.resource, *incoming.arena,
                              {call.snapshot, call.access, call.base, call.now, call.ids, call.each, call.meanings});
  if (!transaction) return std::move(transaction.outcome());
  Plan plan;
  Pending pending{{}, preferred_return(call.request), std::string(call.base)};
  if (pending.returns == Return::representation) plan.shown = transaction->batch.writes.size();
  // Where nothing is written, nothing is left half done by what cannot be read: its entry says so.
  const bool writes = !transaction->batch.writes.empty();
  for (const auto& entry : transaction->entries) {
    if (entry.act != Act::read) continue;
    auto request = part_request(call, entry.method, entry.url, entry.conditions);
    plan.parts.push_back({std::move(request), nullptr, writes ? entry.place : std::string()});
  }
  pending.entries = std::move(transaction->entries);
  plan.conditionals = std::move(transaction->conditionals);
  plan.reply = [pending = std::move(pending)](Effect& effect) { return respond(pending, effect); };
  if (writes) plan.batch = std::move(transaction->batch);
  return plan;
}

fhir::Result<Plan> run(const Call& call) {
  if (const auto none = no_parameters(call); !none) return none.outcome();
  auto incoming = rest::receive(call.request.body, call.format, true);
  if (!incoming) {
    auto salvaged = call.format == fhir::Format::json ? salvage(call.request.body) : std::nullopt;
    if (!salvaged || ihe::mhd::is_document_bundle(*salvaged->bundle.resource)) return std::move(incoming.outcome());
    return plan_batch(call, std::make_shared<Incoming>(std::move(salvaged->bundle)), std::move(salvaged->refused));
  }
  auto& bundle = *incoming->resource;
  if (!bundle.type || bundle.type->name.view() != "Bundle")
    return Outcome(Kind::malformed, "invalid", "The base takes a Bundle; post a resource to its type's address");
  const auto type = bundle.value_of("type");
  const bool documents = ihe::mhd::is_document_bundle(bundle);
  if (type == "batch" && !documents) return plan_batch(call, std::make_shared<Incoming>(std::move(*incoming)));
  if (type != "transaction" && !documents)
    return Outcome(Kind::malformed, "value", "The base takes Bundles of type batch or transaction", "Bundle.type");
  for (const auto& issue : incoming->issues) {
    if (issue.severity != fhir::Severity::error && issue.severity != fhir::Severity::fatal) continue;
    Outcome outcome(kind_of(incoming->issues));
    outcome.issues = std::move(incoming->issues);
    return outcome;
  }
  const auto* meta = bundle.child("meta");
  const bool claims_profile = meta && meta->child("profile");
  auto plan = documents ? provide_documents(call, bundle) : plan_transaction(call, *incoming);
  if (plan) plan->claims_profile = claims_profile;
  return plan;
}

}  // namespace

extern constinit const Interaction transaction{.code = "transaction",
                                               .level = Level::system,
                                               .method = "POST",
                                               .path = "",
                                               .lane = Lane::worker,
                                               .needs = fhir::Verb::create,
                                               .run = run};

// The same address: the Bundle's type decides.
extern constinit const Interaction batch{.code = "batch",
                                         .level = Level::system,
                                         .method = "POST",
                                         .path = "",
                                         .lane = Lane::worker,
                                         .needs = fhir::Verb::create,
                                         .run = run};

}  // namespace alzette::rest
