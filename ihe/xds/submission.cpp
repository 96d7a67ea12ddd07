// The rules of the registry for new objects. IHE ITI TF-2b 3.42.4.1.3, TF-3 4.1.4 (folders), 4.2.2 (associations).
//
//   attributes, codes -> ids -> uniqueIds -> patient -> associations -> (no error so far) changes
#include "ihe/xds/submission.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>

#include "fhir/build.h"
#include "ihe/identity/identity.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/names.h"
#include "ihe/xds/persons.h"

namespace ihe::xds {
namespace {

// "DocumentEntry Document01": by the id that its sender wrote.
std::string named(const Work& work, const RegistryObject& object) {
  const auto sent = work.sent_as.find(object.id);
  return std::string(word_of(object.kind)) + " " + (sent == work.sent_as.end() ? object.id : sent->second);
}

class Submitting {
 public:
  Submitting(Work& work, Submission submission, Submitted how, std::string_view metadata_code)
      : work_(work),
        objects_(std::move(submission.objects)),
        beside_(std::move(submission.beside)),
        how_(how),
        code_(metadata_code) {}

  void run() {
    find_set();
    for (const auto& object : objects_) check(object);
    if (!set_) return;
    assign_ids();
    check_unique_ids();
    check_patient();
    find_members();
    for (auto& object : objects_)
      if (object.kind == Kind::association) check_association(object);
    check_membership();
    if (!work_.errors.failed()) apply();
  }

 private:
  // One end of an association: an object of this submission, a registered one, or one that is registered with it.
  struct End {
    RegistryObject* fresh = nullptr;
    const Stored* stored = nullptr;
    const RegistryObject* beside = nullptr;
    const RegistryObject* object() const { return fresh ? fresh : stored ? &stored->record.object : beside; }
    bool is(Kind kind) const { return object() && object()->kind == kind; }
  };

  void wrong(const RegistryObject& object, const std::string& text) { work_.wrong(code_, object, ": " + text); }

  void find_set() {
    for (auto& object : objects_) {
      if (object.kind != Kind::submission_set) continue;
      if (set_) return wrong(object, "a submission has one SubmissionSet, this one has several");
      set_ = &object;
    }
    if (!set_) work_.errors.add(code_, "The submission has no SubmissionSet");
  }

  void check(const RegistryObject& object) {
    auto how = how_;
    if (object.kind != Kind::association && is_limited(object)) {
      if (how_ == Submitted::provided)
        how = Submitted::limited;
      else if (how_ == Submitted::published)
        how = Submitted::published_limited;
      else
        wrong(object, "limited metadata is not taken here");
    }
    if (object.kind == Kind::submission_set || object.kind == Kind::folder)
      how = how == Submitted::on_demand ? Submitted::registered : how;
    check_attributes(work_, object, how, code_);
  }

  void assign_ids() {
    xds::assign_ids(work_, objects_, code_);
    for (auto& object : objects_) {
      object.lid = object.version = object.home = {};  // the first version of its own, of this community
      object.status = status::approved;
      fresh_.emplace(object.id, &object);
    }
  }

  void check_unique_ids() {
    // A set may be called like its only document: many senders do so, and nobody looks for the one by the other.
    std::map<std::string, const RegistryObject*, std::less<>> ids;
    std::vector<std::string> all;
    for (const auto& object : objects_) {
      const std::string id(unique_id(object));
      if (id.empty()) continue;
      const auto [before, fresh] = ids.emplace(id, &object);
      const bool set_and_entry = !fresh && (before->second->kind == Kind::submission_set) != (&object == set_) &&
                                 before->second->kind != Kind::folder && object.kind != Kind::folder;
      if (!fresh && !set_and_entry)
        work_.wrong(
            how_ == Submitted::provided ? code::repository_duplicate_in_message : code::registry_duplicate_in_message,
            object, ": the uniqueId " + id + " stands in this submission twice");
      all.push_back(id);
    }
    if (all.empty()) return;
    for (const auto* stored : work_.registry.find(Index::unique_id, all)) {
      const auto& old = stored->record.object;
      if (const auto found = ids.find(unique_id(old)); found != ids.end()) compare(*found->second, old);
    }
  }

