// What the answers of the HL7 v3 transactions of patient identity have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ihe/transaction.h"
#include "ihe/wire/hl7v3.h"

namespace ihe::pix {

// A refusal as MCCI_IN000002UV01: Transaction::refuse.
Answer refuse_v3(const Message& message, const fhir::Outcome& outcome, const Moment& moment);

// A registration event with what `patient` writes into the role, whose identifiers must have been written first.
// `custodian`: the root of who keeps the registration.
template <class Patient>
void write_event(xml::Writer& writer, std::string_view custodian, const Patient& patient) {
  writer.open("subject").attribute("typeCode", "SUBJ").attribute("contextConductionInd", "false");
  writer.open("registrationEvent").attribute("classCode", "REG").attribute("moodCode", "EVN");
  writer.open("id").attribute("nullFlavor", "NA").close();
  writer.open("statusCode").attribute("code", "active").close();
  writer.open("subject1").attribute("typeCode", "SBJ").open("patient").attribute("classCode", "PAT");
  patient();
  writer.close().close();
  writer.open("custodian").attribute("typeCode", "CST");
  writer.open("assignedEntity").attribute("classCode", "ASSIGNED");
  hl7v3::write_id(writer, "id", custodian, {});
  writer.close().close().close().close();
}

// Who keeps the registrations: the device that was asked.
std::string_view custodian_of(const hl7v3::Asked& asked);

}  // namespace ihe::pix
