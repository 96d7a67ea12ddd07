// The stored queries. IHE ITI TF-2a 3.18.4.1.2.3.7.1 to .14, TF-2b 3.51.4.1.2.
#include "ihe/xds/query.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <unordered_set>

#include "ihe/xds/attribute.h"
#include "ihe/xds/filter.h"
#include "ihe/xds/names.h"

namespace ihe::xds {
namespace {

// How an object was submitted is not shown.
bool is_limited_mark(const LabelIn<Shown>& label) {
  return label.node == scheme::limited_entry || label.node == scheme::limited_set ||
         label.node == scheme::limited_folder;
}

class Run {
 public:
  Run(Work& work, Records<Shown>& registry, const StoredQuery& query)
      : work_(work), registry_(registry), query_(query), newest_only_(query.value("MetadataLevel") != "2") {
    const auto& given = query.values("XDSAssociationStatus");
    statuses_ = given.empty() ? std::set<std::string, std::less<>>{std::string(status::approved)} : statuses_of(given);
  }

  Results run() {
    evaluate();
    if (work_.errors.failed()) return {};
    if (query_.leaf_class && query_.definition->one_patient && several_patients()) {
      work_.errors.add(code::several_patients, "The results are of more than one patient");
      return {};
    }
    if (query_.leaf_class && objects_.size() + associations_.size() > most_results) {
      work_.errors.add(code::too_many, "More than " + std::to_string(most_results) + " results; ask for ObjectRef");
      return {};
    }
    return shown();
  }

 private:
  void evaluate() {
    switch (query_.definition->kind) {
      case QueryKind::find_documents:
      case QueryKind::find_documents_by_reference_id:
      case QueryKind::find_documents_of_patients:
      case QueryKind::find_documents_of_patients_by_reference_id:
        return find(Kind::document_entry, "XDSDocumentEntryPatientId");
      case QueryKind::find_submission_sets:
        return find(Kind::submission_set, "XDSSubmissionSetPatientId");
      case QueryKind::find_folders:
      case QueryKind::find_folders_of_patients:
        return find(Kind::folder, "XDSFolderPatientId");
      case QueryKind::get_all:
        return get_all();
      case QueryKind::get_documents:
        return add(named("XDSDocumentEntry", Kind::document_entry));
      case QueryKind::get_folders:
        return add(named("XDSFolder", Kind::folder));
      case QueryKind::get_associations:
        for (const auto& id : query_.values("uuid")) add_associations_of(id);
        return;
      case QueryKind::get_documents_and_associations:
        for (const auto* entry : named("XDSDocumentEntry", Kind::document_entry)) {
          add(entry);
          add_associations_of(entry->record.object.id);
        }
        return;
      case QueryKind::get_submission_sets:
        return get_submission_sets();
      case QueryKind::get_submission_set_and_contents:
        return get_contents(named("XDSSubmissionSet", Kind::submission_set));
      case QueryKind::get_folder_and_contents:
        return get_contents(named("XDSFolder", Kind::folder));
      case QueryKind::get_folders_for_document:
        return get_folders_for_document();
      case QueryKind::get_related_documents:
        return get_related();
    }
  }

  // ── what is in the answer ──────────────────────────────────────────────────────────────────────────────────────
  void add(const StoredIn<Shown>* stored) {
    if (newest_only_ && stored->record.object.superseded) return;
    if (ids_.insert(stored->record.object.id).second) objects_.push_back(stored);
  }
  void add(const std::vector<const StoredIn<Shown>*>& all) {
    for (const auto* stored : all) add(stored);
  }
  // At level 1 what an old version was tied to is as hidden as the version itself.
  bool shows(const RegistryObjectIn<Shown>& association) {
    if (newest_only_ && (is_old(association.source) || is_old(association.target))) return false;
    return statuses_.contains(association.status);
  }
  bool is_old(std::string_view id) {
    const auto* stored = registry_.find(id);
    return stored && stored->record.object.superseded;
  }
  void add(const RegistryObjectIn<Shown>& association) {
    if (shows(association) && ids_.insert(association.id).second) associations_.push_back(&association);
  }
  void add_associations_of(std::string_view id) {
    if (const auto* stored = registry_.find(id))
      for (const auto& association : stored->record.associations) add(association);
    for (const auto* holder : registry_.pointing_at(id))
      for (const auto& association : holder->record.associations)
        if (association.target == id) add(association);
  }
  // Associations between what is in the answer, those that point at associations last.
  void add_associations_within(const std::vector<const StoredIn<Shown>*>* sources) {
    const auto from = sources ? *sources : objects_;
    for (const bool to_associations : {false, true})
      for (const auto* stored : from)
        for (const auto& association : stored->record.associations) {
          const bool inside = ids_.contains(association.target) && !ids_.contains(association.id);
          if (inside && to_associations == is_association(association.target)) add(association);
        }
  }
  bool is_association(std::string_view id) const {
    return std::any_of(associations_.begin(), associations_.end(), [&](const auto* one) { return one->id == id; });
  }

