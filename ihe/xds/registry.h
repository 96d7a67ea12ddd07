// The registry over the store: finds objects by what stored queries and rules ask for, and gathers what a transaction
// changes before it becomes one batch. A document entry is the resource DocumentReference/[uuid], a submission set or
// folder is List/[uuid], uuid being that of its entryUUID; an association stands in the record of its source.
//
// Faults of the store do not show in answers: the first one is kept, and a handler asks for it before it answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/access.h"
#include "fhir/store.h"
#include "ihe/xds/record.h"

namespace ihe::xds {

// Index parameters of registry objects, which no FHIR search knows. All are tokens without a system.
enum class Index : std::uint8_t {
  unique_id,    // of any object
  logical_id,   // lid, where it is not the id
  association,  // id of an association in the record
  target,       // targetObject of an association in the record
  reference,    // a value of referenceIdList
  class_code,   // code^^scheme
  event_code,
  facility_code,
};
const fhir::SearchParameter& parameter(Index index);

// The index rows of a record, to stand beside those of its FHIR body.
std::vector<fhir::search::IndexRow> rows_of(const Record& record);

const fhir::Type& type_of(Kind kind);                   // DocumentReference or List
std::string_view fhir_id(std::string_view entry_uuid);  // without urn:uuid:

template <class Form>
struct StoredIn {
  RecordIn<Form> record;
  std::int64_t version = 0;  // of the FHIR resource; 0: not stored so far
};
using Stored = StoredIn<Owned>;

// What is registered. Pointers lead into what this holds for one request, as long as it lives; null where there is
// nothing.
template <class Form>
class Records {
 public:
  static constexpr std::size_t most = 20'000;  // objects that one look-up may find
  using Stored = StoredIn<Form>;

  Records(fhir::Snapshot& snapshot, const fhir::Access& access) : snapshot_(snapshot), access_(access) {}
  virtual ~Records() = default;
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  // An entry, set or folder by its id.
  const Stored* find(std::string_view id);
  // The object whose record holds the association of this id.
  const Stored* holder(std::string_view association_id);
  // Objects of any kind, in the order of their registration; or entries, or sets and folders.
  std::vector<const Stored*> find(Index index, const std::vector<std::string>& values);
  std::vector<const Stored*> find(Kind kind, Index index, const std::vector<std::string>& values);
  // Entries, or sets and folders, that meet all of the clauses.
  std::vector<const Stored*> find(Kind kind, std::vector<fhir::search::Clause> clauses) {
    return search(type_of(kind), std::move(clauses));
  }
  // Entries, or sets and folders, of these Patients (logical ids) that also meet the other clauses.
  std::vector<const Stored*> of_patients(Kind kind, const std::vector<std::string>& patients,
                                         std::vector<fhir::search::Clause> others = {});
  // Objects of which an association points at `id`.
  std::vector<const Stored*> pointing_at(std::string_view id) { return find(Index::target, {std::string(id)}); }
  // All versions of an object.
  std::vector<const Stored*> versions(std::string_view lid);

  const std::optional<fhir::Outcome>& failure() const { return failure_; }
  fhir::Snapshot& snapshot() { return snapshot_; }
  const fhir::Access& access() const { return access_; }

 protected:
  // What this request changed may carry one of the values now, or no longer.
  virtual void amend(Kind, Index, const std::vector<std::string>&, std::vector<const Stored*>&) const {}

  std::map<std::string, std::unique_ptr<Stored>, std::less<>> known_;  // by id; null: there is none

 private:
  Stored* take(const std::shared_ptr<const fhir::Version>& version);
  std::optional<RecordIn<Form>> decoded(const std::shared_ptr<const fhir::Version>& version);
  std::vector<const Stored*> search(const fhir::Type& type, std::vector<fhir::search::Clause> clauses);
  void fail(fhir::Outcome outcome);

  fhir::Snapshot& snapshot_;
  const fhir::Access& access_;
  std::vector<std::shared_ptr<const fhir::Version>> versions_;  // whose records are shown, and
  fhir::Arena arena_;                                           // their lists
  std::optional<fhir::Outcome> failure_;
};
extern template class Records<Owned>;
extern template class Records<Shown>;

// The same for those who change it: what was changed in this request shows as changed.
class Registry final : public Records<Owned> {
 public:
  using Records::Records;

  // To be written; `id` must be known or new. The pointer stays valid, and shows the change.
  Stored& change(std::string_view id);
  Stored& add(RegistryObject object);
  // Ends the object; it is no longer found.
  void remove(std::string_view id);
  const std::map<std::string, Stored*, std::less<>>& changed() const { return changed_; }
  const std::map<std::string, std::unique_ptr<Stored>, std::less<>>& removed() const { return removed_; }

 private:
  void amend(Kind kind, Index index, const std::vector<std::string>& values,
             std::vector<const Stored*>& found) const override;

  std::map<std::string, Stored*, std::less<>> changed_;
  std::map<std::string, std::unique_ptr<Stored>, std::less<>> removed_;
};

// The condition that finds what carries one of these values.
fhir::search::Clause clause_of(Index index, const std::vector<std::string>& values);

}  // namespace ihe::xds
