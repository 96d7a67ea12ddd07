// Patients as the registry needs them: whether an identifier is known, and whose documents it stands for after merges.
// IHE ITI TF-2a 3.8.4.2.4 (merge), TF-2b 3.42.4.1.3.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ihe/transaction.h"
#include "ihe/xds/attribute.h"

namespace ihe::xds {

struct KnownPatient {
  std::string id;         // logical id of the Patient, of the surviving one after a merge
  Cx cx;                  // as asked for; the survivor's in the same domain where that is no longer its own
  bool subsumed = false;  // the identifier was given up by a merge
};

class Patients {
 public:
  // What was looked up, by the text of the CX. It holds for one snapshot: requests over the same one may share it.
  using Known = std::map<std::string, std::optional<KnownPatient>>;
  explicit Patients(const Site& site, std::shared_ptr<Known> known = std::make_shared<Known>())
      : site_(site), known_(std::move(known)) {}

  // Null for an unknown identifier. The pointer stays valid.
  const KnownPatient* find(const Cx& cx);
  // Logical ids of a Patient that was found and of all that were merged into it; of itself alone where it was asked for
  // by its own.
  std::vector<std::string> all_of(const KnownPatient& known);
  // The system of a FHIR Identifier for an assigning authority, and the reverse ("" for one without an OID).
  std::string system_of(std::string_view oid) const;
  std::string oid_of(std::string_view system) const;
  // The authority of logical ids: Patients that have no identifier with an OID are called by theirs.
  std::string own_authority() const;
  // One that the same commit makes.
  const KnownPatient* add(const Cx& cx, const std::string& id);
  // References to all Patients that were found, for the audit record.
  std::vector<std::string> seen() const;
  // From now on the Patient `from` counts as `to`: a merge that is about to be committed.
  void moved(std::string from, std::string to) { moved_ = {std::move(from), std::move(to)}; }
  // The first fault of the store; asked for before answering.
  const std::optional<fhir::Outcome>& failure() const { return failure_; }

 private:
  std::optional<KnownPatient> look_up(const Cx& cx);
  void fail(fhir::Outcome why);

  const Site& site_;
  std::shared_ptr<Known> known_;
  std::pair<std::string, std::string> moved_;  // logical ids
  std::optional<fhir::Outcome> failure_;
};

}  // namespace ihe::xds
