// Merges, changes of identifiers and links between records: ITI TF-2 3.8.4.2, 3.30, 3.64. A merge writes only that one
// record is replaced by another; what follows from it is the rule of Patient (rule.cpp), the same for every door.
#include <algorithm>

#include "fhir/build.h"
#include "ihe/identity/provenance.h"
#include "ihe/identity/record.h"
#include "ihe/settings.h"

namespace ihe::identity {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

Outcome refused(const Named& named, std::string_view code, std::string text) {
  return {Kind::unprocessable, code, std::move(text), named.place};
}

Node* child_of(Node& node, std::string_view name, const Node* after = nullptr) {
  for (Node* child = after ? after->next : node.first; child; child = child->next)
    if (child->name == name) return child;
  return nullptr;
}

void make_old(Record& record, const Id& id) {
  for (Node* child = record.patient->first; child; child = child->next)
    if (child->name == "identifier" && child->value_of("system") == id.system && child->value_of("value") == id.value)
      fhir::build::set(*record.arena, *child, "use", "old");
}

void add_identifier(fhir::Arena& arena, Node& owner, const Id& id) {
  auto& identifier = fhir::build::add(arena, owner, "identifier");
  fhir::build::add(arena, identifier, "system", id.system);
  fhir::build::add(arena, identifier, "value", id.value);
}

class Changes {
 public:
  explicit Changes(const Site& site) : site_(site) { batch_.access = site.access; }

  Result<bool> write(const Record& record) {
    auto write = write_of(site_, record);
    if (!write) return std::move(write.outcome());
    batch_.writes.push_back(std::move(*write));
    return true;
  }
  Result<bool> tell(std::string_view activity, const Record& one, const Record& other) {
    auto write = provenance(site_, activity, {"Patient/" + one.id, "Patient/" + other.id});
    if (!write) return std::move(write.outcome());
    batch_.writes.push_back(std::move(*write));
    return true;
  }
  bool any() const { return !batch_.writes.empty(); }
  bool writes(const std::string& id) const {
    return std::any_of(batch_.writes.begin(), batch_.writes.end(),
                       [&](const fhir::Write& write) { return write.id == id; });
  }
  Result<fhir::Batch> finish() && { return std::move(batch_); }

 private:
  const Site& site_;
  fhir::Batch batch_;
};

// A record and who is to take it over, as identifiers of one or several domains say.
struct Replacing {
  Record survivor, record;
  std::vector<const Duplicate*> by;
};

Result<bool> replace(Changes& changes, Replacing& replacing) {
  auto& record = replacing.record;
  auto& patient = editable(record);
  const auto& survivor = replacing.survivor.id;
  if (survivor != record.id) fhir::build::set(*record.arena, patient, "active", "false");
  for (const auto* one : replacing.by) {
    if (survivor == record.id) {
      make_old(record, one->subsumed.id);
      continue;
    }
    auto& link = fhir::build::add(*record.arena, patient, "link");
    auto& other = fhir::build::add_reference(*record.arena, link, "other", "Patient/" + survivor);
    add_identifier(*record.arena, other, one->surviving.id);
    fhir::build::add(*record.arena, link, "type", "replaced-by");
  }
  return changes.write(record);
}

// Takes an identifier out of one record and puts it into another.
void move_identifier(Record& from, Record& to, const Id& id) {
  auto& source = editable(from);
  auto& target = editable(to);
  for (Node* child = child_of(source, "identifier"); child; child = child_of(source, "identifier", child)) {
    if (child->value_of("system") != id.system || child->value_of("value") != id.value) continue;
    fhir::build::add_copy(*to.arena, target, *child);
    fhir::build::remove(source, *child);
    return;
  }
}

// The record that says of itself what `record` is called: one that was merged into it, where it adopted the identifier.
Result<Record> owner_of(const Site& site, Record record, const Id& id) {
  if (!adopted(*record.patient, id)) return record;
  auto merged = with_merged(site, record);
  if (!merged) return std::move(merged.outcome());
  for (auto& one : *merged) {
    const auto held = held_by(*one.patient);
    const bool holds = std::any_of(held.begin(), held.end(), [&](const Held& h) { return h.id == id && !h.old; });
    if (holds && !adopted(*one.patient, id)) return std::move(one);
  }
  return record;
}

}  // namespace

