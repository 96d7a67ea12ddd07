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

Outcome refused(std::string_view which, std::string_view code, std::string text) {
  return {Kind::unprocessable, code, std::move(text), std::string(which)};
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
  Result<fhir::Batch> finish() && { return std::move(batch_); }

 private:
  const Site& site_;
  fhir::Batch batch_;
};

// `surviving`: what names the survivor in the domain of the merge; null: it is one of all domains.
Result<fhir::Batch> replace(const Site& site, const Record& survivor, const Id* surviving, const Id& subsumed,
                            Record record) {
  Changes changes(site);
  auto& patient = editable(record);
  if (survivor.id == record.id) {
    make_old(record, subsumed);
  } else {
    fhir::build::set(*record.arena, patient, "active", "false");
    auto& link = fhir::build::add(*record.arena, patient, "link");
    auto& other = fhir::build::add_reference(*record.arena, link, "other", "Patient/" + survivor.id);
    if (surviving) add_identifier(*record.arena, other, *surviving);
    fhir::build::add(*record.arena, link, "type", "replaced-by");
  }
  if (auto done = changes.write(record); !done) return std::move(done.outcome());
  return std::move(changes).finish();
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

}  // namespace

Result<Record> holder(const Site& site, const Id& id, std::string_view which, std::string_view feeder) {
  const auto domain = feedable(site, id.system);
  if (!domain) return refused(which, "code-invalid", "The assigning authority is not known here");
  if (!feeder.empty() && !domain->fed_by(feeder))
    return refused(which, "business-rule", "This application may not feed identifiers of this assigning authority");
  auto found = records(site, {{"identifier", token_of(id)}}, 1000);
  if (!found) return std::move(found.outcome());
  if (found->empty()) return refused(which, "not-found", "The patient identifier is not known");
  std::erase_if(*found, [&](const Record& record) {
    const auto held = held_by(*record.patient);
    return !replaced_by(*record.patient).empty() ||
           std::none_of(held.begin(), held.end(), [&](const Held& one) { return one.id == id && !one.old; });
  });
  if (found->empty()) return refused(which, "business-rule", "The patient identifier was merged into another one");
  return std::move(found->front());
}

Result<fhir::Batch> merge(const Site& site, const Id& surviving, const Id& subsumed, std::string_view feeder,
                          MergeIn where) {
  if (surviving.system != subsumed.system)
    return refused("subsumed", "business-rule", "Both identifiers must be of one assigning authority");
  if (surviving == subsumed) return refused("subsumed", "business-rule", "An identifier cannot be merged into itself");
  auto survivor = holder(site, surviving, "surviving", feeder);
  if (!survivor) return std::move(survivor.outcome());
  auto record = holder(site, subsumed, "subsumed", feeder);
  if (!record) return std::move(record.outcome());
  return replace(site, *survivor, where == MergeIn::one_domain ? &surviving : nullptr, subsumed, std::move(*record));
}

Result<fhir::Batch> change_identifier(const Site& site, const Id& prior, const Id& next, std::string_view feeder) {
  if (prior == next) return refused("subsumed", "business-rule", "The identifier does not change");
  const auto domain = feedable(site, next.system);
  if (!domain) return refused("surviving", "code-invalid", "The assigning authority is not known here");
  auto record = holder(site, prior, "subsumed", feeder);
  if (!record) return std::move(record.outcome());
  auto taken = resolve(site, next);
  if (!taken) return std::move(taken.outcome());
  if (!taken->empty()) return refused("surviving", "business-rule", "The new identifier is in use");
  editable(*record);
  make_old(*record, prior);
  add_identifier(*record->arena, *record->patient, next);
  Changes changes(site);
  if (auto done = changes.write(*record); !done) return std::move(done.outcome());
  return std::move(changes).finish();
}

Result<fhir::Batch> link(const Site& site, const Id& one, const Id& other) {
  auto first = holder(site, one, "surviving", {});
  if (!first) return std::move(first.outcome());
  auto second = holder(site, other, "subsumed", {});
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

Result<fhir::Batch> unlink(const Site& site, const Id& one, const Id& other) {
  auto first = holder(site, one, "surviving", {});
  if (!first) return std::move(first.outcome());
  auto second = holder(site, other, "subsumed", {});
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
  if (!changes.any()) return refused("subsumed", "business-rule", "The two patients are not linked to each other");
  if (auto done = changes.tell("unlink", *first, *second); !done) return std::move(done.outcome());
  return std::move(changes).finish();
}

Result<fhir::Batch> change_link(const Site& site, const LinkChange& change, std::string_view feeder) {
  auto now = holder(site, change.now, "surviving", feeder);
  if (!now) return std::move(now.outcome());
  auto before = holder(site, change.before, "subsumed", feeder);
  if (!before) return std::move(before.outcome());
  auto local = holder(site, change.local, "surviving", feeder);
  if (!local) return std::move(local.outcome());
  if (now->id == before->id)
    return refused("subsumed", "business-rule", "The previous and the new patient are the same");
  Changes changes(site);
  if (local->id == before->id) {
    move_identifier(*before, *now, change.local);
    for (const auto* record : {&*before, &*now})
      if (auto done = changes.write(*record); !done) return std::move(done.outcome());
  } else if (local->id != now->id) {
    const bool back = remove_link(*before, local->id);
    remove_link(*local, before->id);
    add_link(*local, now->id);
    add_link(*now, local->id);
    for (const auto* record : {&*local, &*now})
      if (auto done = changes.write(*record); !done) return std::move(done.outcome());
    if (back)
      if (auto done = changes.write(*before); !done) return std::move(done.outcome());
  }
  auto batch = std::move(changes).finish();
  if (!change.subsumed) return batch;
  auto subsumed = holder(site, *change.subsumed, "subsumed", feeder);
  if (!subsumed) return std::move(subsumed.outcome());
  const bool free = std::none_of(batch->writes.begin(), batch->writes.end(),
                                 [&](const fhir::Write& write) { return write.id == subsumed->id; });
  const auto& survivor = local->id == before->id ? *now : *local;
  if (!free || subsumed->id == survivor.id)
    return refused("subsumed", "business-rule", "The subsumed local identifier belongs to one of the patients named");
  auto merged = replace(site, survivor, &change.local, *change.subsumed, std::move(*subsumed));
  if (!merged) return merged;
  std::move(merged->writes.begin(), merged->writes.end(), std::back_inserter(batch->writes));
  return batch;
}

}  // namespace ihe::identity
