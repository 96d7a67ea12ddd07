// Documents that follow a local identifier: see link_change.h.
#include "ihe/xds/link_change.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include "ihe/xds/compose.h"
#include "ihe/xds/submission.h"
#include "ihe/xds/to_fhir.h"

namespace ihe::xds {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

// Of HL7 table 0003: what the set was made for.
const Code moved_patient{"A43", "2.16.840.1.113883.12.3", "Move patient information - patient identifier list"};

bool is_current(const RegistryObject& object) { return object.approved() && !object.superseded; }

class Following {
 public:
  Following(const Site& site, const LinkChange& change) : work_(site), change_(change) {}

  Result<bool> run(fhir::Batch& batch) {
    find_entries(change_.before);
    if (change_.subsumed && moves()) find_entries(change_.now);
    if (moves()) find_folders();
    if (const auto* failure = work_.failure()) return *failure;
    if (next_.empty()) return true;
    if (!conflict_.empty())
      return Outcome(Kind::unprocessable, "business-rule",
                     conflict_ + " would be of two patients: resolve it by ITI-57 first, and send the message again");
    auto& set = make_set();
    for (const auto& id : order_) renew(set, id);
    auto made = batch_of(work_);
    if (!made) return std::move(made.outcome());
    std::move(made->expect.begin(), made->expect.end(), std::back_inserter(batch.expect));
    std::move(made->writes.begin(), made->writes.end(), std::back_inserter(batch.writes));
    return true;
  }

 private:
  bool moves() const { return !change_.now.same(change_.before); }

  void take(const std::string& id) {
    if (next_.emplace(id, new_uuid(work_.site)).second) order_.push_back(id);
  }

  // Entries of the patient that came from the local identifier, or the subsumed one.
  void find_entries(const Cx& patient) {
    const auto* known = work_.patients.find(patient);
    if (!known) return;
    for (const auto* stored : work_.registry.of_patients(xds::Kind::document_entry, work_.patients.all_of(*known))) {
      const auto& entry = stored->record.object;
      const auto owner = cx_of(patient_id(entry)), source = cx_of(entry.value(slot::source_patient_id));
      if (!is_current(entry) || !source || !owner || owner->authority != change_.before.authority) continue;
      const bool from_local = source->same(change_.local) && patient.same(change_.before) && moves();
      if (from_local || (change_.subsumed && source->same(*change_.subsumed))) take(entry.id);
    }
  }

  // Folders go along where all their current entries do. Other ties between what moves and what stays cannot be.
  void find_folders() {
    const auto entries = order_;
    for (const auto& id : entries) {
      for (const auto* holder : work_.registry.pointing_at(id)) {
        const auto& object = holder->record.object;
        if (object.kind == xds::Kind::submission_set || !is_current(object) || next_.contains(object.id)) continue;
        if (object.kind == xds::Kind::folder && ends_move(*holder))
          take(object.id);
        else if (ties(*holder, id))
          conflict_ = std::string(word_of(object.kind)) + " " + object.id;
      }
      if (const auto* stored = work_.registry.find(id); stored && !ends_move(*stored))
        conflict_ = "DocumentEntry " + id + " and what it is related to";
    }
  }

  static bool ties(const Stored& holder, const std::string& target) {
    const auto& all = holder.record.associations;
    return std::any_of(all.begin(), all.end(), [&](const RegistryObject& association) {
      return association.target == target && association.approved();
    });
  }

  // Whether all current objects that it points at move as well.
  bool ends_move(const Stored& stored) {
    return std::all_of(
        stored.record.associations.begin(), stored.record.associations.end(), [&](const RegistryObject& association) {
          return !association.approved() || next_.contains(association.target) || !stays(association.target);
        });
  }

  bool stays(const std::string& id) {
    const auto* stored = work_.registry.find(id);
    return stored && is_current(stored->record.object);
  }

