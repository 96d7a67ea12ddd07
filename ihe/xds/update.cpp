// Metadata update: see update.h. The operations are named by associations from the SubmissionSet:
//
//   HasMember with Slot PreviousVersion    new version of an entry or folder, same lid
//   UpdateAvailabilityStatus               Slots OriginalStatus, NewStatus
//   SubmitAssociation                      its target is an association of the message
#include "ihe/xds/update.h"

#include <algorithm>
#include <map>
#include <set>

#include "ihe/xds/attribute.h"
#include "ihe/xds/names.h"

namespace ihe::xds {
namespace {

std::string values_of(const RegistryObject& object, std::string_view slot) {
  const Slot* found = object.slot(slot);
  std::string all;
  if (found)
    for (const auto& value : found->values) all += value + "\n";
  return all;
}

class Updating {
 public:
  Updating(Work& work, Submission submission, bool restricted)
      : work_(work), objects_(std::move(submission.objects)), restricted_(restricted) {}

  void run() {
    for (auto& object : objects_) {
      if (object.kind == Kind::submission_set) {
        if (set_) return work_.errors.add(code::registry_metadata, "The submission has several SubmissionSets");
        set_ = &object;
      }
    }
    if (!set_) return work_.errors.add(code::registry_metadata, "The submission has no SubmissionSet");
    assign_ids(work_, objects_, code::registry_metadata);
    for (auto& object : objects_) fresh_.emplace(object.id, &object);
    check_attributes(work_, *set_, Submitted::registered, code::registry_metadata);
    patient_of(work_, patient_id(*set_), *set_);
    check_unique_id();
    plan();
    if (!work_.errors.failed()) apply();
  }

 private:
  struct NewVersion {
    RegistryObject* object;
    std::string before;  // id of the version that it follows
    bool propagate = true;
  };
  struct NewStatus {
    std::string target;
    bool association = false;
    std::string status;
  };

  void fail(std::string_view error_code, const RegistryObject& object, const std::string& text) {
    work_.wrong(error_code, object, ": " + text);
  }

  void check_unique_id() {
    const std::string id(unique_id(*set_));
    if (!id.empty() && !work_.registry.find(Index::unique_id, {id}).empty())
      fail(code::duplicate_in_registry, *set_, "the uniqueId " + id + " is in use");
  }

  void plan() {
    bool any = false;
    std::vector<const RegistryObject*> submitted;
    for (auto& object : objects_) {
      if (object.kind != Kind::association || object.source != set_->id) continue;
      any = true;
      if (restricted_ && object.type != relation::has_member)
        fail(code::update_operation, object, "a restricted update has new versions only");
      else if (object.type == relation::has_member)
        plan_version(object);
      else if (object.type == relation::update_status)
        statuses_to_check_.push_back(&object);
      else if (object.type == relation::submit_association)
        submitted.push_back(&object);
      else
        fail(code::registry_metadata, object, "\"" + object.type + "\" is no operation of metadata update");
    }
    if (!any) work_.errors.add(code::update_operation, "The submission has no operation");
    for (const auto* operation : statuses_to_check_) plan_status(*operation);
    for (const auto* operation : submitted) plan_association(*operation);
    for (const auto& object : objects_)
      if (object.kind == Kind::association && object.source != set_->id && !used_.contains(object.id))
        fail(code::update_operation, object, "no SubmitAssociation names it");
    for (const auto& object : objects_)
      if (object.kind != Kind::association && &object != set_ && !used_.contains(object.id))
        fail(code::update_operation, object, "no operation names it");
  }

  void plan_version(const RegistryObject& association) {
    used_.insert(association.target);
    const auto found = fresh_.find(association.target);
    auto* object = found == fresh_.end() ? nullptr : found->second;
    if (!object || (object->kind != Kind::document_entry && object->kind != Kind::folder))
      return fail(code::unresolved, association, association.target + " is no DocumentEntry or Folder of the message");
    if (restricted_ && object->kind == Kind::folder)
      return fail(code::update_operation, *object, "a restricted update is of DocumentEntries");
    if (!association.slot(slot::previous_version) || !is_uuid(object->lid))
      return fail(code::update, *object, "an update needs the logical id and the PreviousVersion");
    if (!updated_.insert(object->lid).second)
      return fail(code::update_operation, *object, "two operations update " + object->lid);
    const auto versions = work_.registry.versions(object->lid);
    if (versions.empty()) return fail(code::update_version, *object, object->lid + " is not registered");
    const auto& before = versions.back()->record.object;
    if (association.value(slot::previous_version) != std::to_string(version(before)))
      return fail(code::update_version, *object, "the version now is " + std::to_string(version(before)));
    check_attributes(work_, *object, is_on_demand(*object) ? Submitted::on_demand : Submitted::registered,
                     code::registry_metadata);
    check_change(*object, *versions.back());
    const bool propagate = association.value(slot::association_propagation) != "no";
    versions_.push_back({object, before.id, propagate});
  }

