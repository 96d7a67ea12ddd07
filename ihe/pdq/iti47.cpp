// ITI-47 Patient Demographics Query HL7 V3, with continuation and cancellation: IHE ITI TF-2 3.47. A query with an
// initialQuantity is remembered under its sender and queryId until its last page or its cancellation.
//
//   PRPA_IN201305UV02 queryByParameter/parameterList   ->   PRPA_IN201306UV02 subject*, queryAck
//   QUQI_IN000003UV01 queryContinuation { queryId, continuationQuantity }   ->   the next page
//   QUQI_IN000003UV01_Cancel queryContinuation { queryId }   ->   MCCI_IN000002UV01
#include <algorithm>
#include <charconv>

#include "ihe/pdq/query_v3.h"
#include "ihe/pix/answer_v3.h"
#include "ihe/pix/patient.h"

namespace ihe {
namespace {

using fhir::Kind;
using fhir::Outcome;
using hl7v3::Acknowledgement;
using hl7v3::Detail;
using xml::Element;

constexpr std::string_view answer_name = "PRPA_IN201306UV02";

struct Page {
  std::vector<Detail> details;  // faults; then there is nothing else
  identity::Demographics found;
  bool told = false;  // `found` is an answer
};

void write_patient(const Site& site, xml::Writer& writer, const identity::Hit& hit, const pdq::QueryV3& query) {
  for (const auto& id : hit.ids) pix::write_ii(site, writer, id);
  writer.open("statusCode").attribute("code", "active").close();
  pix::open_person(writer, *hit.record.patient);
  for (std::size_t i = 0; i < query.domains.size(); ++i) {
    const auto& domain = query.domains[i];
    const bool held =
        std::any_of(hit.ids.begin(), hit.ids.end(), [&](const identity::Id& id) { return id.system == domain; });
    if (!held) pix::write_other_id(site, writer, query.roots[i], nullptr);
  }
  pix::close_person(writer, *hit.record.patient);
  writer.open("subjectOf1").attribute("typeCode", "SBJ").open("queryMatchObservation");
  writer.attribute("classCode", "COND").attribute("moodCode", "EVN").open("code").attribute("code", "IHE_PDQ");
  writer.close().open("value").attribute("xsi:type", "INT").attribute("value", "100").close().close().close();
}

// v3 identifies a patient by OIDs alone.
bool can_be_shown(const Site& site, const identity::Hit& hit) {
  return std::any_of(hit.ids.begin(), hit.ids.end(),
                     [&](const identity::Id& id) { return !pix::oid_of(site, id.system).empty(); });
}

std::string answer(const Site& site, const hl7v3::Asked& asked, const Element* query_element, const pdq::QueryV3& query,
                   const Page& page) {
  std::string out;
  xml::Writer writer(out);
  hl7v3::open_answer(writer, *asked.message, {site.ids.next(site.now), site.now}, answer_name,
                     page.details.empty() ? Acknowledgement::aa : Acknowledgement::ae, page.details);
  hl7v3::open_control(writer, "PRPA_TE201306UV02");
  hl7v3::QueryAck ack{page.details.empty() ? "NF" : "AE", true};
  for (const auto& hit : page.found.hits) {
    if (!can_be_shown(site, hit)) continue;
    ack.response = "OK";
    pix::write_event(writer, pix::custodian_of(asked), [&] { write_patient(site, writer, hit, query); });
  }
  if (page.told) {
    ack.total = page.found.total;
    ack.current = page.found.hits.size();
    ack.remaining = page.found.total - page.found.before - page.found.hits.size();
    if (ack.total > 0) ack.response = "OK";
  }
  hl7v3::write_query_ack(writer, query_element ? query_element->child("queryId") : nullptr, ack);
  if (query_element) hl7v3::copy(writer, *query_element);
  writer.close().close();
  return out;
}

std::string key_of(const hl7v3::Asked& asked, const Element* query_id) {
  if (!query_id) return {};
  return "ITI-47 " + asked.sender + " " + std::string(query_id->value_of("root")) + "^" +
         std::string(query_id->value_of("extension"));
}

// What is kept of a query: where the next page begins, how many patients it has, and the query.
std::string kept(const std::string& after, std::size_t count, const Element& query) {
  std::string text = after + " " + std::to_string(count) + " ";
  xml::Writer writer(text);
  std::string inner;
  xml::Writer copy(inner);
  hl7v3::copy(copy, query);
  writer.open("query").attribute("xmlns", hl7v3::ns).attribute("xmlns:xsi", xml::xsi_ns).raw(inner).close();
  return text;
}

std::size_t quantity(const Element* element) {
  std::size_t count = 0;
  const auto text = element ? element->value_of("value") : std::string_view();
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

fhir::Result<Plan> ask(const Site& site, const hl7v3::Asked& asked, const Element& query_element,
                       const std::string& after, std::size_t count) {
  Plan plan;
  auto query = pdq::read_query(site, query_element);
  Page page;
  page.details = query.unknown;
  if (page.details.empty()) {
    identity::DemographicsQuery question{query.any_of.front(), query.domains, after, count};
    question.otherwise.assign(query.any_of.begin() + 1, query.any_of.end());
    auto found = identity::demographics(site, question);
    if (found) {
      page.found = std::move(*found);
      page.told = true;
    } else {
      if (found.outcome().kind == Kind::internal) return std::move(found.outcome());
      page.details = hl7v3::details_of(found.outcome());
    }
  }
  const auto shown = page.found.before + page.found.hits.size();
  const bool more = page.told && count > 0 && shown < page.found.total;
  if (const auto key = key_of(asked, query_element.child("queryId")); !key.empty() && (more || !after.empty()))
    plan.remember = {key, more ? kept(page.found.hits.back().record.id, count, query_element) : std::string()};
  for (const auto& hit : page.found.hits) plan.audited.patients.push_back("Patient/" + hit.record.id);
  plan.audited.query = query_element.source;
  plan.answer.bytes = answer(site, asked, &query_element, query, page);
  return plan;
}

// The next page of a query that is remembered. Without it: AE.
fhir::Result<Plan> go_on(const Site& site, const hl7v3::Asked& asked) {
  const auto* continuation = asked.control->child("queryContinuation");
  const auto* query_id = continuation ? continuation->child("queryId") : nullptr;
  const auto key = key_of(asked, query_id);
  const auto text = key.empty() || !site.recall ? std::string() : site.recall(key);
  const auto space = text.find(' ');
  const auto second = space == std::string::npos ? space : text.find(' ', space + 1);
  if (second == std::string::npos) {
    Plan plan;
    const Page page{{{"204", "There is no such query to be continued",
                      "/QUQI_IN000003UV01/controlActProcess/"
                      "queryContinuation/queryId"}},
                    {},
                    false};
    plan.answer.bytes = answer(site, asked, nullptr, {}, page);
    return plan;
  }
  const auto stored = text.substr(second + 1);
  const auto document = xml::parse(stored);
  if (!document) return document.outcome();
  std::size_t count = quantity(continuation->child("continuationQuantity"));
  if (count == 0) std::from_chars(text.data() + space + 1, text.data() + second, count);
  return ask(site, asked, *document->root->first, text.substr(0, space), count);
}

fhir::Result<Plan> run(const Site& site, const Message& message) {
  const auto asked = hl7v3::read(*message.soap);
  if (!asked) return asked.outcome();
  if (asked->message->name == "PRPA_IN201305UV02") {
    if (!asked->query)
      return Outcome(Kind::unprocessable, "required", "The query is missing", "/controlActProcess/queryByParameter");
    return ask(site, *asked, *asked->query, {}, quantity(asked->query->child("initialQuantity")));
  }
  const auto* continuation = asked->control->child("queryContinuation");
  const auto* status = continuation ? continuation->child("statusCode") : nullptr;
  const bool cancels = asked->message->name.ends_with("_Cancel") || (status && status->value_of("code") == "aborted");
  if (!cancels) return go_on(site, *asked);
  Plan plan;
  plan.remember = {key_of(*asked, continuation ? continuation->child("queryId") : nullptr), std::string()};
  plan.answer.bytes = hl7v3::acknowledge(*asked->message, {site.ids.next(site.now), site.now}, Acknowledgement::aa);
  return plan;
}

}  // namespace

extern constinit const Transaction iti47{
    .id = "ITI-47",
    .name = "Patient Demographics Query HL7 V3",
    .actor = "Patient Demographics Supplier",
    .door = Door::soap,
    .action =
        "urn:hl7-org:v3:PRPA_IN201305UV02 urn:hl7-org:v3:QUQI_IN000003UV01_Continue "
        "urn:hl7-org:v3:QUQI_IN000003UV01_Cancel urn:hl7-org:v3:QUQI_IN000003UV01_Cancel",
    .body = "PRPA_IN201305UV02 QUQI_IN000003UV01 QUQI_IN000003UV01_Cancel QUQI_IN000003UV01",
    .ns = hl7v3::ns,
    .answers = "urn:hl7-org:v3:PRPA_IN201306UV02 urn:hl7-org:v3:PRPA_IN201306UV02 urn:hl7-org:v3:MCCI_IN000002UV01",
    .answer_body = "PRPA_IN201306UV02 PRPA_IN201306UV02 MCCI_IN000002UV01",
    .audit = {"110112", 'E'},
    .needs = fhir::Verb::search,
    .needs_on = "Patient",
    .run = run,
    .refuse = pix::refuse_v3};

}  // namespace ihe
