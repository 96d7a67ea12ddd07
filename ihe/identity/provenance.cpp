// FHIR R4: http://hl7.org/fhir/R4/provenance.html
#include "ihe/identity/provenance.h"

#include "fhir/build.h"
#include "fhir/incoming.h"
#include "fhir/value.h"

namespace ihe::identity {

fhir::Result<fhir::Write> provenance(const Site& site, std::string_view activity,
                                     const std::vector<std::string>& targets) {
  fhir::Arena arena;
  auto& made = fhir::build::resource(arena, "Provenance");
  for (const auto& target : targets) fhir::build::add_reference(arena, made, "target", target);
  fhir::build::add(arena, made, "recorded", fhir::instant_text(site.now));
  fhir::build::add_concept(arena, made, "activity", life_cycle, activity);
  auto& who = fhir::build::add(arena, fhir::build::add(arena, made, "agent"), "who");
  fhir::build::add(arena, who, "display", site.access.subject.empty() ? "anonymous" : site.access.subject);
  auto write = fhir::prepare(made, site.ids.next(site.now), fhir::Method::create, site.base);
  if (write) write->if_version = 0;
  return write;
}

}  // namespace ihe::identity