  void compare(const RegistryObject& object, const RegistryObject& old) {
    const std::string id(unique_id(object));
    if (object.kind != Kind::document_entry) {
      work_.wrong(code::duplicate_in_registry, object, ": the uniqueId " + id + " is in use");
      return;
    }
    if (old.kind != Kind::document_entry) return wrong(object, "the uniqueId " + id + " is in use by another object");
    const auto hash = old.value(slot::hash), size = old.value(slot::size);
    const auto other_hash = object.value(slot::hash), other_size = object.value(slot::size);
    if (!hash.empty() && !other_hash.empty() && !same_hash(hash, other_hash))
      work_.errors.add(code::other_hash, "uniqueId " + id + " is registered with the hash " + std::string(hash),
                       object.id);
    if (!size.empty() && !other_size.empty() && size != other_size)
      work_.errors.add(code::other_size, "uniqueId " + id + " is registered with the size " + std::string(size),
                       object.id);
  }

  void check_patient() {
    const auto cx = patient_id(*set_);
    const Slot* info = nullptr;
    for (const auto& object : objects_)
      if (!info) info = object.slot(slot::source_patient_info);
    if (!cx.empty()) patient_ = patient_of(work_, cx, *set_, info);
    for (const auto& object : objects_) {
      const auto other = patient_id(object);
      if (&object == set_ || object.kind == Kind::association || other.empty() || cx.empty()) continue;
      const auto one = cx_of(cx), two = cx_of(other);
      if (one && two && !one->same(*two))
        work_.wrong(code::patient_mismatch, object,
                    " is of the patient " + std::string(other) + ", the SubmissionSet of " + std::string(cx));
    }
  }

  End end_of(const std::string& id) {
    if (const auto found = fresh_.find(id); found != fresh_.end()) return {found->second};
    const auto beside = beside_.find(id);
    return {nullptr, work_.registry.find(id), beside == beside_.end() ? nullptr : &beside->second};
  }

  void unresolved(const RegistryObject& association, const std::string& id) {
    work_.wrong(code::unresolved, association, ": " + id + " cannot be resolved");
  }

  void check_association(const RegistryObject& association) {
    const auto& type = association.type;
    if (association.source == association.target) return wrong(association, "source and target are the same object");
    if (!ties_.emplace(type, association.source, association.target).second)
      return wrong(association, "another association of the message says the same");
    if (type == relation::has_member) return check_member(association);
    if (is_relationship(type)) return check_relationship(association);
    if (type == relation::update_status || type == relation::submit_association)
      return wrong(association, "metadata is updated by ITI-57");
    wrong(association, "\"" + type + "\" is no association type of XDS");
  }

  void check_member(const RegistryObject& association) {
    if (association.slot(slot::previous_version)) return wrong(association, "metadata is updated by ITI-57");
    const End source = end_of(association.source);
    const End target = end_of(association.target);
    if (source.fresh == set_) return check_set_member(association, target);
    if (!source.object()) return unresolved(association, association.source);
    if (!source.is(Kind::folder))
      return wrong(association, "members are of a SubmissionSet of this message or a Folder");
    if (association.slot(slot::submission_set_status))
      return wrong(association, "SubmissionSetStatus is for members of a SubmissionSet only");
    if (!target.object()) return unresolved(association, association.target);
    if (!target.is(Kind::document_entry)) return wrong(association, "members of a Folder are DocumentEntries");
    if (!members_.contains(association.id))
      wrong(association, "what puts a DocumentEntry into a Folder is a member of the SubmissionSet");
    if (source.stored && holds(source.stored->record, association.target))
      wrong(association, association.target + " is a member of the Folder already");
    for (const End& end : {source, target}) {
      check_approved(association, end);
      same_patient(*end.object());
    }
  }

