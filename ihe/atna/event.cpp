// Audit records. FHIR R4: http://hl7.org/fhir/R4/auditevent.html
#include "ihe/atna/event.h"

#include "fhir/base64.h"
#include "fhir/build.h"
#include "fhir/utf8.h"
#include "fhir/value.h"

namespace ihe::atna {
namespace {

using fhir::Node;

constexpr std::string_view dicom = "http://dicom.nema.org/resources/ontology/DCM";
constexpr std::string_view entity_type = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
constexpr std::string_view object_role = "http://terminology.hl7.org/CodeSystem/object-role";
constexpr std::string_view event_type = "http://terminology.hl7.org/CodeSystem/audit-event-type";
constexpr std::string_view interaction = "http://hl7.org/fhir/restful-interaction";
constexpr std::string_view balp_entity = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType";
constexpr std::string_view hl7v3_ns = "urn:hl7-org:v3";
constexpr std::string_view resource_type = "http://hl7.org/fhir/resource-types";
constexpr std::string_view participant_type = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
constexpr std::string_view ourselves = "alzette";

std::string_view display_of(std::string_view event) {
  if (event == "110110") return "Patient Record";
  if (event == "110112") return "Query";
  if (event == "110106") return "Export";
  if (event == "110107") return "Import";
  return {};
}

// The profiles of IHE have patterns of codes with these names.
std::string_view name_of_type(std::string_view type) {
  if (type == "1") return "Person";
  return type == "2" ? "System Object" : "Other";
}

std::string_view name_of_role(std::string_view role) {
  if (role == "1") return "Patient";
  if (role == "3") return "Report";
  if (role == "4") return "Domain Resource";
  if (role == "20") return "Job";
  if (role == "21") return "Job Stream";
  if (role == "24") return "Query";
  return {};
}

// What somebody sent, in a form that can be kept and shown: a record is not lost by what stands in it (B114).
std::string shown(std::string_view text) {
  constexpr std::size_t most = 1'000;  // bytes
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : fhir::shortened(text, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      out += c;
      continue;
    }
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

// minor failure: the sender's fault; serious: ours.
std::string_view outcome_of(const fhir::Outcome* refusal) {
  if (!refusal) return "0";
  return refusal->kind == fhir::Kind::internal || refusal->kind == fhir::Kind::timeout ? "8" : "4";
}

class EventBuilder {
 public:
  EventBuilder(const Site& site, fhir::Arena& arena)
      : site_(site), arena_(arena), event_(fhir::build::resource(arena, "AuditEvent")) {}

  Node& build(const Record& record, const fhir::Outcome* refusal) {
    kind(record);
    const char action[] = {record.audit.action, '\0'};
    fhir::build::add(arena_, event_, "action", action);
    fhir::build::add(arena_, event_, "recorded", fhir::instant_text(site_.now));
    fhir::build::add(arena_, event_, "outcome", outcome_of(refusal));
    if (refusal && !refusal->issues.empty())
      fhir::build::add(arena_, event_, "outcomeDesc", refusal->issues.front().code);
    agents(record);
    auto& source = fhir::build::add(arena_, event_, "source");
    fhir::build::add(arena_, fhir::build::add(arena_, source, "observer"), "display", ourselves);
    for (const auto& patient : record.told.patients) add_patient(patient);
    for (const auto& object : record.told.objects) add_object(object);
    if (!record.told.query.empty()) add_query(record.told);
    if (!record.id.empty()) add_id(record);
    return event_;
  }

 private:
  void kind(const Record& record) {
    const auto event = record.audit.event;
    if (event == rest)
      fhir::build::add_coding(arena_, event_, "type", event_type, rest, "Restful Operation");
    else
      fhir::build::add_coding(arena_, event_, "type", dicom, event, display_of(event));
    if (event == rest) fhir::build::add_coding(arena_, event_, "subtype", interaction, record.interaction);
    fhir::build::add_coding(arena_, event_, "subtype", "urn:ihe:event-type-code", record.transaction, record.name);
  }

  static bool gives(const Record& record) {
    return record.audit.event == "110106" || (record.audit.event == rest && record.audit.action == 'R');
  }

  // The source is where the data comes from: the sender of a feed or of a question, but we ourselves of an export and
  // of what we tell.
  void agents(const Record& record) {
    const auto who = !record.sender.empty()         ? std::string_view(record.sender)
                     : site_.access.subject.empty() ? std::string_view("unknown")
                                                    : std::string_view(site_.access.subject);
    const bool numeric = record.peer.find_first_not_of("0123456789.") == std::string::npos;
    const bool address = numeric || record.peer.find(':') != std::string::npos;
    const Role peer = role_of(record, false), own = role_of(record, true);
    agent(peer, who, {record.peer, address ? "2" : "1"}, !record.sends);  // an IP address, or a host's name
    agent(own, ourselves, {record.address, "5"}, record.sends);           // a URI
  }

  struct Role {
    std::string_view system, code, display;
  };

  // BALP names those of a deletion otherwise, and has the reader as destination of what is read.
  static Role role_of(const Record& record, bool own) {
    const bool destination = own != (record.sends || gives(record));
    if (record.audit.event == rest && record.audit.action == 'D')
      return own ? Role{participant_type, "custodian", "Custodian"} : Role{dicom, "110150", "Application"};
    return destination ? Role{dicom, "110152", "Destination Role ID"} : Role{dicom, "110153", "Source Role ID"};
  }

  struct Network {
    std::string_view address, type;
  };

  void agent(Role role, std::string_view who, Network at, bool requestor) {
    auto& agent = fhir::build::add(arena_, event_, "agent");
    fhir::build::add_concept(arena_, agent, "type", role.system, role.code, role.display);
    fhir::build::add(arena_, fhir::build::add(arena_, agent, "who"), "display", shown(who));
    fhir::build::add(arena_, agent, "requestor", requestor ? "true" : "false");
    if (at.address.empty()) return;
    auto& network = fhir::build::add(arena_, agent, "network");
    fhir::build::add(arena_, network, "address", at.address);
    fhir::build::add(arena_, network, "type", at.type);
  }

  Node& entity(std::string_view type, std::string_view role) {
    return describe(fhir::build::add(arena_, event_, "entity"), type, role);
  }

  Node& describe(Node& entity, std::string_view type, std::string_view role) {
    fhir::build::add_coding(arena_, entity, "type", entity_type, type, name_of_type(type));
    fhir::build::add_coding(arena_, entity, "role", object_role, role, name_of_role(role));
    return entity;
  }

  // "Patient/1"; or "system|value" or "value" of one that is not known.
  void add_patient(const std::string& patient) {
    auto& made = entity("1", "1");
    auto& what = fhir::build::add(arena_, made, "what");
    const auto bar = patient.rfind('|');
    if (bar == std::string::npos && fhir::parse_reference(patient)) {
      fhir::build::add(arena_, what, "reference", shown(patient));
      return;
    }
    const auto value = bar == std::string::npos ? 0 : bar + 1;
    auto& identifier = fhir::build::add(arena_, what, "identifier");
    if (value > 0) fhir::build::add_some(arena_, identifier, "system", shown(patient.substr(0, bar)));
    fhir::build::add_some(arena_, identifier, "value", shown(patient.substr(value)));
  }

  void add_object(const AuditedObject& object) {
    if (object.name.empty()) {
      auto& what = fhir::build::add_reference(arena_, entity("2", object.role), "what", object.reference);
      if (!object.identifier.empty())
        fhir::build::add(arena_, fhir::build::add(arena_, what, "identifier"), "value", shown(object.identifier));
      return;
    }
    auto& made = fhir::build::add(arena_, event_, "entity");
    fhir::build::add_reference(arena_, made, "what", object.reference);
    fhir::build::add_coding(arena_, made, "type", resource_type, object.role, object.role);
    fhir::build::add(arena_, made, "name", object.name);
  }

  void add_query(const Audited& told) {
    auto& made = fhir::build::add(arena_, event_, "entity");
    if (!told.query_id.empty()) {
      auto& what = fhir::build::add(arena_, made, "what");
      fhir::build::add(arena_, fhir::build::add(arena_, what, "identifier"), "value", shown(told.query_id));
    }
    describe(made, "2", "24");
    fhir::build::add(arena_, made, "query", fhir::encode_base64(told.query));
    for (const auto& [type, value] : told.query_details) {
      auto& detail = fhir::build::add(arena_, made, "detail");
      fhir::build::add(arena_, detail, "type", type);
      fhir::build::add(arena_, detail, "valueString", shown(value));
    }
  }

  // A message is told by its id, a request by the X-Request-Id that its answer carries.
  void add_id(const Record& record) {
    const bool request = record.audit.event == rest;
    auto& made = request ? fhir::build::add(arena_, event_, "entity") : entity("4", "21");
    auto& what = fhir::build::add(arena_, made, "what");
    fhir::build::add(arena_, fhir::build::add(arena_, what, "identifier"), "value", shown(record.id));
    if (request) fhir::build::add_coding(arena_, made, "type", balp_entity, "XrequestId");
  }

  const Site& site_;
  fhir::Arena& arena_;
  Node& event_;
};

// The rest of `text` behind `mark`, "" where there is none.
std::string_view behind(std::string_view text, std::string_view mark) {
  const auto at = text.find(mark);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + mark.size());
}

// Answers are of our own writing, and say what became of the message before anything that somebody else wrote.
bool refuses(const Transaction& row, std::string_view answer) {
  if (row.door == Door::mllp) {
    const auto code = behind(answer, "\rMSA").substr(0, 3);  // "|AE"
    return code.ends_with('E') || code.ends_with('R');
  }
  if (row.ns == hl7v3_ns) {
    const auto code = behind(behind(behind(answer, "<acknowledgement"), "<typeCode"), "code=\"").substr(0, 2);
    return code.ends_with('E') || code.ends_with('R');
  }
  const auto status = behind(answer, "status=\"");
  return status.substr(0, status.find('"')).ends_with(":Failure");
}

}  // namespace

std::optional<fhir::Outcome> refusal_in(const Transaction& row, const Answer& answer) {
  if (!refuses(row, answer.bytes)) return std::nullopt;
  return fhir::Outcome(fhir::Kind::unprocessable, "processing", "");
}

Record record_of(const Site& site, const Transaction& row, const Message& message, Audited told) {
  Record record{row.id, row.name, row.audit, {}, message.sender, message.peer, message.id, {}, std::move(told)};
  if (record.told.action != '\0') record.audit.action = record.told.action;
  if (row.door == Door::soap) record.address = site.base;
  return record;
}

fhir::Result<fhir::Write> event(const Site& site, const Record& record, const fhir::Outcome* refusal) {
  fhir::Arena arena;
  const auto& built = EventBuilder(site, arena).build(record, refusal);
  const bool named = !record.told.id.empty() && !refusal;
  auto write = fhir::prepare(built, named ? record.told.id : site.ids.next(site.now), fhir::Method::create, site.base);
  if (!write) return write;
  write->if_version = 0;
  write->if_version_planned = true;
  return write;
}

}  // namespace ihe::atna