Result<Record> holder(const Site& site, const Named& named, std::string_view feeder) {
  const auto& id = named.id;
  const auto domain = feedable(site, id.system);
  if (!domain) return refused(named, "code-invalid", "The assigning authority is not known here");
  if (!feeder.empty() && !domain->fed_by(feeder))
    return refused(named, "business-rule", "This application may not feed identifiers of this assigning authority");
  auto found = records(site, {{"identifier", token_of(id)}}, 1000);
  if (!found) return std::move(found.outcome());
  if (found->empty()) return refused(named, "not-found", "The patient identifier is not known");
  std::erase_if(*found, [&](const Record& record) {
    const auto held = held_by(*record.patient);
    return !replaced_by(*record.patient).empty() ||
           std::none_of(held.begin(), held.end(), [&](const Held& one) { return one.id == id && !one.old; });
  });
  if (found->empty()) return refused(named, "business-rule", "The patient identifier was merged into another one");
  return std::move(found->front());
}

Result<fhir::Batch> merge(const Site& site, std::span<const Duplicate> duplicates, std::string_view feeder) {
  const auto names_nobody = [](const Outcome& outcome) {
    const auto& code = outcome.issues.front().code;
    return code == "not-found" || code == "code-invalid";
  };
  std::vector<Replacing> all;
  const Named* common = nullptr;
  for (const auto& one : duplicates) {
    if (one.surviving.id.system != one.subsumed.id.system)
      return refused(one.subsumed, "business-rule", "Both identifiers must be of one assigning authority");
    if (one.surviving.id == one.subsumed.id) {  // what both are called already
      common = &one.subsumed;
      continue;
    }
    auto survivor = holder(site, one.surviving, feeder);
    auto record = survivor ? holder(site, one.subsumed, feeder) : survivor;
    if (!record) {
      if (!all.empty() && names_nobody(record.outcome())) continue;
      return std::move(record.outcome());
    }
    const auto before =
        std::find_if(all.begin(), all.end(), [&](const Replacing& r) { return r.record.id == record->id; });
    if (before == all.end())
      all.push_back({std::move(*survivor), std::move(*record), {&one}});
    else if (before->survivor.id == survivor->id)
      before->by.push_back(&one);
    else
      return refused(one.surviving, "business-rule", "The patient is merged into two others at once");
  }
  if (all.empty() && common) return refused(*common, "business-rule", "An identifier cannot be merged into itself");
  Changes changes(site);
  for (auto& replacing : all)
    if (auto done = replace(changes, replacing); !done) return std::move(done.outcome());
  return std::move(changes).finish();
}

Result<fhir::Batch> change_identifier(const Site& site, const Named& prior, const Named& next,
                                      std::string_view feeder) {
  if (prior.id == next.id) return refused(prior, "business-rule", "The identifier does not change");
  const auto domain = feedable(site, next.id.system);
  if (!domain) return refused(next, "code-invalid", "The assigning authority is not known here");
  auto found = holder(site, prior, feeder);
  if (!found) return std::move(found.outcome());
  auto taken = resolve(site, next.id);
  if (!taken) return std::move(taken.outcome());
  if (!taken->empty()) return refused(next, "business-rule", "The new identifier is in use");
  auto record = owner_of(site, std::move(*found), prior.id);
  if (!record) return std::move(record.outcome());
  editable(*record);
  make_old(*record, prior.id);
  add_identifier(*record->arena, *record->patient, next.id);
  Changes changes(site);
  if (auto done = changes.write(*record); !done) return std::move(done.outcome());
  return std::move(changes).finish();
}

