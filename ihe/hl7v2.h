// The HL7 v2 door of IHE, as the network sees it: from the bytes of a message to its row, from what came of it to the
// bytes of an acknowledgement. IHE ITI TF-2 C.2.3; HL7 v2.5 chapter 2.9.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "ihe/transaction.h"

namespace ihe::hl7v2 {

struct Received {
  std::shared_ptr<const Message> message;
  const Transaction* row = nullptr;
  std::string refusal;  // not empty: the answer to a message that no row can take
};

// `now`: milliseconds since 1970 UTC.
Received receive(std::string_view bytes, std::int64_t now);

// As rows and the audit record want it.
ihe::Message message_of(std::shared_ptr<const Message> message, std::string peer);

// The negative acknowledgement that an outcome comes to: AE for what must be corrected, AR for what may be sent again.
std::string refuse(const Message& message, const fhir::Outcome& outcome, std::int64_t now);

// The answer to a frame that is no message, or too long for one: AR, with what can be read of its header.
std::string refuse_frame(std::string_view bytes, std::string_view why, std::int64_t now);

// An answer in the character set of its message; in UTF-8 where that set has no place for a character.
std::string in_charset_of(const Message& message, std::string answer);

}  // namespace ihe::hl7v2
