// Domains in a search of Patient.
#include "ihe/pdqm/iti78.h"

#include <algorithm>

#include "fhir/build.h"
#include "fhir/format/json.h"
#include "fhir/incoming.h"
#include "ihe/identity/identity.h"
#include "ihe/restful.h"

namespace ihe::pdqm {
namespace {

// "a|,b|" as its systems; nothing when a value has a code, or no system.
std::vector<std::string_view> systems_of(std::string_view value) {
  std::vector<std::string_view> systems;
  for (std::size_t at = 0; at <= value.size();) {
    const auto end = std::min(value.find(',', at), value.size());
    const auto one = value.substr(at, end - at);
    if (one.size() < 2 || one.back() != '|' || one.find('|') + 1 != one.size()) return {};
    systems.push_back(one.substr(0, one.size() - 1));
    at = end + 1;
  }
  return systems;
}

}  // namespace

Domains domains_of(const Site& site, const fhir::search::Parameters& parameters) {
  Domains domains;
  for (const auto& [name, value] : parameters) {
    if (name != "identifier") continue;
    for (const auto system : systems_of(value)) {
      const auto known = identity::domain_of(site, system);
      if (known && *known)
        domains.wanted.emplace_back(system);
      else
        domains.unknown.push_back({fhir::Severity::warning, "not-found", "targetSystem not found", "identifier"});
    }
  }
  return domains;
}

std::string shown(std::string_view patient, const std::vector<std::string>& wanted) {
  const auto incoming = fhir::receive(patient);
  if (!incoming) return std::string(patient);
  auto& resource = *incoming->resource;
  bool taken = false;
  for (const fhir::Node* child = resource.first; child;) {
    const auto* next = child->next;
    if (child->name == "identifier" &&
        std::find(wanted.begin(), wanted.end(), child->value_of("system")) == wanted.end()) {
      fhir::build::remove(resource, *child);
      taken = true;
    }
    child = next;
  }
  if (!taken) return std::string(patient);
  auto& arena = *incoming->arena;
  for (auto* child = resource.first; child; child = child->next)
    if (child->name == "meta")
      fhir::build::add_coding(arena, *child, "tag", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
                              "SUBSETTED");
  std::string out;
  fhir::json::write(resource, out);
  return out;
}

}  // namespace ihe::pdqm

namespace ihe {
namespace {

// Also the read of one Patient: 3.78.4.3, Retrieve Patient.
bool tell(const Site&, const Requested& requested, atna::Record& record) {
  record.told.query = as_asked(requested);
  if (!requested.id.empty()) record.told.patients.push_back("Patient/" + std::string(requested.id));
  for (auto& patient : patients_asked(requested.parameters, "_id")) record.told.patients.push_back(std::move(patient));
  for (const auto& [name, value] : requested.parameters)
    if (name == "identifier" && value.find(',') == std::string::npos && !value.ends_with('|'))
      record.told.patients.push_back(value.find('|') == std::string::npos ? "|" + value : value);
  return true;
}

}  // namespace

extern constinit const Restful iti78{.id = "ITI-78",
                                     .name = "Mobile Patient Demographics Query",
                                     .actor = "Patient Demographics Supplier",
                                     .audit = {atna::rest, 'E'},
                                     .interactions = "search-type read",
                                     .type = "Patient",
                                     .asks = true,
                                     .tell = tell};

}  // namespace ihe
