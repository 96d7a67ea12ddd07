// ITI-65 Provide Document Bundle and ITI-105 Simplified Publish: what comes as FHIR is submitted by the rules of the
// registry. IHE MHD 4.2 Volume 2, 3.65 and 3.105.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fhir/node.h"
#include "fhir/rule.h"
#include "fhir/store.h"
#include "ihe/transaction.h"
#include "ihe/xds/patients.h"

namespace ihe::mhd {

struct Provided {
  fhir::Batch batch;
  struct Entry {
    const fhir::Type* type = nullptr;
    std::string id;
    std::size_t write = 0;  // index into batch.writes
    bool created = true;
    std::vector<fhir::Issue> warnings = {};  // what the registry would rather have otherwise
  };
  std::vector<Entry> entries;  // one per entry of the bundle, in its order
};

// Whether it creates a SubmissionSet or claims to be one of MHD. It is refused where it is no transaction.
bool is_document_bundle(const fhir::Node& bundle);

// `bundle` is bound and free of faults. Refused: OperationOutcomes whose issues name the codes of XDS.
fhir::Result<Provided> provide(const Site& site, const fhir::Node& bundle);

// A SubmissionSet or Folder of MHD, by its code or the profile that it claims.
bool is_package(const fhir::Node& list);

// A DocumentReference that claims a profile of MHD is an entry of the registry, also when it comes alone: its document
// lies in attachment.data or in a Binary, its SubmissionSet is made. So it is with a Folder. Its entryUUID is what it
// claims, or a new one. The write of the object itself comes first, and it is the one entry of what is provided.
bool is_entry(const fhir::Node& resource);
fhir::Result<Provided> publish(const Site& site, const fhir::Node& resource);
// The logical id under which it is created: the UUID that it claims, or a new one.
std::string entry_id(const fhir::Node& resource, fhir::Ids& ids, std::int64_t now);
// What a registered Folder holds beyond what it held, in a SubmissionSet of our own making. The write of the Folder
// comes first.
fhir::Result<fhir::Batch> fill(const Site& site, const fhir::Node& folder, const std::string& uuid,
                               fhir::WritesByName* beside);
// By ITI-105, which asks for less.
bool is_simplified(const fhir::Node& reference);

// The same under a logical id that is the UUID of its entryUUID: of those that come one after the other over one
// snapshot. Who their patients are is found once.
class Entries {
 public:
  // The first write demands `if_version`, or that the entry is still what it is now.
  // Nothing for what becomes no new entry: it claims no profile, `id` is no UUID, or it is registered already. Refused:
  // a UUID with letters in upper case. `beside`: what the same commit writes, which it may refer to.
  fhir::Result<std::optional<fhir::Batch>> put(const Site& site, const fhir::Node& resource, const std::string& id,
                                               std::optional<std::int64_t> if_version = {},
                                               fhir::WritesByName* beside = nullptr);

 private:
  std::shared_ptr<xds::Patients::Known> known_ = std::make_shared<xds::Patients::Known>();
};

}  // namespace ihe::mhd
