// From requests to audit records.
#include "src/audit.h"

#include "ihe/restful.h"
#include "src/log.h"
#include "src/operation/operation.h"

namespace alzette {

fhir::Result<std::optional<fhir::Write>> Audit::record(const ihe::Site& site, const Asked& asked,
                                                       const fhir::Batch* batch, const fhir::Outcome* refusal) const {
  using Recorded = std::optional<fhir::Write>;
  if (!trail_ || !asked.route.row || asked.route.compartment) return Recorded();
  const auto& route = asked.route;
  const ihe::Requested requested{route.row->code,    route.type ? route.type->name.view() : std::string_view(),
                                 route.id,           route.operation ? route.operation->code : std::string_view(),
                                 asked.parameters,   asked.request.target,
                                 asked.request.body, batch,
                                 refusal != nullptr};
  auto told = ihe::record_of(site, requested, asking_);
  if (!told) return Recorded();
  told->peer = asked.request.peer;
  if (told->audit.event == ihe::atna::rest) told->id = asked.request.id;
  auto event = ihe::atna::event(site, *told, refusal);
  if (!event) return std::move(event.outcome());
  return Recorded(std::move(*event));
}

fhir::Result<bool> Audit::carried_out(const ihe::Site& site, const Asked& asked, rest::Plan& plan) const {
  const bool refuses = !plan.batch && !plan.reply && plan.response.status >= 400;
  if (refuses) {
    refused(site, asked, {fhir::Kind::unsupported, "business-rule", ""});
    return true;
  }
  auto event = record(site, asked, plan.batch ? &*plan.batch : nullptr, nullptr);
  if (!event) return std::move(event.outcome());
  if (!*event) return true;
  if (plan.batch) {
    plan.batch->writes.push_back(std::move(**event));
    return true;
  }
  fhir::Batch batch{site.access, {}, {}};
  batch.writes.push_back(std::move(**event));
  if (trail_->take(batch)) return true;
  plan.batch = std::move(batch);
  plan.reply = [trail = trail_, reply = std::move(plan.reply),
                response = std::move(plan.response)](rest::Effect& effect) mutable {
    trail->kept();
    return reply ? reply(effect) : std::move(response);
  };
  return true;
}

// A refusal is answered even where it cannot be recorded.
void Audit::refused(const ihe::Site& site, const Asked& asked, const fhir::Outcome& outcome) const {
  auto event = record(site, asked, nullptr, &outcome);
  if (!event || !*event) return;
  fhir::Batch batch{site.access, {}, {}};
  batch.writes.push_back(std::move(**event));
  if (trail_->take(batch)) return;
  store_->commit(std::move(batch), [](const fhir::Result<fhir::Receipt>& receipt) {
    if (!receipt) log::write(log::Level::error, "audit_lost", {{"records", "1"}});
  });
}

}  // namespace alzette
