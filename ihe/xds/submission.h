// The rules of the registry: what a submission must satisfy together with what is registered, and what it changes
// there. Every fault is collected; a submission with one changes nothing. IHE ITI TF-2b 3.42.4.1.3, 3.61;
// TF-3 4.1, 4.2.2.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ihe/settings.h"
#include "ihe/transaction.h"
#include "ihe/xds/errors.h"
#include "ihe/xds/metadata.h"
#include "ihe/xds/patients.h"
#include "ihe/xds/registry.h"

namespace ihe::xds {

// One request at work: what the rules look up and change.
struct Work {
  const Site& site;
  Registry registry;
  Patients patients;
  Errors errors;
  std::vector<fhir::Batch> others = {};  // of other rooms, for the same commit: patients that were not known
  std::map<std::string, std::string, std::less<>> sent_as = {};  // ids that were given here -> those of the message
  // What FHIR says of objects beyond their records (said.h): their sources, and what references in these lead to here,
  // both by id or fullUrl; new versions by id, with the id of the version before, whose source stays theirs.
  std::map<std::string, const fhir::Node*, std::less<>> said = {};
  std::map<std::string, std::string, std::less<>> leads = {};
  std::map<std::string, std::string, std::less<>> follows = {};

  explicit Work(const Site& where) : Work(where, Patients(where)) {}
  Work(const Site& where, Patients known)
      : site(where), registry(where.snapshot, where.access), patients(std::move(known)) {}
  // The store failed meanwhile: nothing that was found can be trusted.
  const fhir::Outcome* failure() const;
  // An error or a warning about an object: its text goes on behind what the object is called by its sender.
  void wrong(std::string_view error_code, const RegistryObject& object, std::string_view text);
  void warn(std::string_view error_code, const RegistryObject& object, std::string_view text);
};

// Registers the objects of a submission: ITI-42, ITI-41, ITI-61. `metadata_code`: XDSRegistryMetadataError, or that of
// the repository. What came of it stands in work.registry, unless work.errors failed.
void submit(Work& work, Submission submission, Submitted how, std::string_view metadata_code);

// A fresh urn:uuid.
std::string new_uuid(const Site& site);

// The patient of `cx` as an identifier of the new `object`, or an error. With accept_unknown_patients (test labs), a
// patient that is not known is made by the same commit.
// `info`: its sourcePatientInfo, null when there is none.
const KnownPatient* patient_of(Work& work, std::string_view cx, const RegistryObject& object,
                               const Slot* info = nullptr);

// ── parts of submitting that an update shares ───────────────────────────────────────────────────────────────────────
// The rules of single objects (metadata.h), and the codes of the affinity domain.
void check_attributes(Work& work, const RegistryObject& object, Submitted how, std::string_view metadata_code);
// Symbols become fresh UUIDs, the same symbol the same one wherever it stands; given UUIDs are kept for ever.
void assign_ids(Work& work, std::vector<RegistryObject>& objects, std::string_view metadata_code);
// The older entry and what was appended to or transformed from it, recursively: Deprecated.
void deprecate_with_children(Work& work, std::string_view entry);
// Whether the entry is a member of the folder.
bool holds(const Record& folder, std::string_view entry);
// Adds `entry` to the folder by a new association, whose id is answered.
std::string put_into_folder(Work& work, std::string_view folder, std::string_view entry);

}  // namespace ihe::xds
