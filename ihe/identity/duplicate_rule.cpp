// What the status of a potential duplicate (duplicate.h) does: completed links or merges its pair in the same commit,
// and leaving it takes that back.
#include <algorithm>
#include <optional>

#include "fhir/build.h"
#include "fhir/bundle.h"
#include "fhir/incoming.h"
#include "fhir/rule.h"
#include "ihe/identity/duplicate.h"
#include "ihe/identity/provenance.h"
#include "ihe/identity/record.h"

namespace ihe::identity {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

Outcome refused(std::string_view code, std::string text, std::string place) {
  return {Kind::unprocessable, code, std::move(text), std::move(place)};
}

// A pair as a Task has it.
struct Pair {
  std::string focus, other;  // logical ids
  bool accepted = false;
  bool merges = false;
  bool operator==(const Pair&) const = default;
};

Result<std::string> patient_of(const Node& task, std::string_view name) {
  const auto* element = task.child(name);
  const auto reference = element ? element->value_of("reference") : std::string_view();
  if (!reference.starts_with("Patient/") || !fhir::is_id(reference.substr(8)))
    return refused("value", "A potential duplicate is a pair of Patients of this server", "Task." + std::string(name));
  return std::string(reference.substr(8));
}

std::string_view action_of(const Node& task) {
  const auto* code = task.child("code");
  if (code)
    for (const auto& coding : *code)
      if (coding.name == "coding" && coding.value_of("system") == life_cycle) return coding.value_of("code");
  return {};
}

// Nothing for a Task that is no potential duplicate.
Result<std::optional<Pair>> read_pair(std::string_view bytes) {
  if (bytes.find(potential_duplicate) == std::string_view::npos) return std::optional<Pair>();
  const auto incoming = fhir::receive(bytes);
  if (!incoming) return incoming.outcome();
  const auto& task = *incoming->resource;
  if (task.value_of("instantiatesUri") != potential_duplicate) return std::optional<Pair>();
  const auto focus = patient_of(task, "focus");
  if (!focus) return focus.outcome();
  const auto other = patient_of(task, "for");
  if (!other) return other.outcome();
  const auto action = action_of(task);
  if (action != "link" && action != "merge")
    return refused("value", "The code says what accepting does: link or merge", "Task.code");
  if (*focus == *other) return refused("value", "A patient is no duplicate of itself", "Task.for");
  return std::optional<Pair>({*focus, *other, task.value_of("status") == "completed", action == "merge"});
}

// Both records of a pair, changed together: one write each.
class Records {
 public:
  Records(const Site& site, fhir::Batch& batch, fhir::WritesByName& writes)
      : site_(site), batch_(batch), writes_(writes) {}

  Result<bool> read(const Pair& pair) {
    for (const auto& id : {pair.focus, pair.other}) {
      const auto* type = fhir::definitions().resource("Patient");
      if (writes_.find(*type, id))
        return refused("business-rule", "A Patient of the pair is changed by the same request: judge the pair apart",
                       "Task.focus");
      auto version = site_.snapshot.read(site_.access, *type, id);
      if (!version) return refused("not-found", "A Patient of the pair does not exist", "Task.focus");
      auto record = read_record(*version);
      if (!record) return std::move(record.outcome());
      editable(*record);
      records_.push_back({std::move(*record), false});
    }
    return true;
  }

  void undo(const Pair& pair) {
    auto& other = of(pair.other);
    if (pair.merges) {
      if (replaced_by(*other.record.patient) != "Patient/" + pair.focus) return;
      drop_replacement(other);
      return;
    }
    auto& focus = of(pair.focus);
    focus.changed |= remove_link(focus.record, pair.other);
    other.changed |= remove_link(other.record, pair.focus);
    activity_ = "unlink";
  }

