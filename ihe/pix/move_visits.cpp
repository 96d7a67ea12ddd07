// Moves of visits.
#include "ihe/pix/move_visits.h"

#include <algorithm>

#include "fhir/build.h"
#include "fhir/incoming.h"
#include "ihe/identity/record.h"
#include "ihe/pix/visit.h"

namespace ihe::pix {

using fhir::Result;

Result<bool> move_visits(const Site& site, const VisitMove& move, fhir::Batch& batch) {
  const auto visits = visits_of(site.snapshot, site.access, site.base, "Patient/" + move.from);
  if (!visits) return visits.outcome();
  for (const auto& version : *visits) {
    const auto received = fhir::receive(version.body);
    if (!received || !move.takes(*received->resource)) continue;
    fhir::Arena arena;
    auto& encounter = fhir::build::copy(arena, *received->resource);
    fhir::build::remove(encounter, "subject");
    fhir::build::add_reference(arena, encounter, "subject", "Patient/" + move.to);
    file_under_none(encounter);
    file_under(arena, encounter, move.under);
    if (move.also) move.also(arena, encounter);
    auto write = fhir::prepare(encounter, version.id, fhir::Method::update, site.base);
    if (!write) return std::move(write.outcome());
    write->if_version = version.version;
    write->if_version_planned = true;
    batch.writes.push_back(std::move(*write));
  }
  return true;
}

Result<bool> move_visits(const Site& site, const identity::LinkChange& change, fhir::Batch& batch) {
  const auto before = identity::holder(site, change.before, {});
  if (!before) return before.outcome();
  const auto held = identity::held_by(*before->patient);
  if (std::none_of(held.begin(), held.end(), [&](const auto& one) { return one.id == change.local.id; })) return true;
  const auto now = identity::holder(site, change.now, {});
  if (!now) return now.outcome();
  const auto takes = [&](const fhir::Node& encounter) { return is_filed_under(encounter, change.local.id); };
  return move_visits(site, {before->id, now->id, change.local.id, takes}, batch);
}

}  // namespace ihe::pix
