// Documents of the repository: each is the resource Binary whose id is made from its uniqueId. Equal bytes of 64 KiB
// and more are kept once, by the store. IHE ITI TF-2b 3.41, 3.43.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/content.h"
#include "fhir/store.h"
#include "ihe/xds/submission.h"

namespace ihe::xds {

// 40 hexadecimal digits of the SHA-256 of the uniqueId.
std::string binary_id(std::string_view unique_id);
bool is_document_id(std::string_view id);  // whether it has the form of one

struct Document {
  std::string unique_id;
  std::string mime_type;
  std::shared_ptr<const fhir::Content> bytes;
};

// Completes `entry` with hash, size and repositoryUniqueId of the document that came with it, and adds an error where
// those that it has do not fit the bytes.
void describe(RegistryObject& entry, const Document& document, const Settings& settings, Errors& errors);

// The write that keeps a document. An entry of the same uniqueId may be registered with the same bytes: then nothing
// changes.
fhir::Result<fhir::Write> write_of(const Document& document, Work& work);

// The write that removes a document; nothing when it is not here.
std::optional<fhir::Write> removal_of(std::string_view unique_id, Work& work);

// Absent or gone: as a read of the Binary answers.
fhir::Result<Document> read_document(fhir::Snapshot& snapshot, const fhir::Access& access, std::string_view unique_id);

}  // namespace ihe::xds