  void check_set_member(const RegistryObject& association, const End& target) {
    const bool original = association.value(slot::submission_set_status) == "Original";
    if (target.is(Kind::document_entry)) {
      if (!association.slot(slot::submission_set_status)) return wrong(association, "SubmissionSetStatus is missing");
      if (original && target.stored) return unresolved(association, association.target);
      if (!original && target.fresh)
        return wrong(association, "a DocumentEntry of this message is an Original of its SubmissionSet");
      return check_approved(association, target);
    }
    if (target.is(Kind::submission_set)) return wrong(association, "a SubmissionSet is no member of another");
    if (!target.object()) return unresolved(association, association.target);
    if (!target.fresh) return wrong(association, "a Folder is a member of the SubmissionSet that it came with alone");
    if (target.is(Kind::association) &&
        (target.fresh->type != relation::has_member || target.fresh->source == set_->id))
      wrong(association, "of associations, a SubmissionSet has those as members that put an entry into a Folder");
  }

  void check_approved(const RegistryObject& association, const End& end) {
    if (end.stored && !end.stored->record.object.approved())
      work_.wrong(code::deprecated, association, ": " + end.object()->id + " is deprecated");
  }

  void check_relationship(const RegistryObject& association) {
    const End source = end_of(association.source);
    const End target = end_of(association.target);
    const auto& type = association.type;
    if (!source.fresh) return unresolved(association, association.source);
    if (!source.is(Kind::document_entry)) return wrong(association, "relationships are between DocumentEntries");
    const bool only_registered = replaces(type) || type == relation::is_snapshot_of;
    if (!target.object() || (only_registered && !target.stored)) return unresolved(association, association.target);
    if (!target.is(Kind::document_entry)) return wrong(association, "relationships are between DocumentEntries");
    check_approved(association, target);
    if (type == relation::apnd && is_transformation(target))
      wrong(association, association.target + " is a transformation, to which nothing is appended");
    if (type == relation::is_snapshot_of && (!is_on_demand(*target.object()) || is_on_demand(*source.object())))
      wrong(association, "a snapshot is a stable entry of an on-demand one");
    same_patient(*target.object());
  }

  bool is_transformation(const End& entry) const {
    const auto transforms = [&](const RegistryObject& association) {
      return association.type == relation::xfrm && association.source == entry.object()->id;
    };
    if (entry.stored)
      return std::any_of(entry.stored->record.associations.begin(), entry.stored->record.associations.end(),
                         transforms);
    return std::any_of(objects_.begin(), objects_.end(), transforms);
  }

  // An object of another submission that this one touches is of its patient, merges taken into account.
  void same_patient(const RegistryObject& object) {
    if (fresh_.contains(object.id) || !patient_) return;
    const auto cx = cx_of(patient_id(object));
    const auto* owner = cx ? work_.patients.find(*cx) : nullptr;
    if (owner && owner->id == patient_->id) return;
    work_.wrong(code::patient_mismatch, object, " is of another patient than the SubmissionSet");
  }

  void find_members() {
    for (const auto& object : objects_)
      if (object.kind == Kind::association && object.type == relation::has_member && object.source == set_->id)
        members_.insert(object.target);
  }

  // Every entry and folder that comes is a member of the submission set, which has one at least.
  void check_membership() {
    if (members_.empty()) wrong(*set_, "it has no members");
    for (const auto& object : objects_)
      if ((object.kind == Kind::document_entry || object.kind == Kind::folder) && !members_.contains(object.id))
        wrong(object, "it is no member of the SubmissionSet");
  }

  void apply() {
    const auto now = dtm_text(work_.site.now);
    for (auto& object : objects_) {
      if (object.kind == Kind::association) continue;
      if (object.kind == Kind::folder) object.set(slot::last_update_time, now);
      if (&object == set_)
        work_.registry.add(object);  // it is asked for below
      else
        work_.registry.add(std::move(object));
    }
    for (const auto& object : objects_) {
      if (object.kind != Kind::association) continue;
      auto& source = work_.registry.change(object.source);
      source.record.associations.push_back(object);
      if (source.record.object.kind == Kind::folder) source.record.object.set(slot::last_update_time, now);
    }
    for (const auto& object : objects_)
      if (object.kind == Kind::association && replaces(object.type)) replace(object);
  }

