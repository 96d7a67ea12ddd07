// PV1, the segment of a visit, to and from FHIR Encounter: fed by ITI-8 and ITI-31, asked for by ITI-22. A visit is
// known by its number (PV1-19); without one there is nothing to be kept. HL7 v2.5 chapter 3.4.3; IHE ITI TF-2 3.31.
//
//   PV1-2 class · 3 location · 7, 8, 9, 17 attending, referring, consulting, admitting doctor · 10 serviceType ·
//   19 identifier · 44, 45 period; the trigger event is the status, PID-18 the account
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/identity/identity.h"
#include "ihe/transaction.h"
#include "ihe/wire/hl7v2.h"

namespace ihe::pix {

// The Encounter that the message tells of, with what is known of it already; nothing where PV1-19 is empty.
// `patient`: logical id.
fhir::Result<std::optional<fhir::Write>> read_visit(const Site& site, const hl7v2::Message& message,
                                                    const hl7v2::Segment& pv1, const std::string& patient);

// Whether an Encounter of that logical id came by PV1.
bool is_visit(std::string_view encounter);

// The visits that "Patient/1" has in the store; more than 10,000 are Kind::too_costly.
fhir::Result<std::vector<fhir::Version>> visits_of(fhir::Snapshot& snapshot, const fhir::Access& access,
                                                   std::string_view base, const std::string& patient);

// The identifiers of its patient (PID-3) under which a visit was told of, as extensions: with one of them it would move
// to another patient. file_under adds one, unless it is there.
void file_under(fhir::Arena& arena, fhir::Node& encounter, const identity::Id& id);
bool is_filed_under(const fhir::Node& encounter, const identity::Id& id);
void file_under_none(fhir::Node& encounter);

// The account (PID-18) that the visit is charged to.
void add_account(fhir::Arena& arena, fhir::Node& encounter, const identity::Id& account);

// Field `n` of PV1 as this Encounter has it, written; "" for nothing.
std::string visit_field(const Site& site, const hl7v2::Writer& writer, const fhir::Node& encounter, std::size_t n);

void write_pv1(const Site& site, hl7v2::Writer& writer, const fhir::Node& encounter);

}  // namespace ihe::pix
