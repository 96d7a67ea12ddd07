// ITI-44 Patient Identity Feed HL7 V3: IHE ITI TF-2 3.44. Three interactions: a record is added, revised, or two of
// them turn out to be of one patient. The acknowledgement says AA: when it is sent, the change is durable.
//
//   controlActProcess/subject/registrationEvent/subject1/patient
//                                 └ replacementOf/priorRegistration/subject1/priorRegisteredRole/id      (201304)
#include "ihe/pix/answer_v3.h"
#include "ihe/pix/patient.h"

namespace ihe {
namespace {

using fhir::Kind;
using fhir::Outcome;
using xml::Element;

Outcome fault(std::string place, std::string text) {
  return {Kind::unprocessable, "structure", std::move(text), "/controlActProcess" + std::move(place)};
}

// The one registration event, which must be active.
fhir::Result<const Element*> event_of(const hl7v3::Asked& asked) {
  const auto* subject = asked.control->child("subject");
  if (!subject || subject->again()) return fault("/subject", "The control act has exactly one subject");
  const auto* event = subject->child("registrationEvent");
  if (!event) return fault("/subject/registrationEvent", "The registration event is missing");
  const auto* status = event->child("statusCode");
  if (!status || status->value_of("code") != "active")
    return fault("/subject/registrationEvent/statusCode", "The status of the registration event must be active");
  if (!event->at({"subject1", "patient"}))
    return fault("/subject/registrationEvent/subject1/patient", "The patient is missing");
  return event;
}

constexpr std::string_view patient_path = "/controlActProcess/subject/registrationEvent/subject1/patient";
constexpr std::string_view prior_path =
    "/controlActProcess/subject/registrationEvent/replacementOf/priorRegistration/subject1/priorRegisteredRole/id";

// What a feed refuses of Patient lies in patient, and of its nth identifier in the nth id.
Outcome in_patient(Outcome outcome) {
  constexpr std::string_view identifier = "Patient.identifier";
  for (auto& issue : outcome.issues) {
    const auto& place = issue.expression;
    if (!place.starts_with("Patient")) continue;
    auto path = std::string(patient_path) + (place.starts_with(identifier) ? "/id" : "");
    if (place.starts_with("Patient.identifier["))  // counted from 0
      path += "[" + std::to_string(std::stoul(place.substr(identifier.size() + 1)) + 1) + "]";
    issue.expression = std::move(path);
  }
  return outcome;
}

fhir::Result<Plan> feed(const Site& site, const hl7v3::Asked& asked, const Element& event,
                        std::vector<hl7v3::Detail>& warnings) {
  if (event.child("replacementOf"))
    return fault("/subject/registrationEvent/replacementOf", "What replaces another registration is a merge, 201304");
  const auto told = pix::read_patient(site, *event.at({"subject1", "patient"}));
  if (!told) return told.outcome();
  auto fed = identity::feed(site, {told->patient, told->mother, {}, asked.sender});
  if (!fed) return in_patient(std::move(fed.outcome()));
  Plan plan;
  plan.batch = std::move(fed->batch);
  plan.audited.action = fed->created ? 'C' : 'U';
  for (const auto& warning : identity::warnings_of(site.settings, *told->patient))
    warnings.push_back({"102", warning.diagnostics, {}, true});
  plan.audited.patients.push_back("Patient/" + fed->patient);
  return plan;
}

// Of several identifiers the one of the same domain as the subsumed.
std::optional<identity::Id> surviving_id(const Site& site, const Element& patient, const identity::Id& subsumed) {
  std::optional<identity::Id> first;
  for (const auto* ii = patient.child("id"); ii; ii = ii->again()) {
    auto id = pix::read_ii(site, *ii);
    if (id && id->system == subsumed.system) return id;
    if (!first) first = id;
  }
  return first;
}

fhir::Result<Plan> merge(const Site& site, const hl7v3::Asked& asked, const Element& event) {
  const auto* replacement = event.child("replacementOf");
  const std::string place = "/subject/registrationEvent/replacementOf";
  if (!replacement || replacement->again()) return fault(place, "A merge replaces exactly one registration");
  const auto* prior = replacement->at({"priorRegistration", "subject1", "priorRegisteredRole", "id"});
  const auto subsumed = prior ? pix::read_ii(site, *prior) : std::nullopt;
  if (!subsumed) return fault(place, "The identifier that is subsumed is missing");
  const auto surviving = surviving_id(site, *event.at({"subject1", "patient"}), *subsumed);
  if (!surviving) return fault("/subject/registrationEvent/subject1/patient/id", "The surviving identifier is missing");
  const identity::Duplicate duplicate{{*surviving, std::string(patient_path) + "/id"},
                                      {*subsumed, std::string(prior_path)}};
  auto batch = identity::merge(site, {&duplicate, 1}, asked.sender);
  if (!batch) return std::move(batch.outcome());
  Plan plan;
  plan.batch = std::move(*batch);
  plan.audited.patients = {surviving->system + "|" + surviving->value, subsumed->system + "|" + subsumed->value};
  return plan;
}

fhir::Result<Plan> run(const Site& site, const Message& message) {
  const auto asked = hl7v3::read(*message.soap);
  if (!asked) return asked.outcome();
  const auto event = event_of(*asked);
  if (!event) return event.outcome();
  const bool merges = asked->message->name == "PRPA_IN201304UV02";
  std::vector<hl7v3::Detail> warnings;
  auto plan = merges ? merge(site, *asked, **event) : feed(site, *asked, **event, warnings);
  if (!plan) return plan;
  plan->answer.bytes =
      hl7v3::acknowledge(*asked->message, {site.ids.next(site.now), site.now}, hl7v3::Acknowledgement::aa, warnings);
  return plan;
}

}  // namespace

extern constinit const Transaction iti44{
    .id = "ITI-44",
    .name = "Patient Identity Feed HL7 V3",
    .actor = "Patient Identifier Cross-reference Manager",
    .door = Door::soap,
    .action = "urn:hl7-org:v3:PRPA_IN201301UV02 urn:hl7-org:v3:PRPA_IN201302UV02 urn:hl7-org:v3:PRPA_IN201304UV02",
    .body = "PRPA_IN201301UV02 PRPA_IN201302UV02 PRPA_IN201304UV02",
    .ns = hl7v3::ns,
    .answers = "urn:hl7-org:v3:MCCI_IN000002UV01",
    .answer_body = "MCCI_IN000002UV01",
    .audit = {"110110", 'U'},
    .needs = fhir::Verb::update,
    .needs_on = "Patient",
    .run = run,
    .refuse = pix::refuse_v3};

}  // namespace ihe
