// Acknowledgements: MSH, MSA, ERR. HL7 v2.5 chapter 2.9; IHE ITI TF-2 C.2.3.
//
//   case                                   MSA-1  ERR-3 (HL7 table 0357)
//   taken over                             AA     0
//   errors in the message                  AE     101 required, 102 data type, 103 table value, 204 unknown key, …
//   header not supported, unparseable      AR     100, 200 type, 201 event, 202 processing id, 203 version
//   busy, time-out, internal               AR     207
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "ihe/wire/hl7v2.h"

namespace ihe::hl7v2 {

// "20260131080500+0000"
std::string timestamp(std::int64_t now);

// MSH of an answer: sender and receiver change places. `type`: MSH-9 as written, "RSP^K23^RSP_K23".
void start_answer(Writer& writer, const Message& message, std::string_view type, std::int64_t now);

// MSA-1 of the original mode ("AA") and MSA-2.
void add_msa(Writer& writer, const Message& message, std::string_view code);

void add_errors(Writer& writer, const Message& message, const std::vector<Fault>& faults);

// An ACK: a message gets one answer. It is the accept acknowledgement (CA, CE, CR) where MSH-15 wants one of this
// outcome (HL7 v2.5 chapter 2.9.3, table 0155), else that of the original mode, in which IHE's transactions are and no
// message goes without (ITI TF-2 C.2.3).
std::string acknowledge(const Message& message, std::string_view code, const std::vector<Fault>& faults,
                        std::int64_t now);

// An ACK of the original mode whatever MSH-15 asks for: no transaction took the message, there is nothing to commit.
std::string reject(const Message& message, std::string_view code, const std::vector<Fault>& faults, std::int64_t now);

// What an outcome is called here.
std::string_view code_of(fhir::Kind kind);  // "AE" or "AR"
std::vector<Fault> faults_of(const fhir::Outcome& outcome);

}  // namespace ihe::hl7v2