  Stored& make_set() {
    Composition composition;
    composition.patient = change_.now.text();
    composition.source_id = is_oid(change_.sender) ? change_.sender : work_.site.settings.repository_id;
    composition.content_type = moved_patient;
    composition.now = work_.site.now;
    auto composed = compose(composition, [&] {
      auto digits = new_uuid(work_.site).substr(uuid_prefix.size());
      std::erase(digits, '-');
      return digits;
    });
    auto& set = composed.objects.front();
    set.status = status::approved;
    return work_.registry.add(std::move(set));
  }

  // A new version of the object, with what ties it to others.
  void renew(Stored& set, const std::string& id) {
    auto& before = work_.registry.change(id).record;
    auto next = before.object;
    next.id = next_.at(id);
    next.lid = lid(before.object);
    next.version = std::to_string(version(before.object) + 1);
    next.fresh = true;
    for (auto* labels : {&next.classifications, &next.identifiers})
      for (auto& label : *labels) label.id = new_uuid(work_.site);
    set_patient_id(next, change_.now.text());
    if (next.kind == xds::Kind::folder) next.set(slot::last_update_time, dtm_text(work_.site.now));
    if (change_.subsumed && next.kind == xds::Kind::document_entry)
      next.set(slot::source_patient_id, change_.local.text());
    before.object.status = status::deprecated;
    before.object.superseded = true;
    auto& member = associate(set, relation::has_member, next_.at(id));
    member.set(slot::submission_set_status, "Original");
    member.set(slot::previous_version, std::to_string(version(before.object)));
    auto& added = work_.registry.add(std::move(next));
    work_.follows.emplace(next_.at(id), id);
    for (const auto& association : before.associations) {
      const auto moved = next_.find(association.target);
      if (!association.approved() || (moved == next_.end() && !stays(association.target))) continue;
      const auto& target = moved == next_.end() ? association.target : moved->second;
      const auto made = copy(association, added.record, target);
      if (added.record.object.kind == xds::Kind::folder) associate(set, relation::has_member, made);
    }
    follow(id);
  }

  // What points at the old version and has no new one itself: folders and relationships of the same patient, and the
  // SubmissionSets that refer to it.
  void follow(const std::string& id) {
    for (const auto* holder : work_.registry.pointing_at(id)) {
      const auto& object = holder->record.object;
      const bool set = object.kind == xds::Kind::submission_set;
      if (next_.contains(object.id) || (!set && !is_current(object))) continue;
      const auto points = [&](const RegistryObject& association) {
        return association.target == id && association.approved() &&
               (!set || association.value(slot::submission_set_status) == "Reference");
      };
      const auto& all = holder->record.associations;
      if (std::none_of(all.begin(), all.end(), points)) continue;
      auto& record = work_.registry.change(object.id).record;
      const auto associations = record.associations;
      for (std::size_t i = 0; i < associations.size(); ++i) {
        if (!points(associations[i])) continue;
        if (set) record.associations[i].status = status::deprecated;
        copy(associations[i], record, next_.at(id));
      }
    }
  }

  // The id of the copy, which starts from `record`.
  std::string copy(RegistryObject association, Record& record, const std::string& target) {
    association.id = new_uuid(work_.site);
    association.lid = association.version = {};
    association.source = record.object.id;
    association.target = target;
    record.associations.push_back(association);
    return association.id;
  }

  RegistryObject& associate(Stored& from, std::string_view type, std::string target) {
    RegistryObject made;
    made.kind = xds::Kind::association;
    made.id = new_uuid(work_.site);
    made.type = type;
    made.source = from.record.object.id;
    made.target = std::move(target);
    made.status = status::approved;
    return from.record.associations.emplace_back(std::move(made));
  }

  Work work_;
  const LinkChange& change_;
  std::map<std::string, std::string, std::less<>> next_;  // ids of what moves, and of its new versions
  std::vector<std::string> order_;                        // entries, then folders
  std::string conflict_;                                  // what would be of two patients
};

}  // namespace

Result<bool> change_link(const Site& site, const LinkChange& change, fhir::Batch& batch) {
  return Following(site, change).run(batch);
}

}  // namespace ihe::xds