  void check_change(const RegistryObject& now, const Stored& stored) {
    const auto& before = stored.record.object;
    if (now.kind != before.kind) return fail(code::update, now, "an update keeps the kind of the object");
    if (!restricted_ && !before.approved()) fail(code::update, now, "the version before is deprecated");
    if (!restricted_ && now.object_type != before.object_type) fail(code::update, now, "the objectType cannot change");
    if (unique_id(now) != unique_id(before))
      fail(code::update_identifier, now, "the uniqueId cannot change from " + std::string(unique_id(before)));
    if (owner_of(now) != owner_of(*set_))
      fail(code::patient_reconciliation, now, "its SubmissionSet is of another patient");
    if (owner_of(now) != owner_of(before)) {
      if (restricted_)
        fail(code::patient_reconciliation, now, "the patientId cannot change");
      else if (patient_of(work_, patient_id(now), now) && has_relations(stored))
        fail(code::patient_reconciliation, now, "folders or relationships would be of another patient");
    }
    if (restricted_) check_restricted(now, before);
  }

  // The logical id of the patient, the same under all names that merges gave; "" for one that is not known.
  std::string owner_of(const RegistryObject& object) {
    const auto cx = cx_of(patient_id(object));
    const auto* known = cx ? work_.patients.find(*cx) : nullptr;
    return known ? known->id : std::string();
  }

  // ITI-92: what only the registry or the first submission decides.
  void check_restricted(const RegistryObject& now, const RegistryObject& before) {
    const auto keep = [&](std::string_view name, bool same) {
      if (!same) fail(code::unmodifiable, now, std::string(name) + " cannot change");
    };
    keep("availabilityStatus", now.status.empty() || now.status == before.status);
    keep("objectType", now.object_type == before.object_type);
    for (const auto slot : {slot::repository_unique_id, slot::document_availability, slot::source_patient_id})
      keep(slot, values_of(now, slot) == values_of(before, slot));
  }

  // Member of a folder, or related to other entries.
  bool has_relations(const Stored& stored) {
    const auto counts = [](const RegistryObject& association) { return association.approved(); };
    const auto& own = stored.record.associations;
    if (std::any_of(own.begin(), own.end(), counts)) return true;
    const auto& id = stored.record.object.id;
    for (const auto* holder : work_.registry.pointing_at(id)) {
      if (holder->record.object.kind == Kind::submission_set) continue;
      for (const auto& association : holder->record.associations)
        if (association.target == id && counts(association)) return true;
    }
    return false;
  }

  void plan_status(const RegistryObject& operation) {
    const auto original = operation.value(slot::original_status), next = operation.value(slot::new_status);
    const auto is_status = [](std::string_view text) { return text == status::approved || text == status::deprecated; };
    if (operation.slots.size() != 2 || !is_status(original) || !is_status(next) || original == next)
      return fail(code::update_operation, operation,
                  "it has the Slots OriginalStatus and NewStatus, with two different statuses, and no others");
    if (!restated_.insert(operation.target).second)
      return fail(code::update_operation, operation, "two operations change the status of " + operation.target);
    const RegistryObject* target = nullptr;
    bool association = false;
    for (const auto& [object, before, propagate] : versions_)
      if (object->id == operation.target) target = object;
    std::string current(target ? status::approved : "");  // a version of this message starts as Approved
    if (!target) {
      if (const auto* stored = work_.registry.find(operation.target)) {
        target = &stored->record.object;
        if (target->superseded) return fail(code::update, operation, target->id + " is not the newest version");
      } else if (const auto* holder = work_.registry.holder(operation.target)) {
        association = true;
        for (const auto& one : holder->record.associations)
          if (one.id == operation.target) target = &one;
        const bool settable = holder->record.object.kind != Kind::submission_set;
        if (!settable) return fail(code::update, operation, "the status of a member of a SubmissionSet is fixed");
      }
      if (!target) return fail(code::unresolved, operation, operation.target + " is not registered");
      current = target->status;
    }
    if (target->kind == Kind::submission_set)
      return fail(code::update, operation, "the status of a SubmissionSet is fixed");
    if (current != original) return fail(code::update, operation, "the status of " + target->id + " is " + current);
    statuses_.push_back({operation.target, association, std::string(next)});
  }

