// ITI-104 Patient Identity Feed FHIR: conditional updates and deletes of Patient by the identifier of its source. What
// they do to identity is the rule of Patient (ihe/identity/rule.cpp).
// IHE PIXm, https://profiles.ihe.net/ITI/PIXm/ITI-104.html
#include <algorithm>
#include <optional>

#include "fhir/build.h"
#include "fhir/bundle.h"
#include "fhir/incoming.h"
#include "ihe/identity/authority.h"
#include "ihe/identity/replacement.h"
#include "ihe/match/candidates.h"
#include "ihe/restful.h"

namespace ihe {
namespace {

char action_of(const fhir::Write* write, std::string_view interaction) {
  if (interaction == "delete") return 'D';
  return write && write->if_version == 0 ? 'C' : 'U';
}

bool tell(const Site&, const Requested& requested, atna::Record& record) {
  if (!requested.id.empty()) return false;
  for (const auto& [name, value] : requested.parameters)
    if (name == "identifier") record.told.patients.push_back(value);
  if (record.told.patients.empty()) return false;
  const auto* write = written(requested, "Patient");
  record.audit.action = action_of(write, requested.interaction);
  if (record.audit.action == 'C') record.interaction = "create";
  if (write) record.told.objects.push_back({"4", "Patient/" + write->id});
  return true;
}

// The one identifier by which the patient is fed: "system|value".
std::optional<identity::Id> fed_by(const Requested& requested) {
  std::optional<identity::Id> id;
  for (const auto& [name, value] : requested.parameters) {
    if (name != "identifier") continue;
    const auto bar = value.find('|');
    if (id || bar == 0 || bar == std::string::npos || bar + 1 == value.size()) return std::nullopt;
    if (value.find_first_of(",\\", bar) != std::string::npos) return std::nullopt;
    id = {value.substr(0, bar), value.substr(bar + 1)};
  }
  return id;
}

// A source may know its patient by an identifier that the resource does not have, such as its logical id: it is known
// by it here as well (2:3.104.4.1.3).
fhir::Result<bool> add_identifier(const Site& site, const identity::Id& id, fhir::Write& write) {
  const auto incoming = fhir::receive(fhir::stored_bytes(write.body, 1, site.now));
  if (!incoming) return incoming.outcome();
  auto& patient = *incoming->resource;
  const bool has = std::any_of(patient.begin(), patient.end(), [&](const fhir::Node& child) {
    return child.name == "identifier" && child.value_of("system") == id.system && child.value_of("value") == id.value;
  });
  if (has) return true;
  auto& arena = *incoming->arena;
  auto& identifier = fhir::build::add(arena, patient, "identifier");
  fhir::build::add(arena, identifier, "system", id.system);
  fhir::build::add(arena, identifier, "value", id.value);
  auto laid = fhir::lay_out(patient, write.id, write.method, site.base);
  if (!laid) return std::move(laid.outcome());
  write.body = std::move(laid->body);
  write.rows = std::move(laid->rows);
  match::add_keys(patient, write);
  return true;
}

// The domains of the identifiers by which the patient is named, and of those that it gets; and that a source which goes
// on to feed an identifier that was merged into another one does not part the two (2:3.104.4.2.3).
fhir::Result<bool> demand(const Site& site, const Requested& requested, std::span<fhir::Write> writes) {
  bool by_identifier = false;
  for (const auto& [name, value] : requested.parameters) {
    if (name != "identifier") continue;
    by_identifier = true;
    if (const auto bar = value.find('|'); bar != std::string::npos)
      if (auto done = identity::check_authority(site, std::string_view(value).substr(0, bar), {}); !done) return done;
  }
  const auto patient = std::find_if(writes.begin(), writes.end(),
                                    [](const fhir::Write& write) { return write.type->name.view() == "Patient"; });
  if (!by_identifier || patient == writes.end() || patient->method == fhir::Method::remove) return true;
  if (requested.interaction == "update") {
    if (identity::takes_back_merge(site, *patient))
      return fhir::Outcome(fhir::Kind::unprocessable, "business-rule",
                           "The patient identifier was merged into another one: keep the link replaced-by, or take the "
                           "merge back by an update of Patient/" +
                               patient->id,
                           "Patient.link");
    if (const auto id = fed_by(requested))
      if (auto done = add_identifier(site, *id, *patient); !done) return done;
  }
  return identity::check_authorities(site, *patient);
}

}  // namespace

extern constinit const Restful iti104{.id = "ITI-104",
                                      .name = "Patient Identity Feed FHIR",
                                      .actor = "Patient Identifier Cross-reference Manager",
                                      .audit = {atna::rest, 'U'},
                                      .interactions = "update delete patch",
                                      .type = "Patient",
                                      .tell = tell,
                                      .demand = demand};

}  // namespace ihe
