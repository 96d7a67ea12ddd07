// The row of an IHE transaction that is plain FHIR at the wire: which requests are such a transaction, and what its
// audit record tells of one. The requests themselves run through the rows of REST and of the operations. One file per
// transaction, named by its number; each ends in its row, in namespace ihe:
//
//   extern constinit const Restful iti83{.id = "ITI-83", .name = "Mobile Patient Identifier …", ...};
//
// CMake collects the rows.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/incoming.h"
#include "fhir/search/query.h"
#include "ihe/atna/event.h"
#include "ihe/transaction.h"

namespace ihe {

// A request at the FHIR door, after it was planned.
struct Requested {
  std::string_view interaction;  // "search-type", "read", "create", "update", "delete", "transaction", "operation"
  std::string_view type;         // that the address names, "" for none
  std::string_view id;           // that the address names, "" for none
  std::string_view operation;    // without "$"
  const fhir::search::Parameters& parameters;  // of the address and of a form
  std::string_view target;                     // what stands behind the base, as it was sent
  std::string_view body;                       // the same
  std::span<const fhir::Write> writes = {};    // what it changes
  bool refused = false;
};

struct Restful {
  std::string_view id;     // "ITI-83"
  std::string_view name;   // as the Technical Framework has it
  std::string_view actor;  // that we are
  Audit audit;
  std::string_view interactions;  // of Requested, separated by a space
  std::string_view type = {};
  std::string_view operation = {};
  bool asks = false;  // is also what a client of FHIR asks that has never heard of IHE: recorded where it is wanted
  // Completes the record, which has all that stands in the row; false when the request is none of this transaction.
  bool (*tell)(const Site&, const Requested&, atna::Record&);
  // What FHIR takes and IHE refuses, and what IHE adds to it; `writes`: those of the request.
  fhir::Result<bool> (*demand)(const Site&, const Requested&, std::span<fhir::Write> writes) = nullptr;
};

// All rows, from the generated registry.
std::span<const Restful* const> restful();

// Refuses what the transaction that a request is demands otherwise, or changes its writes.
fhir::Result<bool> admit(const Site& site, const Requested& requested, std::span<fhir::Write> writes);

// The record of a request that is one of the transactions, else nothing. `asking`: also of the rows that have `asks`.
std::optional<atna::Record> record_of(const Site& site, const Requested& requested, bool asking);

// The question as it was asked: where, and what was sent for it (64 KiB at most).
std::string as_asked(const Requested& requested);

// The resource that was sent; nothing when it cannot be read.
std::optional<fhir::Incoming> sent_in(const Requested& requested);

// Patients that a search names: by reference in the parameter `name`, by identifier in `name`.identifier.
std::vector<std::string> patients_asked(const fhir::search::Parameters& parameters, std::string_view name);

// Completes the record of a search of the registry (ITI-66, 67); false when it is for no patient.
bool tell_search(const Site&, const Requested& requested, atna::Record& record);

// The same of a document that came by itself (ITI-105, 106): its entry.
bool tell_publication(const Site&, const Requested& requested, atna::Record& record);

// The first write of that type, null when there is none.
const fhir::Write* written(const Requested& requested, std::string_view type);

// Whether the request brings documents by MHD: what it registers, or when it was refused what it claims to be.
bool provides_documents(const Requested& requested);

}  // namespace ihe
