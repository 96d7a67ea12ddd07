// PID, the segment that says who a patient is, to and from FHIR: what all v2 transactions of patient identity share.
// HL7 v2.5 chapter 3.4.2; IHE ITI TF-2 Appendix C, tables 3.8.4.1.2.3-1 and 3.21.4.2.2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"
#include "ihe/identity/identity.h"
#include "ihe/transaction.h"
#include "ihe/wire/hl7v2.h"

namespace ihe::pix {

// A patient as a message tells of it.
struct Told {
  std::unique_ptr<fhir::Arena> arena;
  fhir::Node* patient = nullptr;          // Patient, bound
  fhir::Node* mother = nullptr;           // RelatedPerson, bound; null when PID-6 and PID-21 say nothing
  std::vector<std::string_view> cleared;  // elements that the sender wants gone: fields that hold ""
};

// Faults name their place as ERR-2 does. PID-3 is read but judged by identity::feed.
fhir::Result<Told> read_pid(const Site& site, const hl7v2::Message& message, const hl7v2::Segment& pid);

// CX: an identifier with its assigning authority, as the domain's URI. An authority that is not configured, or whose
// name and OID are of two domains, gets a URI that no domain has.
identity::Id read_cx(const Site& site, const hl7v2::Repetition& cx);
// The domain alone, of component `n`.
std::string read_authority(const Site& site, const hl7v2::Repetition& field, std::size_t n);

// An identifier with its authority as namespace&OID&ISO.
std::string write_cx(const Site& site, const hl7v2::Writer& writer, const identity::Id& id);

// Where a fault of identity::feed lies: "Patient.identifier[2]" is PID^1^3^3.
fhir::Outcome in_pid(fhir::Outcome outcome);

// The whole segment.
void write_pid(const Site& site, hl7v2::Writer& writer, const fhir::Node& patient,
               const std::vector<identity::Id>& ids);

// TS to a FHIR date of the precision it has; nothing for a date that does not exist.
std::optional<std::string> date_of(std::string_view timestamp);

}  // namespace ihe::pix
