// The client's side of XDS: what a Document Consumer and a Document Source send, as bytes to be POSTed, and what the
// answers say. Sent and read by the wire code of the server. IHE ITI TF-2a 3.18, TF-2b 3.41 to 3.43, 3.51, and the
// supplements XDS Metadata Update (3.57) and Remove Metadata and Documents (3.62, 3.86).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/content.h"
#include "fhir/outcome.h"
#include "ihe/xds/documents.h"
#include "ihe/xds/errors.h"
#include "ihe/xds/registry_object.h"
#include "ihe/xds/stored_query.h"

namespace ihe::xds {

// One exchange: where it goes, and 32 random hexadecimal digits that message id and boundary are made of.
struct Call {
  std::string to;
  std::string token;
};

struct Posted {
  std::string content_type;
  std::shared_ptr<const fhir::Content> content;
};

// A stored query to be asked. Values are plain; quotes and lists are made of them.
struct Asked {
  const QueryDefinition* definition = nullptr;
  std::vector<std::pair<std::string, Values>> slots;  // names of the definition's table; the same name again: and
  bool leaf_class = true;
  std::string home;
};
// By its name in the framework ("FindDocuments") or by its id; null when there is none.
const QueryDefinition* query_named(std::string_view name_or_id);
Posted ask(const Asked& query, const Call& call);

// ITI-41. `documents` belong to the entries by uniqueId.
Posted provide(const std::vector<RegistryObject>& objects, const std::vector<Document>& documents, const Call& call);

// ITI-42 and ITI-57: metadata alone.
Posted register_set(const std::vector<RegistryObject>& objects, const Call& call);
Posted update_set(const std::vector<RegistryObject>& objects, const Call& call);
// ITI-62: objects of the registry by their ids.
Posted remove(const std::vector<std::string>& ids, const Call& call);

struct DocumentRequest {
  std::string home;  // "" = not said
  std::string repository;
  std::string unique_id;
};
Posted retrieve(const std::vector<DocumentRequest>& documents, const Call& call);
// ITI-86.
Posted remove_documents(const std::vector<DocumentRequest>& documents, const Call& call);

// What an answer says, whatever was asked.
struct Told {
  std::string status;  // Success, PartialSuccess or Failure
  std::vector<RegistryError> errors;
  std::vector<RegistryObject> objects;  // LeafClass
  std::vector<std::string> references;  // ObjectRef
  std::vector<Document> documents;
  std::string body;  // the element in the envelope's Body
};
// Kind::unprocessable: a SOAP fault, in its own words; Kind::malformed: no answer to `call`.
fhir::Result<Told> told(const Posted& answer, const Call& call);

}  // namespace ihe::xds
