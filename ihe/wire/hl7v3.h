// HL7 v3 messages: the wrappers around what a transaction says. Read from an element of any prefix, written with v3 as
// the default namespace. HL7 v3 Normative Edition 2008 (MCCI, MFMI, QUQI); IHE ITI TF-2 Appendix O.
//
//   interaction { id, creationTime, interactionId, …, receiver, sender, acknowledgement?, controlActProcess? }
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "ihe/wire/soap.h"
#include "ihe/wire/xml.h"

namespace ihe::hl7v3 {

inline constexpr std::string_view ns = "urn:hl7-org:v3";
inline constexpr std::string_view interaction_ids = "2.16.840.1.113883.1.6";

// An interaction as it came. Kind::unprocessable when a wrapper breaks a rule of Appendix O.
struct Asked {
  const xml::Element* message = nullptr;
  const xml::Element* control = nullptr;  // controlActProcess
  const xml::Element* query = nullptr;    // queryByParameter, null when there is none
  std::string sender;                     // "device|organization", the roots of their ids
};
fhir::Result<Asked> read(const soap::Message& message);

// II: whether it has a value at all, and that value's text for messages.
bool has_value(const xml::Element* ii);

struct Detail {
  std::string code;  // of 2.16.840.1.113883.12.357 (HL7 table 0357)
  std::string text;
  std::string location;  // XPath, "" for none
  bool warns = false;    // of something that was done all the same
};

enum class Acknowledgement : std::uint8_t { aa, ae, ar, ca, ce };

struct Stamp {
  std::string id;        // of the message to be written
  std::int64_t now = 0;  // milliseconds since 1970 UTC
};

// Opens the interaction that answers and writes its transmission wrapper with the acknowledgement; the caller goes on
// with the control act, if any, and closes the root.
void open_answer(xml::Writer& writer, const xml::Element& asked, const Stamp& stamp, std::string_view interaction,
                 Acknowledgement acknowledgement, const std::vector<Detail>& details = {});

// The whole of MCCI_IN000002UV01.
std::string acknowledge(const xml::Element& asked, const Stamp& stamp, Acknowledgement acknowledgement,
                        const std::vector<Detail>& details = {});

// The acknowledgement that tells a refusal: AE for what must be corrected, AR for what may be sent again.
std::string refuse(const soap::Message& message, const Stamp& stamp, const fhir::Outcome& outcome);
std::vector<Detail> details_of(const fhir::Outcome& outcome);

// An element and what is below it again, in v3's namespace.
void copy(xml::Writer& writer, const xml::Element& element);

// YYYYMMDDHHMMSS+0000
std::string timestamp(std::int64_t milliseconds);

// The start of a control act of an answer: `trigger` is its code ("PRPA_TE201310UV02").
void open_control(xml::Writer& writer, std::string_view trigger);
struct QueryAck {
  std::string_view response;  // OK, NF, AE
  bool counted = false;
  std::size_t total = 0, current = 0, remaining = 0;
};
void write_query_ack(xml::Writer& writer, const xml::Element* query_id, const QueryAck& ack);

// `<name root="…" extension="…"/>`
void write_id(xml::Writer& writer, std::string_view name, std::string_view root, std::string_view extension,
              std::string_view authority = {});

}  // namespace ihe::hl7v3
