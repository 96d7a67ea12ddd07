// From a Patient to the Tasks of the identity unit.
#include "ihe/identity/duplicate.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "fhir/build.h"
#include "fhir/digest.h"
#include "fhir/hex.h"
#include "fhir/incoming.h"
#include "fhir/value.h"
#include "ihe/identity/matricule.h"
#include "ihe/identity/provenance.h"
#include "ihe/identity/record.h"
#include "ihe/match/candidates.h"
#include "ihe/settings.h"

namespace ihe::identity {
namespace {

using fhir::Node;
using fhir::Result;

constexpr std::size_t most_proposals = 20;  // of one patient at a time
constexpr std::size_t most_open = 200;
constexpr std::uint64_t effort = 100'000;  // index rows

const fhir::Type& task_type() {
  static const fhir::Type& type = *fhir::definitions().resource("Task");
  return type;
}

std::string task_of(const std::string& one, const std::string& other) {
  return "pair-" + fhir::to_hex(fhir::sha256(std::min(one, other) + " " + std::max(one, other))).substr(0, 40);
}

bool is_known(const Site& site, const std::string& system) {
  return site.settings.accept_unknown_domains || site.settings.domains.by_uri(system);
}

bool in_index(const Site& site, const Record& record) {
  const auto held = held_by(*record.patient);
  return std::any_of(held.begin(), held.end(), [&](const Held& one) { return is_known(site, one.id.system); });
}

// Two records of one source are merged, those of two are linked.
bool of_one_source(const Site& site, const Record& one, const Record& other) {
  const auto ours = held_by(*one.patient), theirs = held_by(*other.patient);
  return std::any_of(ours.begin(), ours.end(), [&](const Held& held) {
    if (held.account || held.old || site.settings.domains.is_national(held.id.system)) return false;
    return std::any_of(theirs.begin(), theirs.end(), [&](const Held& their) {
      return !their.account && !their.old && their.id.system == held.id.system && is_known(site, held.id.system);
    });
  });
}

bool holds(const std::vector<Record>& group, std::string_view id) {
  return std::any_of(group.begin(), group.end(), [&](const Record& record) { return record.id == id; });
}

std::string score_text(double score) {
  std::array<char, 16> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), score, std::chars_format::fixed, 3).ptr;
  return {buffer.data(), end};
}

class WorkList {
 public:
  WorkList(const Site& site, Record record, bool link_certain)
      : site_(site), record_(std::move(record)), link_certain_(link_certain) {}

  Result<std::vector<fhir::Write>> update() {
    const bool merged = !replaced_by(*record_.patient).empty();
    if (!merged) {
      auto group = group_of(site_, {record_});
      if (!group) return std::move(group.outcome());
      group_ = std::move(*group);
    }
    for (const char* side : {"subject", "focus"})
      if (auto done = settle(side, merged); !done) return std::move(done.outcome());
    if (!merged)
      if (auto done = propose(); !done) return std::move(done.outcome());
    return std::move(writes_);
  }

 private:
  // Open Tasks on pairs that are one person by now.
  Result<bool> settle(const char* side, bool merged) {
    auto query = fhir::search::parse(&task_type(), {{side, "Patient/" + record_.id}, {"status", "requested"}},
                                     site_.base, false);
    if (!query) return std::move(query.outcome());
    auto page = site_.snapshot.search(site_.access, *query, most_open, effort);
    if (!page) return std::move(page.outcome());
    for (const auto& entry : page->entries) {
      const auto incoming = fhir::receive(entry.version->body);
      if (!incoming) return incoming.outcome();
      auto& task = *incoming->resource;
      const auto* other = task.child(side == std::string_view("focus") ? "for" : "focus");
      const auto reference = other ? other->value_of("reference") : std::string_view();
      if (task.value_of("instantiatesUri") != potential_duplicate || !reference.starts_with("Patient/")) continue;
      if (!merged && !holds(group_, reference.substr(8))) continue;
      fhir::build::set(*incoming->arena, task, "status", "cancelled");
      if (auto done = put(task, entry.version->id, entry.version->version); !done) return done;
    }
    return true;
  }