  // The replacement takes the place of the old entry in its folders; the old one stays a member.
  void replace(const RegistryObject& association) {
    deprecate_with_children(work_, association.target);
    for (const auto* holder : work_.registry.pointing_at(association.target)) {
      const auto& folder = holder->record;
      if (folder.object.kind != Kind::folder || !folder.object.approved()) continue;
      if (!holds(folder, association.target) || holds(folder, association.source)) continue;
      const auto member = put_into_folder(work_, folder.object.id, association.source);
      RegistryObject link;
      link.kind = Kind::association;
      link.id = new_uuid(work_.site);
      link.status = status::approved;
      link.type = relation::has_member;
      link.source = set_->id;
      link.target = member;
      work_.registry.change(set_->id).record.associations.push_back(std::move(link));
    }
  }

  Work& work_;
  std::vector<RegistryObject> objects_;
  std::map<std::string, RegistryObject, std::less<>> beside_;
  Submitted how_;
  std::string_view code_;
  RegistryObject* set_ = nullptr;
  const KnownPatient* patient_ = nullptr;
  std::map<std::string, RegistryObject*, std::less<>> fresh_;                        // by id
  std::set<std::string_view> members_;                                               // of the set: ids
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> ties_;  // type, source, target
};

}  // namespace

void Work::wrong(std::string_view error_code, const RegistryObject& object, std::string_view text) {
  errors.add(error_code, named(*this, object) + std::string(text), object.id);
}

void Work::warn(std::string_view error_code, const RegistryObject& object, std::string_view text) {
  errors.warn(error_code, named(*this, object) + std::string(text), object.id);
}

void check_attributes(Work& work, const RegistryObject& object, Submitted how, std::string_view metadata_code) {
  check_object(object, named(work, object), how, metadata_code, work.errors);
  const auto& settings = work.site.settings;
  if (!settings.affinity) return;
  Errors foreign;
  settings.affinity->check(object, metadata_code, settings.affinity_enforce, foreign);
  for (const auto& error : foreign.list()) {
    if (error.warning)
      work.warn(error.code, object, ": " + error.context);
    else
      work.wrong(error.code, object, ": " + error.context);
  }
}

void assign_ids(Work& work, std::vector<RegistryObject>& objects, std::string_view metadata_code) {
  std::map<std::string, std::string, std::less<>> names;
  const auto wrong = [&](const RegistryObject& object, std::string_view text) {
    work.wrong(metadata_code, object, ": " + std::string(text));
  };
  for (auto& object : objects) {
    const std::string given = object.id;
    if (!given.starts_with(uuid_prefix))
      object.id = new_uuid(work.site);
    else if (!is_uuid(given))
      wrong(object, "the id is no UUID");
    else if (!object.fresh && (work.registry.find(given) || work.registry.holder(given)))
      wrong(object, "the id is registered already");
    object.fresh = false;
    if (object.id != given) work.sent_as.emplace(object.id, given);
    names.emplace(given, object.id);
  }
  const auto rename = [&](std::string& id) {
    if (const auto found = names.find(id); found != names.end()) id = found->second;
  };
  for (auto& object : objects) {
    rename(object.source);
    rename(object.target);
    for (auto* labels : {&object.classifications, &object.identifiers})
      for (auto& label : *labels)
        if (!is_uuid(label.id)) label.id = new_uuid(work.site);
  }
}

const fhir::Outcome* Work::failure() const {
  for (const auto* failure : {&registry.failure(), &patients.failure()})
    if (*failure) return &**failure;
  return nullptr;
}

void submit(Work& work, Submission submission, Submitted how, std::string_view metadata_code) {
  Submitting(work, std::move(submission), how, metadata_code).run();
}

// Version 7: time first, so that neighbours in time are neighbours in the store. The id that it is made from is unique
// by time, counter and the salt of this process. RFC 9562 5.7.
std::string new_uuid(const Site& site) {
  constexpr auto values = [] {
    constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    std::array<std::uint8_t, 128> made{};
    for (std::size_t i = 0; i < alphabet.size(); ++i)
      made[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return made;
  }();
  const std::string id = site.ids.next(site.now);
  const auto bits = [&](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + size; ++i) value = value << 5 | values[static_cast<unsigned char>(id[i])];
    return value;
  };
  const std::uint64_t time = bits(0, 9) & 0xFFFFFFFFFFFF, count = bits(9, 4), salt = bits(13, 7);
  const std::uint64_t high = time << 16 | 0x7000 | (count & 0xFFF);
  const std::uint64_t low = std::uint64_t{2} << 62 | (count >> 12) << 54 | salt << 19;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string uuid;
  uuid.reserve(uuid_prefix.size() + 36);
  uuid += uuid_prefix;
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) uuid += '-';
    uuid += digits[(i < 16 ? high >> (60 - 4 * i) : low >> (60 - 4 * (i - 16))) & 15];
  }
  return uuid;
}

