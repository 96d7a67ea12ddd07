// Audit records. FHIR R4: http://hl7.org/fhir/R4/auditevent.html
#include "ihe/atna/event.h"

#include "fhir/base64.h"
#include "fhir/build.h"
#include "fhir/value.h"

namespace ihe::atna {
namespace {

using fhir::Node;

constexpr std::string_view dicom = "http://dicom.nema.org/resources/ontology/DCM";
constexpr std::string_view entity_type = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
constexpr std::string_view object_role = "http://terminology.hl7.org/CodeSystem/object-role";

std::string_view display_of(std::string_view event) {
  if (event == "110110") return "Patient Record";
  if (event == "110112") return "Query";
  if (event == "110106") return "Export";
  if (event == "110107") return "Import";
  return {};
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

  Node& build(const Transaction& row, const Message& message, const Audited& audited, const fhir::Outcome* refusal) {
    fhir::build::add_coding(arena_, event_, "type", dicom, row.audit.event, display_of(row.audit.event));
    fhir::build::add_coding(arena_, event_, "subtype", "urn:ihe:event-type-code", row.id, row.name);
    const char action[] = {row.audit.action, '\0'};
    fhir::build::add(arena_, event_, "action", action);
    fhir::build::add(arena_, event_, "recorded", fhir::instant_text(site_.now));
    fhir::build::add(arena_, event_, "outcome", outcome_of(refusal));
    if (refusal && !refusal->issues.empty())
      fhir::build::add(arena_, event_, "outcomeDesc", refusal->issues.front().code);
    agent("110153", "Source Role ID", message.sender.empty() ? site_.access.subject : message.sender, message.peer,
          true);
    agent("110152", "Destination Role ID", "alzette", {}, false);
    auto& source = fhir::build::add(arena_, event_, "source");
    fhir::build::add(arena_, fhir::build::add(arena_, source, "observer"), "display", "alzette");
    for (const auto& patient : audited.patients) add_patient(patient);
    if (!audited.query.empty()) add_query(audited.query);
    if (!message.id.empty()) add_message(message.id);
    return event_;
  }

 private:
  void agent(std::string_view role, std::string_view display, std::string_view who, std::string_view address,
             bool requestor) {
    auto& agent = fhir::build::add(arena_, event_, "agent");
    fhir::build::add_concept(arena_, agent, "type", dicom, role, display);
    fhir::build::add(arena_, fhir::build::add(arena_, agent, "who"), "display", who.empty() ? "unknown" : who);
    fhir::build::add(arena_, agent, "requestor", requestor ? "true" : "false");
    if (address.empty()) return;
    auto& network = fhir::build::add(arena_, agent, "network");
    fhir::build::add(arena_, network, "address", address);
    fhir::build::add(arena_, network, "type", "2");  // an IP address
  }

  Node& entity(std::string_view type, std::string_view role, std::string_view display) {
    auto& entity = fhir::build::add(arena_, event_, "entity");
    fhir::build::add_coding(arena_, entity, "type", entity_type, type);
    fhir::build::add_coding(arena_, entity, "role", object_role, role, display);
    return entity;
  }

  // "Patient/1", or "system|value" of one that is not known.
  void add_patient(const std::string& patient) {
    auto& made = entity("1", "1", "Patient");
    auto& what = fhir::build::add(arena_, made, "what");
    const auto bar = patient.rfind('|');
    if (bar == std::string::npos) {
      fhir::build::add(arena_, what, "reference", patient);
      return;
    }
    auto& identifier = fhir::build::add(arena_, what, "identifier");
    fhir::build::add_some(arena_, identifier, "system", patient.substr(0, bar));
    fhir::build::add_some(arena_, identifier, "value", patient.substr(bar + 1));
  }

  void add_query(const std::string& query) {
    auto& made = entity("2", "24", "Query");
    fhir::build::add(arena_, made, "query", fhir::encode_base64(query));
  }

  void add_message(const std::string& id) {
    auto& made = entity("4", "21", "Job Stream");
    auto& what = fhir::build::add(arena_, made, "what");
    fhir::build::add(arena_, fhir::build::add(arena_, what, "identifier"), "value", id);
  }

  const Site& site_;
  fhir::Arena& arena_;
  Node& event_;
};

}  // namespace

fhir::Result<fhir::Write> event(const Site& site, const Transaction& row, const Message& message,
                                const Audited& audited, const fhir::Outcome* refusal) {
  fhir::Arena arena;
  const auto& built = EventBuilder(site, arena).build(row, message, audited, refusal);
  const bool named = !audited.id.empty() && !refusal;
  auto write = fhir::prepare(built, named ? audited.id : site.ids.next(site.now), fhir::Method::create, site.base);
  if (!write) return write;
  write->if_version = 0;
  write->if_version_planned = true;
  return write;
}

}  // namespace ihe::atna
