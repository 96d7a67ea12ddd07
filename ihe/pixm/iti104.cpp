// ITI-104 Patient Identity Feed FHIR: conditional updates and deletes of Patient by the identifier of its source. What
// they do to identity is the rule of Patient (ihe/identity/rule.cpp).
// IHE PIXm, https://profiles.ihe.net/ITI/PIXm/ITI-104.html
#include "ihe/identity/authority.h"
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

// The domains of the identifiers by which the patient is named, and of those that it gets.
fhir::Result<bool> demand(const Site& site, const Requested& requested) {
  bool by_identifier = false;
  for (const auto& [name, value] : requested.parameters) {
    if (name != "identifier") continue;
    by_identifier = true;
    if (const auto bar = value.find('|'); bar != std::string::npos)
      if (auto done = identity::check_authority(site, std::string_view(value).substr(0, bar), {}); !done) return done;
  }
  const auto* write = written(requested, "Patient");
  if (!by_identifier || !write || write->method == fhir::Method::remove) return true;
  return identity::check_authorities(site, *write);
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
