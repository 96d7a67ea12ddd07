// The audit record of a transaction as a FHIR AuditEvent, written in the same commit as what it did. A row says which
// event it is (Transaction::audit), its plan whom it was about (Plan::audited); the exchange writes the record for
// every message, also for one that was refused. IHE ITI TF-2 3.20, BALP; DICOM PS3.15 A.5.
#pragma once

#include <string_view>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/transaction.h"

namespace ihe::atna {

// `refusal`: null when the transaction was carried out.
fhir::Result<fhir::Write> event(const Site& site, const Transaction& row, const Message& message,
                                const Audited& audited, const fhir::Outcome* refusal);

}  // namespace ihe::atna
