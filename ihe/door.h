// The wire half of the SOAP door: bytes under a Content-Type become a message and its row, an answer or a refusal
// becomes bytes again. SOAP, MTOM, WS-Addressing; IHE ITI TF-2 Appendix V.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "fhir/content.h"
#include "fhir/outcome.h"
#include "ihe/transaction.h"

namespace ihe {

struct SoapRequest {
  std::shared_ptr<const fhir::Content> body;
  std::string content_type;
  std::string soap_action;  // HTTP's, of SOAP 1.1; says the action where the envelope does not
  std::string alias;        // "ITI-41" when the address names a transaction, else ""
};

// Where what answers a message goes.
struct Destination {
  bool here = true;          // back on the connection
  std::string address = {};  // elsewhere; "": nowhere, it is not wanted
};

struct SoapReply {
  int status = 200;
  std::string content_type;
  std::string envelope;                                    // when it comes alone; "" without `content`: nothing is sent
  std::shared_ptr<const fhir::Content> content = nullptr;  // the envelope with its documents
  Destination to = {};
  std::uint64_t size() const { return envelope.size() + (content ? content->size() : 0); }
};

// One of the messages that a row takes.
struct Exchanged {
  const Transaction* transaction = nullptr;
  std::string_view action;
  std::string_view body;
  std::string answer_action;
  std::string_view answer_body;
};
std::vector<Exchanged> messages_of(const Transaction& transaction);

struct SoapCall {
  Exchanged exchanged;
  Message message;
  Destination answers = {};                             // by ReplyTo
  Destination faults = {};                              // by FaultTo, or else with the answers
  std::optional<fhir::Outcome> refused = std::nullopt;  // why it must not be carried out, which is a fault
};

// "urn:uuid:…" of 32 random hexadecimal digits.
std::string uuid_of(std::string_view token);

// The message with its row, or the fault that answers it. Action and body must agree (bad input B47). A missing action
// is forgiven to queries. A WS-Security token is refused (B82–B98). `token`: 32 random hexadecimal digits, which
// message ids and boundaries are made of.
std::variant<SoapCall, SoapReply> receive(const SoapRequest& request, std::string_view token);

// The answer to `call`: an Outcome becomes the transaction's own refusal, or a fault.
SoapReply reply_to(const SoapCall& call, fhir::Result<Answer> answer, std::string_view token, std::int64_t now);

// A refusal of `call` that is not the transaction's own: always a fault.
SoapReply fault(const SoapCall& call, const fhir::Outcome& outcome, std::string_view token);

// Namespace and name of the element in the body, and what is wrong with it by a schema; nothing when it is valid.
std::pair<std::string_view, std::string_view> body_of(const SoapCall& call);
std::optional<fhir::Outcome> schema_fault(const SoapCall& call, const std::string& schema_file);

// WSDL 1.1 of all SOAP transactions, or of the one that `alias` names; "" when there is none of that name.
// `address`: of the door, "http://host:port/soap".
std::string wsdl(std::string_view address, std::string_view alias);

}  // namespace ihe
