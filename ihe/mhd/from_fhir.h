// MHD's resources as registry objects: the reverse of xds/to_fhir.h. IHE MHD 4.2 Volume 3 (FHIR to XDS mapping).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/node.h"
#include "fhir/rule.h"
#include "ihe/xds/submission.h"

namespace ihe::mhd {

// What references may mean: resources that are contained, come beside, or are stored.
class Context {
 public:
  // `bundle`: whose entries are found by fullUrl; null for a resource on its own. `beside`: what the same commit
  // writes, null for nothing that may be meant.
  Context(xds::Work& work, const fhir::Node* bundle, fhir::WritesByName* beside = nullptr);

  // A reference of the resource `owner` as the fullUrl of an entry has it: a relative one stands below the root of its
  // own entry's, where that is an address. FHIR R4: http://hl7.org/fhir/R4/bundle.html#references
  std::string full(const fhir::Node& owner, std::string_view literal) const;
  // The resource that a Reference below `owner` means, null when it cannot be found.
  const fhir::Node* resolve(const fhir::Node& owner, const fhir::Node& reference);
  // The CX of the Patient that a Reference means, "" when there is none. One that comes beside is known from then on.
  std::string patient(const fhir::Node& owner, const fhir::Node* reference);
  // What the same commit writes under this name, null for nothing.
  const fhir::Write* written(std::string_view type, std::string_view id);
  xds::Work& work() { return work_; }

 private:
  const fhir::Node* stored(std::string_view type, std::string_view id);

  xds::Work& work_;
  fhir::WritesByName* beside_;
  std::unordered_map<std::string, const fhir::Node*> by_full_url_;  // the resources of entries
  std::unordered_map<const fhir::Node*, std::string_view> full_urls_;
  struct Kept {
    std::string bytes;
    std::unique_ptr<fhir::Arena> arena = nullptr;
    const fhir::Node* node = nullptr;
  };
  std::unordered_map<std::string, Kept> kept_;  // by "Patient/1"
};

// `node` with the names of MHD 4.0 as 4.1 and later write them; itself where it has none of them.
const fhir::Node& renamed(const fhir::Node& node, fhir::Arena& arena);

bool is_submission_set(const fhir::Node& list);
bool is_folder(const fhir::Node& list);

// The entry, set or folder that a DocumentReference or List is, under `id` (urn:uuid:…). hash and size only where the
// attachment has them.
xds::RegistryObject entry_from(const fhir::Node& reference, const std::string& id, Context& context);
xds::RegistryObject package_from(const fhir::Node& list, const std::string& id, Context& context);

// Whether two views of the object `id` say the same of it in XDS: all but its status, its relations and members.
bool same_metadata(const fhir::Node& one, const fhir::Node& other, const std::string& id, Context& context);

// Why a DocumentReference cannot be an entry: what has no place there and would change what the rest means. "" when
// it can.
std::string_view unfit(const fhir::Node& reference);

// The entryUUID that a resource claims among its identifiers, "" when it claims none.
std::string entry_uuid_of(const fhir::Node& resource);

// RPLC for replaces, and so on; "" for a code that is none.
std::string_view association_type(std::string_view relates_to_code);

}  // namespace ihe::mhd
