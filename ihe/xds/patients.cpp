// Patients as the registry needs them: see patients.h.
#include "ihe/xds/patients.h"

#include "ihe/identity/identity.h"
#include "ihe/settings.h"

namespace ihe::xds {
namespace {

constexpr std::string_view oid_prefix = "urn:oid:";

// Whether the patient gave the identifier up: it has it as an old one.
bool is_old(const fhir::Node& patient, const identity::Id& id) {
  for (const auto& identifier : patient)
    if (identifier.name == "identifier" && identifier.value_of("system") == id.system &&
        identifier.value_of("value") == id.value)
      return identifier.value_of("use") == "old";
  return true;
}

// What the patient is called in this domain now.
std::string current_in(const fhir::Node& patient, std::string_view system) {
  for (const auto& identifier : patient)
    if (identifier.name == "identifier" && identifier.value_of("system") == system &&
        identifier.value_of("use") != "old")
      return std::string(identifier.value_of("value"));
  return {};
}

}  // namespace

std::string Patients::system_of(std::string_view oid) const {
  const auto* domain = site_.settings.domains.by_oid(oid);
  return domain ? domain->uri : std::string(oid_prefix) + std::string(oid);
}

std::string Patients::oid_of(std::string_view system) const {
  if (const auto* domain = site_.settings.domains.by_uri(system)) return domain->oid;
  return system.starts_with(oid_prefix) ? std::string(system.substr(oid_prefix.size())) : std::string();
}

std::string Patients::own_authority() const { return site_.settings.home_id + ".9"; }

const KnownPatient* Patients::find(const Cx& cx) {
  auto [place, fresh] = known_->try_emplace(cx.id + "^^^&" + cx.authority + "&ISO");
  auto& known = place->second;
  if (fresh) {
    known = look_up(cx);
    if (known && known->id == moved_.first) known->id = moved_.second;
  }
  return known ? &*known : nullptr;
}

const KnownPatient* Patients::add(const Cx& cx, const std::string& id) {
  auto& place = (*known_)[cx.id + "^^^&" + cx.authority + "&ISO"];
  return &place.emplace(KnownPatient{id, cx});
}

std::vector<std::string> Patients::all_of(const KnownPatient& known) {
  if (known.cx.authority == own_authority()) return {known.id};
  auto all = identity::with_subsumed(site_, known.id);
  if (all) return std::move(*all);
  fail(std::move(all.outcome()));
  return {};
}

void Patients::fail(fhir::Outcome why) {
  if (!failure_) failure_ = std::move(why);
}

std::vector<std::string> Patients::seen() const {
  std::vector<std::string> references;
  for (const auto& [cx, known] : *known_)
    if (known) references.push_back("Patient/" + known->id);
  return references;
}

std::optional<KnownPatient> Patients::look_up(const Cx& cx) {
  if (cx.authority.empty()) return std::nullopt;
  if (cx.authority == own_authority()) {
    static const auto* const type = fhir::definitions().resource("Patient");
    if (!site_.snapshot.read(site_.access, *type, cx.id)) return std::nullopt;
    return KnownPatient{cx.id, cx};
  }
  const identity::Id id{system_of(cx.authority), cx.id};
  auto found = identity::find(site_, id);
  if (!found) fail(std::move(found.outcome()));
  if (!found || !*found) return std::nullopt;
  const auto& record = *found;
  KnownPatient known{record->id, cx};
  if (!is_old(*record->patient, id)) return known;
  known.subsumed = true;
  if (auto now = current_in(*record->patient, id.system); !now.empty()) known.cx.id = std::move(now);
  return known;
}

}  // namespace ihe::xds