  Result<bool> carry_out(const Pair& pair) {
    auto& focus = of(pair.focus);
    auto& other = of(pair.other);
    for (const auto* one : {&focus, &other})
      if (!replaced_by(*one->record.patient).empty())
        return refused("business-rule", "A Patient of the pair was merged into another one", "Task.focus");
    if (!pair.merges) {
      focus.changed |= add_link(focus.record, pair.other);
      other.changed |= add_link(other.record, pair.focus);
      activity_ = "link";
      return true;
    }
    auto& arena = *other.record.arena;
    fhir::build::set(arena, *other.record.patient, "active", "false");
    auto& link = fhir::build::add(arena, *other.record.patient, "link");
    fhir::build::add_reference(arena, link, "other", "Patient/" + pair.focus);
    fhir::build::add(arena, link, "type", "replaced-by");
    other.changed = true;
    return true;
  }

  // A merge gets its Provenance, and the survivor its change, from the rule of Patient.
  Result<bool> write() {
    std::vector<std::string> changed;
    for (const auto& one : records_) {
      if (!one.changed) continue;
      auto write = write_of(site_, one.record);
      if (!write) return std::move(write.outcome());
      batch_.writes.push_back(std::move(*write));
      changed.push_back("Patient/" + one.record.id);
    }
    if (changed.empty() || activity_.empty()) return true;
    auto made = provenance(site_, activity_, changed);
    if (!made) return std::move(made.outcome());
    batch_.writes.push_back(std::move(*made));
    return true;
  }

 private:
  struct Changed {
    Record record;
    bool changed = false;
  };

  Changed& of(const std::string& id) { return records_[records_.front().record.id == id ? 0 : 1]; }

  static void drop_replacement(Changed& one) {
    auto& patient = *one.record.patient;
    for (const Node* child = patient.first; child;) {
      const auto* next = child->next;
      if (child->name == "link" && child->value_of("type") == "replaced-by") fhir::build::remove(patient, *child);
      child = next;
    }
    fhir::build::set(*one.record.arena, patient, "active", "true");
    one.changed = true;
  }

  const Site& site_;
  fhir::Batch& batch_;
  fhir::WritesByName& writes_;
  std::vector<Changed> records_;
  std::string_view activity_;
};

Result<std::optional<Pair>> stored_pair(const fhir::RuleSite& site, const fhir::Write& write) {
  const auto version = site.snapshot.read(site.access, *write.type, write.id);
  return version ? read_pair(version->body) : std::optional<Pair>();
}

Result<bool> run(const fhir::RuleSite& rule_site, fhir::Batch& batch, std::size_t at) {
  const auto& write = batch.writes[at];
  if (write.method == fhir::Method::remove) return true;
  if (write.body.bytes.find(potential_duplicate) == std::string::npos) return true;
  const auto written = read_pair(fhir::stored_bytes(write.body, 1, 0));
  if (!written) return written.outcome();
  const auto& now = *written;
  if (!now) return true;
  const auto stored = stored_pair(rule_site, write);
  if (!stored) return stored.outcome();
  const auto& before = *stored;
  const Pair* was = before && before->accepted ? &*before : nullptr;
  if (was ? *was == *now : !now->accepted) return true;
  if (was && std::minmax(was->focus, was->other) != std::minmax(now->focus, now->other))
    return refused("business-rule", "The pair of an accepted Task stays as it is", "Task.focus");
  const Site site{rule_site.snapshot, rule_site.access, rule_site.settings,
                  rule_site.base,     rule_site.now,    rule_site.ids};
  Records records(site, batch, *rule_site.writes);
  if (auto done = records.read(*now); !done) return done;
  if (was) records.undo(*was);
  if (now->accepted)
    if (auto done = records.carry_out(*now); !done) return done;
  return records.write();
}

}  // namespace
}  // namespace ihe::identity

namespace fhir::rules {

extern constinit const Rule potential_duplicate{
    .name = "potential-duplicate", .types = "Task", .run = ihe::identity::run};

}  // namespace fhir::rules
