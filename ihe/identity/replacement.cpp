// From writes to merges and their ends.
#include "ihe/identity/replacement.h"

#include <algorithm>
#include <optional>

#include "fhir/bundle.h"
#include "ihe/identity/record.h"

namespace ihe::identity {
namespace {

constexpr std::string_view mark = "\"replaced-by\"";

fhir::Result<Record> record_of(const fhir::Write& write, std::int64_t now) {
  fhir::Version version;
  version.id = write.id;
  version.body = fhir::stored_bytes(write.body, 1, now);
  return read_record(version);
}

// Also where the survivor is named by an identifier alone.
bool is_replaced(const fhir::Node& patient) {
  return std::any_of(patient.begin(), patient.end(), [](const fhir::Node& child) {
    return child.name == "link" && child.value_of("type") == "replaced-by";
  });
}

}  // namespace

fhir::Result<Replacement> replacement(const fhir::RuleSite& rule_site, const fhir::Write& write) {
  Replacement made{"Patient/" + write.id, {}, {}, {}};
  if (write.method == fhir::Method::remove) return made;
  const bool fresh = write.method == fhir::Method::create || write.if_version == 0;
  std::optional<fhir::Version> stored;
  if (!fresh)
    if (auto version = rule_site.snapshot.read(rule_site.access, *write.type, write.id)) stored = std::move(*version);
  const bool was = stored && stored->body.find(mark) != std::string::npos;
  if (!was && write.body.bytes.find(mark) == std::string::npos) return made;
  const auto after = record_of(write, rule_site.now);
  if (!after) return after.outcome();
  made.now = replaced_by(*after->patient);
  for (auto& held : held_by(*after->patient)) made.ids.push_back(std::move(held.id));
  std::string before;
  if (was) {
    auto record = read_record(*stored);
    if (!record) return std::move(record.outcome());
    before = replaced_by(*record->patient);
    const Site site{rule_site.snapshot, rule_site.access, rule_site.settings,
                    rule_site.base,     rule_site.now,    rule_site.ids};
    auto found = survivor(site, std::move(*record));
    if (!found) return std::move(found.outcome());
    const auto& end = *found;
    if (end && !before.empty()) made.before = "Patient/" + end->id;
  }
  made.changed = before != made.now;
  return made;
}

bool takes_back_merge(const Site& site, const fhir::Write& write) {
  if (write.method == fhir::Method::create) return false;
  const auto stored = site.snapshot.read(site.access, *write.type, write.id);
  if (!stored || stored->body.find(mark) == std::string::npos) return false;
  const auto before = read_record(*stored);
  if (!before || !is_replaced(*before->patient)) return false;
  if (write.method == fhir::Method::remove) return true;
  const auto after = record_of(write, site.now);
  return after && !is_replaced(*after->patient);
}

}  // namespace ihe::identity
