// Removal of metadata: see remove.h.
#include "ihe/xds/remove.h"

#include <algorithm>
#include <set>

#include "ihe/xds/attribute.h"
#include "ihe/xds/names.h"

namespace ihe::xds {
namespace {

class Removing {
 public:
  Removing(Work& work, const std::vector<std::string>& ids) : work_(work), ids_(ids.begin(), ids.end()) {}

  void run() {
    for (const auto& id : ids_) {
      if (const auto* object = work_.registry.find(id))
        objects_.push_back(object);
      else if (const auto* holder = work_.registry.holder(id))
        holders_.insert(holder->record.object.id);
      else
        work_.errors.add(code::unresolved, id + " is not registered", id);
    }
    for (const auto* object : objects_) check(*object);
    for (const auto& id : holders_) check_kept(*work_.registry.find(id));
    if (work_.errors.failed()) return;
    for (const auto& id : holders_)
      if (!ids_.contains(id))
        std::erase_if(work_.registry.change(id).record.associations,
                      [&](const RegistryObject& association) { return ids_.contains(association.id); });
    for (const auto* object : objects_) show_version_before(object->record.object);
    for (const auto* object : objects_) work_.registry.remove(object->record.object.id);
  }

 private:
  bool goes(const std::string& id) const { return ids_.contains(id); }

  // With the newest version gone, the newest of those that stay is what the entry or folder is.
  void show_version_before(const RegistryObject& object) {
    if (object.superseded) return;
    auto versions = work_.registry.versions(lid(object));
    std::erase_if(versions, [&](const Stored* one) { return goes(one->record.object.id); });
    if (!versions.empty()) work_.registry.change(versions.back()->record.object.id).record.object.superseded = false;
  }

  // Whatever names an object that goes must go with it.
  void check(const Stored& stored) {
    const auto& id = stored.record.object.id;
    for (const auto& association : stored.record.associations)
      if (!goes(association.id)) exists(id, association);
    for (const auto* holder : work_.registry.pointing_at(id))
      for (const auto& association : holder->record.associations)
        if (association.target == id && !goes(association.id)) exists(id, association);
  }

  void exists(const std::string& id, const RegistryObject& association) {
    work_.errors.add(code::references_exist, id + " is referred to by the association " + association.id, id);
  }

  // An association of an object that stays may go unless something would be left without its SubmissionSet.
  void check_kept(const Stored& holder) {
    for (const auto& association : holder.record.associations) {
      if (!goes(association.id)) continue;
      if (holder.record.object.kind == Kind::submission_set && association.type == relation::has_member) {
        const auto* member = work_.registry.find(association.target);
        if (member && !goes(association.target))
          work_.errors.add(code::unreferenced, association.target + " would be without its SubmissionSet",
                           association.target);
        else if (!goes(holder.record.object.id) && is_empty_without(holder.record))
          work_.errors.add(code::unreferenced, "the SubmissionSet " + holder.record.object.id + " would be empty",
                           holder.record.object.id);
      }
      for (const auto* other : work_.registry.pointing_at(association.id))
        for (const auto& pointing : other->record.associations)
          if (pointing.target == association.id && !goes(pointing.id)) exists(association.id, pointing);
    }
  }

  bool is_empty_without(const Record& set) const {
    return std::all_of(set.associations.begin(), set.associations.end(),
                       [&](const RegistryObject& association) { return goes(association.id); });
  }

  Work& work_;
  std::set<std::string> ids_;
  std::vector<const Stored*> objects_;
  std::set<std::string> holders_;  // objects whose record holds associations that go
};

}  // namespace

void remove_objects(Work& work, const std::vector<std::string>& ids) { Removing(work, ids).run(); }

}  // namespace ihe::xds