  Result<bool> propose() {
    const auto person = match::person_of(*record_.patient, matricule_system);
    auto candidates = match::candidates(site_.snapshot, site_.access, person, matricule_system,
                                        match::weights_of(site_.settings), record_.id);
    if (!candidates) return std::move(candidates.outcome());
    std::size_t proposed = 0;
    for (const auto& [version, verdict] : *candidates) {
      if (verdict.grade > match::Grade::probable || proposed == most_proposals) break;  // the best come first
      if (holds(group_, version.id)) continue;
      auto other = read_record(version);
      if (!other) return std::move(other.outcome());
      if (!in_index(site_, *other)) continue;
      auto done = propose_pair(*other, verdict);
      if (!done) return done;
      proposed += *done ? 1 : 0;
    }
    return true;
  }

  // False for a pair that was proposed before, whatever became of it.
  Result<bool> propose_pair(const Record& other, const match::Verdict& verdict) {
    const auto id = task_of(record_.id, other.id);
    const auto before = site_.snapshot.read(site_.access, task_type(), id);
    if (!before && before.outcome().kind == fhir::Kind::gone) return false;
    if (before && before->body.find(R"("status":"cancelled")") == std::string::npos) return false;
    const bool newer = born(record_) >= born(other);
    const auto& first = newer ? other : record_;
    const auto& second = newer ? record_ : other;
    const bool certain = verdict.grade == match::Grade::certain;
    const bool accepted = certain && link_certain_;
    fhir::Arena arena;
    auto& task = fhir::build::resource(arena, "Task");
    fhir::build::add(arena, task, "instantiatesUri", potential_duplicate);
    fhir::build::add(arena, task, "status", accepted ? "completed" : "requested");
    fhir::build::add(arena, task, "intent", "proposal");
    fhir::build::add_concept(arena, task, "code", life_cycle,
                             !accepted && of_one_source(site_, first, second) ? "merge" : "link");
    fhir::build::add(arena, task, "description", "Potential duplicate: two records that may be of one person");
    fhir::build::add_reference(arena, task, "focus", "Patient/" + first.id);
    fhir::build::add_reference(arena, task, "for", "Patient/" + second.id);
    fhir::build::add(arena, task, "authoredOn", fhir::instant_text(site_.now));
    auto& input = fhir::build::add(arena, task, "input");
    fhir::build::add_concept(arena, input, "type", "http://terminology.hl7.org/CodeSystem/match-grade",
                             match::code_of(verdict.grade));
    fhir::build::add(arena, input, "valueDecimal", score_text(verdict.score));
    return put(task, id, before ? before->version : 0);
  }

  // When its first version was stored.
  std::int64_t born(const Record& record) const {
    const auto first = site_.snapshot.vread(site_.access, *fhir::definitions().resource("Patient"), record.id, 1);
    return first ? first->last_updated : 0;
  }

  Result<bool> put(const Node& task, const std::string& id, std::int64_t version) {
    auto write = fhir::prepare(task, id, version ? fhir::Method::update : fhir::Method::create, site_.base);
    if (!write) return std::move(write.outcome());
    write->if_version = version;
    write->if_version_planned = true;
    writes_.push_back(std::move(*write));
    return true;
  }

  const Site& site_;
  Record record_;
  bool link_certain_;
  std::vector<Record> group_;  // all records of this person
  std::vector<fhir::Write> writes_;
};

}  // namespace

Result<std::vector<fhir::Write>> duplicates_of(const Site& site, const fhir::Version& patient, bool link_certain) {
  if (patient.deleted()) return std::vector<fhir::Write>();
  auto record = read_record(patient);
  if (!record) return std::move(record.outcome());
  if (!in_index(site, *record)) return std::vector<fhir::Write>();
  return WorkList(site, std::move(*record), link_certain).update();
}

}  // namespace ihe::identity
