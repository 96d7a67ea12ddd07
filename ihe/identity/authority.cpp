// Assigning authorities that FHIR names.
#include "ihe/identity/authority.h"

#include <algorithm>

#include "fhir/bundle.h"
#include "fhir/incoming.h"
#include "fhir/utf8.h"
#include "ihe/identity/identity.h"
#include "ihe/identity/record.h"
#include "ihe/settings.h"

namespace ihe::identity {
namespace {

constexpr std::size_t most_named = 200;  // bytes of a system that a refusal repeats

bool takes(const Site& site, std::string_view system) {
  return system.empty() || site.settings.domains.all().size() == 1 || feedable(site, system);
}

}  // namespace

fhir::Result<bool> check_authority(const Site& site, std::string_view system, std::string place) {
  if (takes(site, system)) return true;
  return fhir::Outcome(fhir::Kind::unprocessable, "code-invalid",
                       "The assigning authority \"" + fhir::shortened(system, most_named) +
                           "\" is not known here; configure it with --domains",
                       std::move(place));
}

fhir::Result<bool> check_authorities(const Site& site, const fhir::Write& patient) {
  const auto known = [&](const fhir::search::IndexRow& row) {
    return row.parameter->code.view() != "identifier" || row.facet != fhir::search::Facet::value ||
           takes(site, row.value.system);
  };
  if (std::all_of(patient.rows.begin(), patient.rows.end(), known)) return true;
  const auto incoming = fhir::receive(fhir::stored_bytes(patient.body, 1, site.now));
  if (!incoming) return incoming.outcome();
  std::size_t index = 0;
  for (const auto& identifier : *incoming->resource) {
    if (identifier.name != "identifier") continue;
    auto place = "Patient.identifier[" + std::to_string(index++) + "].system";
    if (is_account(identifier)) continue;
    if (auto done = check_authority(site, identifier.value_of("system"), std::move(place)); !done) return done;
  }
  return true;
}

}  // namespace ihe::identity
