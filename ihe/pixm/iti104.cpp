// ITI-104 Patient Identity Feed FHIR: conditional updates and deletes of Patient by the identifier of its source. What
// they do to identity is the rule of Patient (ihe/identity/rule.cpp).
// IHE PIXm, https://profiles.ihe.net/ITI/PIXm/ITI-104.html
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
  if (write) record.objects.push_back({"4", "Patient/" + write->id});
  return true;
}

}  // namespace

extern constinit const Restful iti104{.id = "ITI-104",
                                      .name = "Patient Identity Feed FHIR",
                                      .actor = "Patient Identifier Cross-reference Manager",
                                      .audit = {atna::rest, 'U'},
                                      .interactions = "update delete patch",
                                      .type = "Patient",
                                      .tell = tell};

}  // namespace ihe
