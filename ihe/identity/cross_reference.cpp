// Which other identifiers the person has: ITI TF-2 3.9, 3.45, 3.83.
#include <algorithm>

#include "ihe/identity/record.h"
#include "ihe/settings.h"

namespace ihe::identity {
namespace {

using fhir::Result;

bool any_record_in(const Site& site, std::string_view uri) {
  const auto* type = fhir::definitions().resource("Patient");
  auto query = fhir::search::parse(type, {{"identifier", token_of({std::string(uri), ""})}}, site.base, false);
  if (!query) return false;
  const auto found = site.snapshot.find(site.access, *query, 1);
  return found && !found->empty();
}

// Identifiers of the group that may be given out, those of one domain adjacent, in the order in which they are met.
std::vector<Id> ids_of(const Site& site, const std::vector<Record>& group) {
  std::vector<Id> ids;
  for (const auto& record : group)
    for (auto& held : held_by(*record.patient)) {
      if (held.old || held.account || std::find(ids.begin(), ids.end(), held.id) != ids.end()) continue;
      if (!site.settings.accept_unknown_domains && !site.settings.domains.by_uri(held.id.system)) continue;
      const auto last =
          std::find_if(ids.rbegin(), ids.rend(), [&](const Id& id) { return id.system == held.id.system; });
      ids.insert(last == ids.rend() ? ids.end() : last.base(), std::move(held.id));
    }
  return ids;
}

// Those that the identifier means, which may be a logical one.
Result<std::vector<Record>> named_by(const Site& site, const Id& id) {
  if (id.system != site.base) return resolve(site, id);
  std::vector<Record> records;
  auto record = record_at(site, id.value);
  if (!record) return std::move(record.outcome());
  if (auto& known = *record) {
    auto end = survivor(site, std::move(*known));
    if (!end) return std::move(end.outcome());
    if (auto& last = *end) records.push_back(std::move(*last));
  }
  return records;
}

// Whether identifiers of the domain may be asked for.
Result<bool> is_known(const Site& site, std::string_view uri) {
  if (uri == site.base) return true;
  const auto domain = domain_of(site, uri);
  if (!domain) return domain.outcome();
  return domain->has_value();
}

}  // namespace

Result<std::optional<Domain>> domain_of(const Site& site, std::string_view uri) {
  if (const auto* known = site.settings.domains.by_uri(uri)) return std::optional<Domain>(*known);
  if (site.settings.accept_unknown_domains && !uri.empty() && any_record_in(site, uri))
    return std::optional<Domain>(Domains::described_by(uri));
  return std::optional<Domain>();
}

std::optional<Domain> feedable(const Site& site, std::string_view uri) {
  if (const auto* known = site.settings.domains.by_uri(uri)) return *known;
  if (site.settings.accept_unknown_domains && !uri.empty()) return Domains::described_by(uri);
  return std::nullopt;
}

Result<CrossReference> cross_reference(const Site& site, const Id& source, std::span<const std::string> targets) {
  CrossReference answer;
  const auto known = is_known(site, source.system);
  if (!known) return known.outcome();
  answer.source_known = *known;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto target = is_known(site, targets[i]);
    if (!target) return target.outcome();
    if (!*target) answer.unknown_targets.push_back(i);
  }
  if (!answer.source_known || !answer.unknown_targets.empty()) return answer;
  auto found = named_by(site, source);
  if (!found) return std::move(found.outcome());
  answer.id_known = !found->empty();
  if (!answer.id_known) return answer;

  auto group = group_of(site, std::move(*found));
  if (!group) return std::move(group.outcome());
  for (auto& id : ids_of(site, *group)) {
    const bool wanted = targets.empty() || std::find(targets.begin(), targets.end(), id.system) != targets.end();
    if (wanted && id != source) answer.ids.push_back(std::move(id));
  }
  const bool all_logical = std::find(targets.begin(), targets.end(), site.base) != targets.end();
  for (const auto& record : *group) {
    const auto held = held_by(*record.patient);
    const bool holds = all_logical || std::any_of(held.begin(), held.end(), [&](const Held& one) {
                         return !one.old && std::find(answer.ids.begin(), answer.ids.end(), one.id) != answer.ids.end();
                       });
    if (holds) answer.patients.push_back(record.id);
  }
  return answer;
}

}  // namespace ihe::identity
