// A submission made from a few words, as a Document Source makes one: entries with the hash and size of their
// documents, the submission set, a folder, and what ties them together. IHE ITI TF-3 4.2.1, 4.3.1.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/content.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/documents.h"
#include "ihe/xds/registry_object.h"

namespace ihe::xds {

struct Composition {
  struct Item {
    std::string title;
    std::string mime_type;
    std::shared_ptr<const fhir::Content> bytes;
    std::string unique_id = {};  // "" = a new one
  };
  std::string patient;         // CX
  std::string source_patient;  // CX of the source's own domain; "" = patient
  std::string source_id;       // OID of the source
  std::string author;          // XCN; "" = none
  std::string institution;     // XON; "" = none
  std::string language;
  std::vector<std::pair<std::string_view, Code>> codes;  // of the entries, by scheme
  Code content_type;                                     // of the submission set
  std::vector<Item> items;
  std::string repository;  // repositoryUniqueId of the entries; "" = whoever takes the documents says it
  std::vector<std::pair<std::string_view, std::string>> relations;  // type and target of the first document
  std::string title;                                                // of the submission set
  std::string new_folder;                                           // its title; "" = none is made
  Code folder_code;
  std::string folder;                // entryUUID of a registered folder that the documents are put into
  std::vector<std::string> members;  // entryUUIDs of registered entries that are put into the folder as well
  bool limited = false;              // mark all as limited metadata (XDR)
  std::int64_t now = 0;              // milliseconds since 1970 UTC
};

struct Composed {
  std::vector<RegistryObject> objects;
  std::vector<Document> documents;
};

// `random`: gives 32 random hexadecimal digits each time.
Composed compose(const Composition& composition, const std::function<std::string()>& random);

// What becomes of a registered entry: its status alone, or a new version of it. IHE ITI supplement XDS Metadata Update.
struct Change {
  std::string status;  // "" = a new version
  std::optional<std::string> title;
  std::vector<std::pair<std::string_view, Code>> codes;  // by scheme, each in place of those before
};
// `of`: who submits, and when. The objects of ITI-57; `entry` is as a query gave it.
Composed compose_update(const Composition& of, const RegistryObject& entry, const Change& change,
                        const std::function<std::string()>& random);

// "code^display^scheme"; nothing when code or scheme is missing.
std::optional<Code> code_from(std::string_view text);

// An OID below 2.25, the decimal value of a UUID (ITU-T X.667). `digits`: 32 hexadecimal ones.
std::string oid_of_uuid(std::string_view digits);

}  // namespace ihe::xds
