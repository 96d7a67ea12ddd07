// From requests to audit records.
#include "src/audit.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "src/log.h"
#include "src/operation/operation.h"
#include "src/rest/conditional.h"

namespace alzette {
namespace {

ihe::Requested requested_by(const Audit::Asked& asked, std::span<const fhir::Write> writes, bool refused) {
  const auto& route = asked.route;
  return {route.row ? route.row->code : std::string_view(),
          route.type ? route.type->name.view() : std::string_view(),
          route.id,
          route.operation ? route.operation->code : std::string_view(),
          asked.parameters,
          asked.request.target,
          asked.request.body,
          writes,
          refused};
}

// An entry whose address is criteria, as if it had been sent alone.
ihe::Requested requested_by(const rest::Conditional& entry, std::span<const fhir::Write> writes) {
  const auto own = entry.write ? writes.subspan(*entry.write, 1) : writes.first(0);
  return {entry.interaction, entry.type->name.view(), {}, {}, entry.criteria, {}, {}, own};
}

// Those of a transaction that was refused.
std::vector<rest::Conditional> conditionals_of(const Audit::Asked& asked, const ihe::Requested& requested,
                                               std::string_view base) {
  const auto* row = asked.route.row;
  if (!row || row->level != rest::Level::system || row->method != "POST" || asked.route.operation) return {};
  const auto sent = ihe::sent_in(requested);
  if (!sent || sent->resource->value_of("type") != "transaction") return {};
  return rest::conditionals_of(*sent->resource, base);
}

std::span<const fhir::Write> writes_of(const rest::Plan& plan) {
  return plan.batch ? std::span<const fhir::Write>(plan.batch->writes) : std::span<const fhir::Write>();
}

}  // namespace

fhir::Result<bool> Audit::admit(const ihe::Site& site, const Asked& asked, rest::Plan& plan) {
  const auto writes = plan.batch ? std::span<fhir::Write>(plan.batch->writes) : std::span<fhir::Write>();
  if (auto done = ihe::admit(site, requested_by(asked, writes, false), writes); !done) return done;
  for (const auto& entry : plan.conditionals) {
    const auto own = entry.write ? writes.subspan(*entry.write, 1) : writes.first(0);
    auto done = ihe::admit(site, requested_by(entry, writes), own);
    if (done) continue;
    const auto place = "Bundle.entry[" + std::to_string(entry.entry) + "]";
    for (auto& issue : done.outcome().issues) {
      const auto below = issue.expression.find('.');
      issue.expression = below == std::string::npos ? place : place + ".resource" + issue.expression.substr(below);
    }
    return done;
  }
  return true;
}

Audit::Recorded Audit::record(const ihe::Site& site, const Asked& asked, const ihe::Requested& requested,
                              const fhir::Outcome* refusal) const {
  using Event = std::optional<fhir::Write>;
  if (!trail_ || !asked.route.row || asked.route.compartment) return Event();
  auto told = ihe::record_of(site, requested, asking_);
  if (!told) return Event();
  told->peer = asked.request.peer;
  if (told->audit.event == ihe::atna::rest) told->id = asked.request.id;
  auto event = ihe::atna::event(site, *told, refusal);
  if (!event) return std::move(event.outcome());
  return Event(std::move(*event));
}

fhir::Result<bool> Audit::carried_out(const ihe::Site& site, const Asked& asked, rest::Plan& plan) const {
  const bool refuses = !plan.batch && !plan.reply && plan.response.status >= 400;
  if (refuses) {
    refused(site, asked, {fhir::Kind::unsupported, "business-rule", ""});
    return true;
  }
  const auto writes = writes_of(plan);
  std::vector<fhir::Write> events;
  const auto add = [&](const ihe::Requested& requested) -> fhir::Result<bool> {
    auto event = record(site, asked, requested, nullptr);
    if (!event) return std::move(event.outcome());
    if (auto& made = *event) events.push_back(std::move(*made));
    return true;
  };
  if (auto done = add(requested_by(asked, writes, false)); !done) return done;
  for (const auto& entry : plan.conditionals)
    if (auto done = add(requested_by(entry, writes)); !done) return done;
  if (events.empty()) return true;
  if (plan.batch) {
    std::move(events.begin(), events.end(), std::back_inserter(plan.batch->writes));
    return true;
  }
  fhir::Batch batch{site.access, {}, std::move(events)};
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
  const auto requested = requested_by(asked, {}, true);
  std::vector<fhir::Write> events;
  const auto add = [&](const ihe::Requested& one) {
    auto event = record(site, asked, one, &outcome);
    if (!event) return;
    if (auto& made = *event) events.push_back(std::move(*made));
  };
  add(requested);
  for (const auto& entry : conditionals_of(asked, requested, site.base)) add(requested_by(entry, {}));
  if (events.empty()) return;
  const auto count = std::to_string(events.size());
  fhir::Batch batch{site.access, {}, std::move(events)};
  if (trail_->take(batch)) return;
  store_->commit(std::move(batch), [count](const fhir::Result<fhir::Receipt>& receipt) {
    if (!receipt) log::write(log::Level::error, "audit_lost", {{"records", count}});
  });
}

}  // namespace alzette
