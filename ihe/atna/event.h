// The audit record of a transaction as a FHIR AuditEvent, written in the same commit as what it did. A row says which
// event it is (Transaction::audit, Restful::audit), its plan whom it was about; whoever runs the row writes the record
// for every message, also for one that was refused. IHE ITI TF-2 3.20, BALP 1.1; DICOM PS3.15 A.5.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/transaction.h"

namespace ihe::atna {

struct Record {
  std::string_view transaction;                 // "ITI-83"
  std::string_view name;                        // as the Technical Framework has it
  Audit audit;                                  // its event may be `rest`
  std::string_view interaction = {};            // FHIR's word for a request: "search-type"
  std::string sender = {}, peer = {}, id = {};  // who asked, from which address, under which message or request id
  std::string address = {};                     // that we were asked under, where it is a URI
  Audited told = {};
  bool sends = false;  // it is we who tell: `sender` and `peer` are who is told, and at which host
};

inline constexpr std::string_view rest = "rest";  // the event of BALP: a restful operation

Record record_of(const Site& site, const Transaction& row, const Message& message, Audited told);

// The refusal that an answer holds which is part of the transaction (MSA of v2, the acknowledgement of v3, the status
// of a RegistryResponse); nothing in one that tells of success.
std::optional<fhir::Outcome> refusal_in(const Transaction& row, const Answer& answer);

// `refusal`: null when the transaction was carried out.
fhir::Result<fhir::Write> event(const Site& site, const Record& record, const fhir::Outcome* refusal);

}  // namespace ihe::atna