namespace {

// A Patient of this identifier and of what the source said of it, for the same commit.
const KnownPatient* feed(Work& work, const Cx& cx, const Slot* info) {
  fhir::Arena arena;
  auto& patient = fhir::build::resource(arena, "Patient");
  auto& identifier = fhir::build::add(arena, patient, "identifier");
  fhir::build::add(arena, identifier, "system", work.patients.system_of(cx.authority));
  fhir::build::add(arena, identifier, "value", cx.id);
  if (info) {
    auto& holder = fhir::build::resource(arena, "DocumentReference");
    add_source_patient(arena, holder, info->values, "source");
    for (const auto& child : *holder.child("contained"))
      if (child.name != "id" && child.name != "identifier") fhir::build::add_copy(arena, patient, child);
  }
  auto fed = identity::feed(work.site, {&patient, nullptr, {}, {}});
  if (!fed) return nullptr;
  work.others.push_back(std::move(fed->batch));
  return work.patients.add(cx, fed->patient);
}

}  // namespace

const KnownPatient* patient_of(Work& work, std::string_view cx, const RegistryObject& object, const Slot* info) {
  const auto parsed = cx_of(cx);
  if (!parsed) return nullptr;  // the attribute's form was refused already
  const auto* known = work.patients.find(*parsed);
  if (known && !known->subsumed) return known;
  if (!known && work.site.settings.accept_unknown_patients && !parsed->authority.empty() && !work.failure())
    if (const auto* made = feed(work, *parsed, info)) return made;
  work.wrong(code::unknown_patient, object,
             ": the patient " + std::string(cx) + (known ? " was merged into another" : " is not known"));
  return nullptr;
}

void deprecate_with_children(Work& work, std::string_view entry) {
  const auto* stored = work.registry.find(entry);
  if (!stored || !stored->record.object.approved()) return;
  work.registry.change(entry).record.object.status = status::deprecated;
  for (const auto* holder : work.registry.pointing_at(entry))
    for (const auto& association : holder->record.associations)
      if (association.target == entry && (association.type == relation::apnd || association.type == relation::xfrm))
        deprecate_with_children(work, association.source);
}

bool holds(const Record& folder, std::string_view entry) {
  return std::any_of(folder.associations.begin(), folder.associations.end(), [&](const RegistryObject& member) {
    return member.type == relation::has_member && member.target == entry && member.approved();
  });
}

std::string put_into_folder(Work& work, std::string_view folder, std::string_view entry) {
  RegistryObject member;
  member.kind = Kind::association;
  member.id = new_uuid(work.site);
  member.status = status::approved;
  member.type = relation::has_member;
  member.source = folder;
  member.target = entry;
  auto& record = work.registry.change(folder).record;
  record.object.set(slot::last_update_time, dtm_text(work.site.now));
  record.associations.push_back(member);
  return member.id;
}

}  // namespace ihe::xds
