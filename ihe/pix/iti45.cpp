// ITI-45 PIXV3 Query: IHE ITI TF-2 3.45. What is not known is an answer of its own (AE), not a fault.
//
//   queryByParameter/parameterList { patientIdentifier/value, dataSource/value* }   ->   patient/id*
#include "ihe/pix/answer_v3.h"
#include "ihe/pix/patient.h"

namespace ihe {
namespace {

using fhir::Kind;
using fhir::Outcome;
using hl7v3::Acknowledgement;
using hl7v3::Detail;
using xml::Element;

constexpr std::string_view answer_name = "PRPA_IN201310UV02";
constexpr std::string_view parameters = "/PRPA_IN201309UV02/controlActProcess/queryByParameter/parameterList";

struct Question {
  const Element* list = nullptr;
  identity::Id source;
  std::vector<std::string> targets;
};

Outcome fault(std::string_view place, std::string text) {
  return {Kind::unprocessable, "structure", std::move(text), std::string(parameters) + std::string(place)};
}

fhir::Result<Question> read_question(const Site& site, const hl7v3::Asked& asked) {
  Question question;
  question.list = asked.query ? asked.query->child("parameterList") : nullptr;
  if (!question.list) return fault("", "The query has no list of parameters");
  const auto* identifier = question.list->child("patientIdentifier");
  const auto* value = identifier ? identifier->child("value") : nullptr;
  if (!value || identifier->again() || value->again())
    return fault("/patientIdentifier/value", "The query names exactly one identifier");
  const auto id = pix::read_ii(site, *value);
  if (!id) return fault("/patientIdentifier/value", "The identifier needs a root and an extension");
  question.source = *id;
  for (const auto* source = question.list->child("dataSource"); source; source = source->again()) {
    const auto* domain = source->child("value");
    if (!domain || domain->value_of("root").empty())
      return fault("/dataSource/value", "A data source is named by its root");
    question.targets.push_back(pix::domain_uri(site, domain->value_of("root")));
  }
  return question;
}

std::vector<Detail> unknown_in(const identity::CrossReference& found) {
  std::vector<Detail> details;
  const std::string list(parameters);
  for (const auto target : found.unknown_targets)
    details.push_back(
        {"204", "The data source is not known", list + "/dataSource[" + std::to_string(target + 1) + "]/value"});
  if (!found.source_known)
    details.push_back({"204", "The assigning authority is not known", list + "/patientIdentifier/value"});
  else if (!found.id_known && details.empty())
    details.push_back({"204", "The patient identifier is not known", list + "/patientIdentifier/value"});
  return details;
}

std::string answer(const Site& site, const hl7v3::Asked& asked, const std::vector<Detail>& details,
                   const std::vector<identity::Id>& ids) {
  std::string out;
  xml::Writer writer(out);
  hl7v3::open_answer(writer, *asked.message, {site.ids.next(site.now), site.now}, answer_name,
                     details.empty() ? Acknowledgement::aa : Acknowledgement::ae, details);
  hl7v3::open_control(writer, "PRPA_TE201310UV02");
  if (!ids.empty())
    pix::write_event(writer, pix::custodian_of(asked), [&] {
      for (const auto& id : ids) pix::write_ii(site, writer, id);
      writer.open("statusCode").attribute("code", "active").close();
      writer.open("patientPerson").attribute("classCode", "PSN").attribute("determinerCode", "INSTANCE");
      writer.open("name").attribute("nullFlavor", "NA").close().close();
    });
  const auto* query_id = asked.query ? asked.query->child("queryId") : nullptr;
  hl7v3::write_query_ack(writer, query_id, {!details.empty() ? "AE" : ids.empty() ? "NF" : "OK"});
  if (asked.query) hl7v3::copy(writer, *asked.query);
  writer.close().close();
  return out;
}

fhir::Result<Plan> run(const Site& site, const Message& message) {
  const auto asked = hl7v3::read(*message.soap);
  if (!asked) return asked.outcome();
  Plan plan;
  const auto question = read_question(site, *asked);
  if (!question) {
    plan.answer.bytes = answer(site, *asked, hl7v3::details_of(question.outcome()), {});
    return plan;
  }
  auto found = identity::cross_reference(site, question->source, question->targets);
  if (!found) return std::move(found.outcome());
  const auto details = unknown_in(*found);
  // v3 has no other name for a domain than its OID.
  std::vector<identity::Id> ids;
  for (auto& id : found->ids)
    if (details.empty() && !pix::oid_of(site, id.system).empty()) ids.push_back(std::move(id));
  plan.answer.bytes = answer(site, *asked, details, ids);
  plan.audited.patients.push_back(question->source.system + "|" + question->source.value);
  for (const auto& patient : found->patients) plan.audited.patients.push_back("Patient/" + patient);
  plan.audited.query = asked->query->source;
  return plan;
}

}  // namespace

extern constinit const Transaction iti45{.id = "ITI-45",
                                         .name = "PIXV3 Query",
                                         .actor = "Patient Identifier Cross-reference Manager",
                                         .door = Door::soap,
                                         .action = "urn:hl7-org:v3:PRPA_IN201309UV02",
                                         .body = "PRPA_IN201309UV02",
                                         .ns = hl7v3::ns,
                                         .answers = "urn:hl7-org:v3:PRPA_IN201310UV02",
                                         .answer_body = answer_name,
                                         .audit = {"110112", 'E'},
                                         .needs = fhir::Verb::search,
                                         .needs_on = "Patient",
                                         .run = run,
                                         .refuse = pix::refuse_v3};

}  // namespace ihe