  // ── Find… ──────────────────────────────────────────────────────────────────────────────────────────────────────
  // All objects of the patients named; none for those that are not known, nor for identifiers given up in a merge,
  // which lead to nothing while the surviving one leads to all. ITI TF-2a 3.18.4.1.2.3.9.1.
  std::vector<const StoredIn<Shown>*> of_patients(Kind kind, const Values& patients, const Filter& filter) {
    std::vector<std::string> ids;
    for (const auto& patient : patients) {
      const auto cx = cx_of(patient);
      const auto* known = cx ? work_.patients.find(*cx) : nullptr;
      if (!known || known->subsumed) continue;
      auto all = work_.patients.all_of(*known);
      std::move(all.begin(), all.end(), std::back_inserter(ids));
    }
    return ids.empty() ? std::vector<const StoredIn<Shown>*>() : registry_.of_patients(kind, ids, filter.clauses());
  }

  bool filter_fails(const Filter& filter) {
    if (filter.without_status())
      work_.errors.add(code::missing_parameter, "The status parameter names no status that exists");
    return filter.without_status();
  }

  void add_admitted(const std::vector<const StoredIn<Shown>*>& candidates, const Filter& filter) {
    for (const auto* stored : candidates)
      if (filter.admits(stored->record.object)) add(stored);
  }

  void find(Kind kind, std::string_view patient) {
    const Filter filter(query_, kind);
    if (filter_fails(filter)) return;
    const auto& patients = query_.values(patient);
    if (!patients.empty()) return add_admitted(of_patients(kind, patients, filter), filter);
    // ITI-51 alone may leave the patient out, for one of these.
    constexpr std::array narrow{"XDSDocumentEntryClassCode", "XDSDocumentEntryEventCodeList",
                                "XDSDocumentEntryHealthcareFacilityTypeCode", "XDSDocumentEntryReferenceIdList",
                                "XDSFolderCodeList"};
    if (std::any_of(narrow.begin(), narrow.end(), [&](const auto* name) { return !query_.values(name).empty(); }))
      return add_admitted(registry_.find(kind, filter.clauses()), filter);
    work_.errors.add(code::missing_parameter, kind == Kind::folder
                                                  ? "one of $XDSFolderPatientId and $XDSFolderCodeList is required"
                                                  : "one of $XDSDocumentEntryPatientId, …ClassCode, …EventCodeList and "
                                                    "…HealthcareFacilityTypeCode is required");
  }

  void get_all() {
    for (const Kind kind : {Kind::document_entry, Kind::submission_set, Kind::folder}) {
      const Filter filter(query_, kind);
      if (filter_fails(filter)) return;
      add_admitted(of_patients(kind, query_.values("patientId"), filter), filter);
    }
    const auto shown = ids_;
    for (const auto* stored : objects_) {
      for (const auto& association : stored->record.associations) add(association);
      for (const auto* holder : registry_.pointing_at(stored->record.object.id))
        for (const auto& association : holder->record.associations)
          if (shown.contains(association.target)) add(association);
    }
  }

  // ── Get… ───────────────────────────────────────────────────────────────────────────────────────────────────────
  // Objects named by one of the three ids that `prefix` begins.
  std::vector<const StoredIn<Shown>*> named(const std::string& prefix, Kind kind) {
    std::vector<const StoredIn<Shown>*> found;
    for (const auto& id : query_.values(prefix + "EntryUUID"))
      if (const auto* stored = registry_.find(id)) found.push_back(stored);
    if (const auto& ids = query_.values(prefix + "UniqueId"); !ids.empty())
      found = registry_.find(kind, Index::unique_id, ids);
    for (const auto& id : query_.values(prefix + "LogicalID")) {
      const auto versions = registry_.versions(id);
      found.insert(found.end(), versions.begin(), versions.end());
    }
    std::erase_if(found, [&](const StoredIn<Shown>* stored) { return stored->record.object.kind != kind; });
    return found;
  }

  void get_submission_sets() {
    for (const auto& id : query_.values("uuid"))
      for (const auto* holder : registry_.pointing_at(id)) {
        if (holder->record.object.kind != Kind::submission_set) continue;
        for (const auto& association : holder->record.associations) {
          if (association.target != id || association.type != relation::has_member || !shows(association)) continue;
          add(holder);
          add(association);
        }
      }
  }