Result<fhir::Batch> link(const Site& site, const Named& one, const Named& other) {
  auto first = holder(site, one, {});
  if (!first) return std::move(first.outcome());
  auto second = holder(site, other, {});
  if (!second) return std::move(second.outcome());
  Changes changes(site);
  if (first->id == second->id) return std::move(changes).finish();
  if (add_link(*first, second->id))
    if (auto done = changes.write(*first); !done) return std::move(done.outcome());
  if (add_link(*second, first->id))
    if (auto done = changes.write(*second); !done) return std::move(done.outcome());
  if (changes.any())
    if (auto done = changes.tell("link", *first, *second); !done) return std::move(done.outcome());
  return std::move(changes).finish();
}

Result<fhir::Batch> unlink(const Site& site, const Named& one, const Named& other) {
  auto first = holder(site, one, {});
  if (!first) return std::move(first.outcome());
  auto second = holder(site, other, {});
  if (!second) return std::move(second.outcome());
  auto these = with_merged(site, *first);
  if (!these) return std::move(these.outcome());
  auto those = with_merged(site, *second);
  if (!those) return std::move(those.outcome());
  Changes changes(site);
  for (const bool forth : {true, false})
    for (auto& record : forth ? *these : *those) {
      bool any = false;
      for (const auto& to : forth ? *those : *these) any = remove_link(record, to.id) || any;
      if (!any) continue;
      if (auto done = changes.write(record); !done) return std::move(done.outcome());
    }
  if (!changes.any()) return refused(other, "business-rule", "The two patients are not linked to each other");
  if (auto done = changes.tell("unlink", *first, *second); !done) return std::move(done.outcome());
  return std::move(changes).finish();
}

Result<fhir::Batch> change_link(const Site& site, const LinkChange& change, std::string_view feeder) {
  auto now = holder(site, change.now, feeder);
  if (!now) return std::move(now.outcome());
  auto before = holder(site, change.before, feeder);
  if (!before) return std::move(before.outcome());
  auto local = holder(site, change.local, feeder);
  if (!local) return std::move(local.outcome());
  const bool moves = now->id != before->id;
  if (!moves && !change.subsumed)
    return refused(change.before, "business-rule", "The previous and the new patient are the same");
  Changes changes(site);
  const bool held_before = local->id == before->id;
  if (moves && held_before) {
    auto owner = owner_of(site, std::move(*local), change.local.id);
    if (!owner) return std::move(owner.outcome());
    move_identifier(*owner, *now, change.local.id);
    for (const auto* record : {&*owner, &*now})
      if (auto done = changes.write(*record); !done) return std::move(done.outcome());
  } else if (moves && local->id != now->id) {
    const bool back = remove_link(*before, local->id);
    remove_link(*local, before->id);
    add_link(*local, now->id);
    add_link(*now, local->id);
    for (const auto* record : {&*local, &*now})
      if (auto done = changes.write(*record); !done) return std::move(done.outcome());
    if (back)
      if (auto done = changes.write(*before); !done) return std::move(done.outcome());
  }
  if (!change.subsumed) return std::move(changes).finish();
  const auto& named = *change.subsumed;
  auto subsumed = holder(site, named, feeder);
  if (!subsumed) return std::move(subsumed.outcome());
  auto& survivor = held_before ? *now : *local;
  if (changes.writes(subsumed->id) || (moves && subsumed->id == survivor.id))
    return refused(named, "business-rule", "The subsumed local identifier belongs to one of the patients named");
  const Duplicate duplicate{change.local, named};
  Replacing replacing{std::move(survivor), std::move(*subsumed), {&duplicate}};
  if (auto done = replace(changes, replacing); !done) return std::move(done.outcome());
  return std::move(changes).finish();
}

}  // namespace ihe::identity
