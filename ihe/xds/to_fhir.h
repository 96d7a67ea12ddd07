// A registry object as its FHIR resource: the one mapping of XDS to FHIR, used by every door. What FHIR has no place
// for stays in the record beside it, what XDS has none for in the resource (said.h). IHE MHD 4.2 Volume 3 (profiles
// Comprehensive.DocumentReference, .SubmissionSet, .Folder).
#pragma once

#include <string>
#include <string_view>

#include "fhir/incoming.h"
#include "fhir/store.h"
#include "ihe/xds/submission.h"

namespace ihe::xds {

namespace mhd_names {
inline constexpr std::string_view base = "https://profiles.ihe.net/ITI/MHD/";
inline constexpr std::string_view base_of_40 = "http://profiles.ihe.net/ITI/MHD/";  // of MHD 4.0, until 4.1 renamed it
inline constexpr std::string_view identifier_type =
    "https://profiles.ihe.net/ITI/MHD/CodeSystem/IHE.MHD.MHDIdentifierType";
inline constexpr std::string_view list_type = "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes";
inline constexpr std::string_view designation_type =
    "https://profiles.ihe.net/ITI/MHD/StructureDefinition/ihe-designationType";
inline constexpr std::string_view source_id = "https://profiles.ihe.net/ITI/MHD/StructureDefinition/ihe-sourceId";
inline constexpr std::string_view intended_recipient =
    "https://profiles.ihe.net/ITI/MHD/StructureDefinition/ihe-intendedRecipient";
inline constexpr std::string_view author_org = "https://profiles.ihe.net/ITI/MHD/StructureDefinition/ihe-authorOrg";
inline constexpr std::string_view encounter_id = "urn:ihe:iti:xds:2015:encounterId";  // types of a CXi
inline constexpr std::string_view unique_id = "urn:ihe:iti:xds:2013:uniqueId";

// A name of MHD below its base, whatever its version; "" for any other name.
inline std::string_view local(std::string_view name) {
  for (const auto root : {base, base_of_40})
    if (name.starts_with(root)) return name.substr(root.size());
  return {};
}
inline bool mentioned_in(std::string_view bytes) {
  return bytes.find(base) != std::string_view::npos || bytes.find(base_of_40) != std::string_view::npos;
}
}  // namespace mhd_names

// The resource of `stored`, as it is now in `work`: what its record says.
fhir::Node& to_fhir(fhir::Arena& arena, const Stored& stored, Work& work);

// All that `work` changed as one batch: bodies, index rows, records, and the conditions that still must hold.
fhir::Result<fhir::Batch> batch_of(Work& work);

}  // namespace ihe::xds
