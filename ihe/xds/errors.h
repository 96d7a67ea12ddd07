// What an XDS actor answers: errors and warnings with their codes, collected until all are known.
// IHE ITI TF-3 4.2.4, Table 4.2.4.1-2; codes of metadata update and removal from their supplements.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"

namespace ihe::xds {

namespace code {
inline constexpr std::string_view registry_metadata = "XDSRegistryMetadataError";
inline constexpr std::string_view repository_metadata = "XDSRepositoryMetadataError";
inline constexpr std::string_view unknown_patient = "XDSUnknownPatientId";
inline constexpr std::string_view patient_mismatch = "XDSPatientIdDoesNotMatch";
inline constexpr std::string_view duplicate_in_registry = "XDSDuplicateUniqueIdInRegistry";
inline constexpr std::string_view other_hash = "XDSNonIdenticalHash";
inline constexpr std::string_view other_size = "XDSNonIdenticalSize";
inline constexpr std::string_view registry_duplicate_in_message = "XDSRegistryDuplicateUniqueIdInMessage";
inline constexpr std::string_view repository_duplicate_in_message = "XDSRepositoryDuplicateUniqueIdInMessage";
inline constexpr std::string_view missing_document = "XDSMissingDocument";
inline constexpr std::string_view missing_document_metadata = "XDSMissingDocumentMetadata";
inline constexpr std::string_view unresolved = "UnresolvedReferenceException";
inline constexpr std::string_view deprecated = "XDSRegistryDeprecatedDocumentError";
inline constexpr std::string_view registry = "XDSRegistryError";
inline constexpr std::string_view repository = "XDSRepositoryError";
inline constexpr std::string_view registry_busy = "XDSRegistryBusy";
inline constexpr std::string_view repository_busy = "XDSRepositoryBusy";
inline constexpr std::string_view missing_parameter = "XDSStoredQueryMissingParam";
inline constexpr std::string_view parameter_number = "XDSStoredQueryParamNumber";
inline constexpr std::string_view unknown_query = "XDSUnknownStoredQuery";
inline constexpr std::string_view several_patients = "XDSResultNotSinglePatient";
inline constexpr std::string_view too_many = "XDSTooManyResults";
inline constexpr std::string_view document_id = "XDSDocumentUniqueIdError";
inline constexpr std::string_view unknown_repository = "XDSUnknownRepositoryId";
inline constexpr std::string_view unknown_community = "XDSUnknownCommunity";
inline constexpr std::string_view update = "XDSMetadataUpdateError";
inline constexpr std::string_view update_operation = "XDSMetadataUpdateOperationError";
inline constexpr std::string_view update_version = "XDSMetadataVersionError";
inline constexpr std::string_view update_identifier = "XDSMetadataIdentifierError";
inline constexpr std::string_view patient_reconciliation = "XDSPatientIDReconciliationError";
inline constexpr std::string_view unmodifiable = "UnmodifiableMetadataError";
inline constexpr std::string_view references_exist = "ReferencesExistException";
inline constexpr std::string_view unreferenced = "XDSUnreferencedObjectException";
}  // namespace code

struct RegistryError {
  std::string code;
  std::string context;   // names what is wrong: the attribute, parameter or id, and its value
  std::string location;  // ITI-43: the uniqueId that was asked for
  bool warning = false;
  std::string object = {};  // id of the object or document that it is about, "" where it is about none
};

class Errors {
 public:
  void add(std::string_view error_code, std::string context, std::string object = {}) {
    keep({std::string(error_code), std::move(context), {}, false, std::move(object)});
  }
  // About a document that was asked for.
  void add_asked(std::string_view error_code, std::string context, const std::string& unique_id) {
    keep({std::string(error_code), std::move(context), unique_id, false, unique_id});
  }
  void warn(std::string_view error_code, std::string context, std::string object) {
    keep({std::string(error_code), std::move(context), {}, true, std::move(object)});
  }
  bool failed() const { return failed_; }  // something more than warnings
  const std::vector<RegistryError>& list() const { return list_; }

 private:
  void keep(RegistryError error) {
    failed_ = failed_ || !error.warning;
    if (list_.size() < most) list_.push_back(std::move(error));
  }

  static constexpr std::size_t most = 500;  // told at once
  std::vector<RegistryError> list_;
  bool failed_ = false;
};

}  // namespace ihe::xds
