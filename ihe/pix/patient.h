// The patient of HL7 v3 (role, with patientPerson as player) to and from FHIR: what ITI-44, 45, 46 and 47 share.
// HL7 v3 NE2008 PRPA_MT201301–201310, data types R1 (II, PN, AD, TEL, TS); IHE ITI TF-2 3.44.4.1.2, 3.47.4.2.2.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"
#include "ihe/identity/identity.h"
#include "ihe/transaction.h"
#include "ihe/wire/xml.h"

namespace ihe::pix {

// A patient as a v3 message tells of it.
struct Person {
  std::unique_ptr<fhir::Arena> arena;
  fhir::Node* patient = nullptr;  // Patient, bound
  fhir::Node* mother = nullptr;   // RelatedPerson, bound; null when the message tells of none
};

// `patient` is the role element. Identifiers are read but judged by identity::feed.
fhir::Result<Person> read_patient(const Site& site, const xml::Element& patient);

// An II as an identifier of the domain that its root is the OID of; nothing for a nullFlavor or without extension.
std::optional<identity::Id> read_ii(const Site& site, const xml::Element& ii);
// The domain's URI that a root means.
std::string domain_uri(const Site& site, std::string_view root);

// An identifier as II, with the domain's name; nothing is written where its domain has no OID.
void write_ii(const Site& site, xml::Writer& writer, const identity::Id& id);
// The OID of a domain, "" when it has none.
std::string oid_of(const Site& site, std::string_view uri);

// The names of a person, those of earlier days aside; where there is none it says so.
void write_names(xml::Writer& writer, const fhir::Node& patient);

// patientPerson of PRPA_MT201310 with everything that is known: what stands before asOtherIDs, and what behind.
void open_person(xml::Writer& writer, const fhir::Node& patient);
void close_person(xml::Writer& writer, const fhir::Node& patient);

// asOtherIDs of one domain; without an identifier it says that there is none.
void write_other_id(const Site& site, xml::Writer& writer, std::string_view oid, const identity::Id* id);

}  // namespace ihe::pix
