// The row of one IHE transaction as its receiving actor. A handler is a plain function from a message and a snapshot to
// a plan: it cannot suspend, lock, log or read a clock. One file per transaction, named by its number; each ends in
// its row, in namespace ihe:
//
//   extern constinit const Transaction iti9{.id = "ITI-9", .name = "PIX Query", ...};
//
// CMake collects the rows. Transactions that are FHIR at the wire (ITI-78, ITI-65 …) are rows of REST instead.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/access.h"
#include "fhir/content.h"
#include "fhir/incoming.h"
#include "fhir/outcome.h"
#include "fhir/store.h"

namespace ihe {

struct Settings;  // settings.h

namespace hl7v2 {
struct Message;  // wire/hl7v2.h
}
namespace soap {
struct Message;  // wire/soap.h
}

enum class Door : std::uint8_t { mllp, soap };
std::string_view word_of(Door door);  // "HL7 v2 over MLLP"

// What came in: one of the two, parsed; and for the audit record who sent it, from where, and its id.
struct Message {
  std::shared_ptr<const hl7v2::Message> v2;
  std::shared_ptr<const soap::Message> soap;
  std::string sender = {};
  std::string peer = {};  // network address
  std::string id = {};    // MSH-10, wsa:MessageID
};

// What is recorded of a transaction: an event of DICOM PS3.15 A.5 as IHE's audit tables say, and C, R, U, D or E.
struct Audit {
  std::string_view event = {};  // "110110" Patient Record, "110112" Query, "110106" Export, "110107" Import
  char action = 'E';
};

// What was exchanged beside patients and a query.
struct AuditedObject {
  std::string_view role;        // FHIR's object-role: "20" a submission set, "3" a document, "4" a resource ...
  std::string reference;        // "List/1"
  std::string_view name = {};   // ... of a message, which has a name (its event), its resource type instead
  std::string identifier = {};  // what the transaction calls it: a uniqueId
};

// What a plan adds to that.
struct Audited {
  char action = '\0';                      // in place of the row's, where it differs from message to message
  std::vector<std::string> patients = {};  // "Patient/1", or "system|value" of one that is not known
  std::vector<AuditedObject> objects = {};
  std::string query = {};                                                    // as it was asked
  std::string query_id = {};                                                 // of a stored query
  std::vector<std::pair<std::string_view, std::string>> query_details = {};  // what is told beside it: type and value
  std::string id = {};  // of the AuditEvent; "": any. A second commit under it is planned anew, and finds the first
};

// A document beside an envelope, which names it "cid:ID" (wire/mtom.h: include()).
struct Attachment {
  std::string id;
  std::string media_type;  // "" = application/octet-stream
  std::shared_ptr<const fhir::Content> content;
};

// What goes out, in the wire form of the door: a v2 message, or the element in the body of a SOAP envelope.
struct Answer {
  std::string bytes;
  std::vector<Attachment> parts = {};
};

// Where a handler stands: one consistent view, who asks, how this server is set up and addressed.
struct Site {
  fhir::Snapshot& snapshot;
  const fhir::Access& access;
  const Settings& settings;
  std::string_view base;  // of FHIR: "http://host:port/fhir"
  std::int64_t now = 0;   // milliseconds since 1970 UTC
  fhir::Ids& ids;
  // What an earlier plan asked to be remembered under that key, "" when there is nothing (any more).
  std::function<std::string(const std::string& key)> recall = nullptr;
};

// Commit `batch` if there is one, then answer. When the commit reports a transient conflict, a new snapshot is taken
// and the handler runs again.
struct Plan {
  Answer answer;
  std::optional<fhir::Batch> batch;
  std::function<Answer(const fhir::Receipt&)> committed = nullptr;  // null: `answer` holds after the commit as well
  Audited audited = {};
  // To be recalled for some minutes, by which a client may go on with its query; an empty text is forgotten.
  std::optional<std::pair<std::string, std::string>> remember = std::nullopt;
};

// When an answer is written, and an id for it.
struct Moment {
  std::int64_t now = 0;  // milliseconds since 1970 UTC
  std::string id;
};

struct Transaction {
  std::string_view id;     // "ITI-41"
  std::string_view name;   // as the Technical Framework has it: "Provide and Register Document Set-b"
  std::string_view actor;  // that we are: "Document Repository"
  Door door;
  // What it takes, several separated by a space. mllp: MSH-9.1 and 9.2; soap: wsa:Action, and in the same order the
  // local name of the element in the body, the answer's action ("" = the request's + "Response") and its element.
  std::string_view action;
  std::string_view body;
  std::string_view ns = {};  // soap: of the element in the body; "" leaves the check to the handler
  std::string_view answers = {};
  std::string_view answer_body = {};
  std::string_view answer_ns = {};  // "" = `ns`
  bool mtom = false;                // soap: always answered as MTOM, other transactions when they were asked so
  Audit audit = {};
  fhir::Verb needs;
  std::string_view needs_on;  // the resource type that access is needed on
  fhir::Result<Plan> (*run)(const Site&, const Message&);
  // A refusal in the transaction's own words (a negative acknowledgement, a RegistryResponse); null: a SOAP fault.
  Answer (*refuse)(const Message&, const fhir::Outcome&, const Moment&) = nullptr;
};

// All rows, from the generated registry.
std::span<const Transaction* const> transactions();

}  // namespace ihe