  void plan_association(const RegistryObject& operation) {
    const auto found = fresh_.find(operation.target);
    if (found == fresh_.end() || found->second->kind != Kind::association)
      return fail(code::unresolved, operation, operation.target + " is no association of the message");
    const auto& association = *found->second;
    used_.insert(association.id);
    if (association.source == association.target)
      return fail(code::registry_metadata, association, "source and target are the same object");
    check_attributes(work_, association, Submitted::registered, code::registry_metadata);
    const auto* source = end_of(association, association.source);
    const auto* target = end_of(association, association.target);
    if (!source || !target) return;
    const bool member = association.type == relation::has_member && source->kind == Kind::folder &&
                        target->kind == Kind::document_entry;
    const bool relationship = is_relationship(association.type) && source->kind == Kind::document_entry &&
                              target->kind == Kind::document_entry;
    if (!member && !relationship)
      return fail(code::registry_metadata, association, "it is neither of a Folder to its member nor a relationship");
    if (const auto* stored = work_.registry.find(association.source);
        member && stored && holds(stored->record, association.target))
      return fail(code::update, association, association.target + " is a member of the Folder already");
    const auto owner = owner_of(*source);
    if (owner.empty() || owner != owner_of(*target))
      return fail(code::patient_reconciliation, association, "its ends are of different patients");
    submitted_.push_back(found->second);
  }

  // A registered object that is not deprecated, or a new version of this message that does not propagate.
  const RegistryObject* end_of(const RegistryObject& association, const std::string& id) {
    for (const auto& [object, before, propagate] : versions_) {
      if (object->id != id) continue;
      if (propagate)
        fail(code::update_operation, association, "the update of " + object->lid + " propagates associations itself");
      return object;
    }
    const auto* stored = work_.registry.find(id);
    if (!stored) {
      fail(code::unresolved, association, id + " is not registered");
      return nullptr;
    }
    if (!stored->record.object.approved()) fail(code::deprecated, association, id + " is deprecated");
    return &stored->record.object;
  }

  void apply() {
    set_->lid = set_->version = set_->home = {};
    set_->status = status::approved;
    auto& set = work_.registry.add(*set_);
    for (const auto& version : versions_) apply(version);
    for (const auto& change : statuses_) apply(change);
    for (auto* association : submitted_) {
      auto& source = work_.registry.change(association->source);
      association->status = status::approved;
      source.record.associations.push_back(*association);
      if (source.record.object.kind == Kind::folder)
        source.record.object.set(slot::last_update_time, dtm_text(work_.site.now));
      if (replaces(association->type)) deprecate_with_children(work_, association->target);
    }
    for (auto& object : objects_) {
      if (object.kind != Kind::association || object.source != set_->id || object.type == relation::update_status)
        continue;
      object.type = relation::has_member;  // what SubmitAssociation leaves behind
      object.status = status::approved;
      set.record.associations.push_back(object);
    }
  }

  void apply(const NewVersion& next) {
    auto& before = work_.registry.change(next.before);
    auto& object = *next.object;
    object.version = std::to_string(version(before.record.object) + 1);
    object.status = before.record.object.status;
    object.home = {};
    if (object.kind == Kind::folder) object.set(slot::last_update_time, dtm_text(work_.site.now));
    before.record.object.status = status::deprecated;
    before.record.object.superseded = true;
    auto& added = work_.registry.add(object);
    work_.follows.emplace(object.id, next.before);
    if (!next.propagate) return;
    for (const auto& association : before.record.associations)
      if (association.approved())
        added.record.associations.push_back(copy_of(association, object.id, association.target));
    for (const auto* holder : work_.registry.pointing_at(next.before)) {
      if (holder->record.object.kind == Kind::submission_set || holder->record.object.superseded) continue;
      std::vector<RegistryObject> copies;
      for (const auto& association : holder->record.associations)
        if (association.target == next.before && association.approved())
          copies.push_back(copy_of(association, association.source, object.id));
      auto& changed = work_.registry.change(holder->record.object.id);
      for (auto& copy : copies) changed.record.associations.push_back(std::move(copy));
    }
  }

  RegistryObject copy_of(RegistryObject association, const std::string& source, const std::string& target) {
    association.id = new_uuid(work_.site);
    association.lid = association.version = {};
    association.source = source;
    association.target = target;
    return association;
  }

  void apply(const NewStatus& change) {
    if (!change.association) {
      work_.registry.change(change.target).record.object.status = change.status;
      return;
    }
    const auto* holder = work_.registry.holder(change.target);
    for (auto& association : work_.registry.change(holder->record.object.id).record.associations)
      if (association.id == change.target) association.status = change.status;
  }

  Work& work_;
  std::vector<RegistryObject> objects_;
  bool restricted_;
  RegistryObject* set_ = nullptr;
  std::map<std::string, RegistryObject*, std::less<>> fresh_;
  std::set<std::string> updated_;   // lids
  std::set<std::string> used_;      // objects of the message that an operation names
  std::set<std::string> restated_;  // objects whose status an operation changes
  std::vector<const RegistryObject*> statuses_to_check_;
  std::vector<NewVersion> versions_;
  std::vector<NewStatus> statuses_;
  std::vector<RegistryObject*> submitted_;
};

}  // namespace

void update(Work& work, Submission submission, bool restricted) {
  Updating(work, std::move(submission), restricted).run();
}

}  // namespace ihe::xds