  // A set or folder, its members that the filters let through, and the associations: of a folder those to its members,
  // of a set all between what is in the answer.
  void get_contents(const std::vector<const StoredIn<Shown>*>& packages) {
    const Filter filter(query_, Kind::document_entry);
    for (const auto* package : packages) {
      if (newest_only_ && package->record.object.superseded) continue;
      add(package);
      for (const auto& association : package->record.associations) {
        if (association.type != relation::has_member || !shows(association)) continue;
        const auto* member = registry_.find(association.target);
        if (!member) continue;
        if (member->record.object.kind != Kind::document_entry || filter.admits(member->record.object)) add(member);
      }
    }
    add_associations_within(packages.empty() || packages.front()->record.object.kind == Kind::folder ? &packages
                                                                                                     : nullptr);
  }

  void get_folders_for_document() {
    for (const auto* entry : named("XDSDocumentEntry", Kind::document_entry))
      for (const auto* holder : registry_.pointing_at(entry->record.object.id)) {
        const auto& members = holder->record.associations;
        if (holder->record.object.kind == Kind::folder &&
            std::any_of(members.begin(), members.end(), [&](const RegistryObjectIn<Shown>& member) {
              return member.target == entry->record.object.id && shows(member);
            }))
          add(holder);
      }
  }

  void get_related() {
    const auto& types = query_.values("AssociationTypes");
    const Filter filter(query_, Kind::document_entry);
    const auto wanted = [&](const RegistryObjectIn<Shown>& association) {
      return std::any_of(types.begin(), types.end(), [&](const std::string& type) { return association.type == type; });
    };
    const auto relate = [&](const StoredIn<Shown>* entry, const StoredIn<Shown>* other,
                            const RegistryObjectIn<Shown>& association) {
      if (!other || other->record.object.kind != Kind::document_entry || !wanted(association) || !shows(association))
        return;
      if (!filter.admits(other->record.object)) return;
      add(entry);
      add(other);
      add(association);
    };
    for (const auto* entry : named("XDSDocumentEntry", Kind::document_entry)) {
      const auto& id = entry->record.object.id;
      for (const auto& association : entry->record.associations)
        relate(entry, registry_.find(association.target), association);
      for (const auto* holder : registry_.pointing_at(id))
        for (const auto& association : holder->record.associations)
          if (association.target == id) relate(entry, holder, association);
    }
  }

  // ── the answer ─────────────────────────────────────────────────────────────────────────────────────────────────
  const KnownPatient* known_by(std::string_view name) {
    const auto cx = cx_of(name);
    return cx ? work_.patients.find(*cx) : nullptr;
  }

  // What the patient of an object is called now, where that is another name; "" where it is not.
  const std::string& other_name_of(std::string_view patient) {
    if (patient == name_) return other_name_;  // most results are of one patient
    name_ = patient;
    const auto* known = known_by(patient);
    return other_name_ = known && known->subsumed ? known->cx.text() : std::string();
  }

  bool several_patients() {
    std::set<std::string, std::less<>> patients;
    std::string_view last;
    for (const auto* stored : objects_) {
      const auto patient = patient_id(stored->record.object);
      if (patient.empty() || patient == last) continue;
      last = patient;
      const auto* known = known_by(patient);
      patients.emplace(known ? std::string_view(known->id) : patient);
    }
    return patients.size() > 1;
  }

  Results shown() {
    Results out;
    out.objects.reserve(objects_.size() + associations_.size());
    for (const auto* stored : objects_) {
      const auto& object = stored->record.object;
      out.objects.push_back(&object);
      if (!query_.leaf_class) continue;
      const auto& other = other_name_of(patient_id(object));
      const bool marked = std::any_of(object.classifications.begin(), object.classifications.end(), is_limited_mark);
      if (other.empty() && !marked) continue;
      out.objects.back() = &out.altered.emplace_back(object, other).object;
    }
    out.objects.insert(out.objects.end(), associations_.begin(), associations_.end());
    return out;
  }

  Work& work_;
  Records<Shown>& registry_;
  const StoredQuery& query_;
  bool newest_only_;
  std::set<std::string, std::less<>> statuses_;  // of associations; Approved where none are asked for
  std::vector<const StoredIn<Shown>*> objects_;
  std::vector<const RegistryObjectIn<Shown>*> associations_;
  std::unordered_set<std::string_view> ids_;
  std::string name_, other_name_;  // of a patient
};

}  // namespace

Results::Altered::Altered(const RegistryObjectIn<Shown>& kept, std::string other_patient)
    : object(kept), patient(std::move(other_patient)), identifiers(kept.identifiers.begin(), kept.identifiers.end()) {
  for (const auto& label : kept.classifications)
    if (!is_limited_mark(label)) classifications.push_back(label);
  for (auto& label : identifiers)
    if (!patient.empty() && label.scheme == patient_id_scheme(kept.kind)) label.value = patient;
  object.classifications = classifications;
  object.identifiers = identifiers;
}

Results run(Work& work, Records<Shown>& registry, const StoredQuery& query) { return Run(work, registry, query).run(); }

}  // namespace ihe::xds
