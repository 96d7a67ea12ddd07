// ITI-22 Patient Demographics and Visit Query (HL7 v2.5): IHE ITI TF-2 3.22. As ITI-21 (QPD-1 is the same too), with
// fields of PV1, and an answer for each visit; visits that were cancelled are none.
//
//   QPD|IHE PDQ Query|tag|@PV1.3.1^WARD~@PID.5.1.1^SMITH|||||^^^domain  RCP|I|50^RD  [DSC|pointer]
//     -> RSP^ZV2: MSA, QAK, QPD, {PID, PV1}…, [DSC|pointer] while there is more
#include <algorithm>
#include <map>

#include "fhir/incoming.h"
#include "fhir/search/query.h"
#include "ihe/pdq/query.h"
#include "ihe/pix/answer.h"
#include "ihe/pix/pid.h"
#include "ihe/pix/visit.h"
#include "ihe/wire/acknowledge.h"

namespace ihe {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;

constexpr std::string_view type = "RSP^ZV2^RSP_ZV2";
constexpr std::uint32_t most_visits = 5'000;
constexpr std::size_t at_once = 400;         // patients or visits that one search may name
constexpr std::uint64_t effort = 2'000'000;  // index rows that one search may look at

struct Visit {
  std::string id;       // logical id of the Encounter: the order of the answer
  std::string patient;  // logical id
  std::shared_ptr<fhir::Incoming> encounter;
  std::shared_ptr<const std::string> bytes;  // which it lives in
};

bool meets(const Site& site, const fhir::Node& encounter, const pdq::VisitCriterion& criterion) {
  const hl7v2::Writer writer({});
  const auto written = pix::visit_field(site, writer, encounter, criterion.field);
  const auto& marks = writer.delimiters();
  for (std::size_t at = 0; at <= written.size();) {
    const auto end = std::min(written.find(marks.repetition, at), written.size());
    const hl7v2::Repetition one(std::string_view(written).substr(at, end - at), marks);
    if (identity::answers_to(criterion.pattern, one.component(criterion.component))) return true;
    at = end + 1;
  }
  return false;
}

// Visits that the search finds and the criteria hold for.
Result<bool> add_visits(const Site& site, const fhir::search::Parameters& parameters,
                        const std::vector<pdq::VisitCriterion>& criteria, std::vector<Visit>& visits) {
  const auto query = fhir::search::parse(fhir::definitions().resource("Encounter"), parameters, site.base, false);
  if (!query) return query.outcome();
  auto page = site.snapshot.search(site.access, *query, most_visits, effort);
  if (!page) return std::move(page.outcome());
  if (!page->next.empty()) return Outcome(Kind::too_costly, "too-costly", "More than 5000 visits: say more");
  for (auto& entry : page->entries) {
    std::shared_ptr<const std::string> bytes(entry.version, &entry.version->body);
    auto incoming = fhir::receive(*bytes);
    if (!incoming) return std::move(incoming.outcome());
    const auto& encounter = *incoming->resource;
    const auto* subject = encounter.child("subject");
    const auto reference = subject ? subject->value_of("reference") : std::string_view();
    const bool wanted = std::all_of(criteria.begin(), criteria.end(),
                                    [&](const auto& criterion) { return meets(site, encounter, criterion); });
    if (!wanted || !reference.starts_with("Patient/")) continue;
    visits.push_back({entry.version->id, std::string(reference.substr(8)),
                      std::make_shared<fhir::Incoming>(std::move(*incoming)), std::move(bytes)});
  }
  return true;
}

// What the index can say of the criteria.
fhir::search::Parameters parameters_of(const std::vector<pdq::VisitCriterion>& criteria) {
  fhir::search::Parameters parameters{{"status:not", "cancelled,entered-in-error"}};
  for (const auto& criterion : criteria) {
    const bool exact = criterion.component == 1 && criterion.pattern.find_first_of("*,|$\\") == std::string::npos;
    if (exact && criterion.field == 19) parameters.emplace_back("identifier", criterion.pattern);
  }
  return parameters;
}

template <class Names>
std::string list(const Names& names, std::size_t from, std::string_view prefix = {}) {
  std::string all;
  for (std::size_t i = from; i < std::min(names.size(), from + at_once); ++i)
    all.append(all.empty() ? "" : ",").append(prefix).append(names[i]);
  return all;
}

using Patients = std::map<std::string, identity::Hit>;

// With fields of PID: the patients, then their visits.
Result<bool> by_patients(const Site& site, const pdq::Query& query, Patients& patients, std::vector<Visit>& visits) {
  auto asked = query.demographics;
  asked.after.clear();
  asked.count = 0;
  auto found = identity::demographics(site, asked);
  if (!found) return std::move(found.outcome());
  std::vector<std::string> ids;
  for (auto& hit : found->hits) {
    ids.push_back(hit.record.id);
    patients.emplace(ids.back(), std::move(hit));
  }
  for (std::size_t from = 0; from < ids.size(); from += at_once) {
    auto parameters = parameters_of(query.visits);
    parameters.emplace_back("patient", list(ids, from, "Patient/"));
    if (auto done = add_visits(site, parameters, query.visits, visits); !done) return done;
  }
  return true;
}

// With fields of PV1 alone: the visits, then their patients.
Result<bool> by_visits(const Site& site, const pdq::Query& query, Patients& patients, std::vector<Visit>& visits) {
  if (auto done = add_visits(site, parameters_of(query.visits), query.visits, visits); !done) return done;
  std::vector<std::string> ids;
  ids.reserve(visits.size());
  for (const auto& visit : visits) ids.push_back(visit.patient);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  for (std::size_t from = 0; from < ids.size(); from += at_once) {
    identity::DemographicsQuery asked;
    asked.domains = query.demographics.domains;
    asked.among.assign(ids.begin() + static_cast<std::ptrdiff_t>(from),
                       ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), from + at_once)));
    auto found = identity::demographics(site, asked);
    if (!found) return std::move(found.outcome());
    for (auto& hit : found->hits) patients.emplace(hit.record.id, std::move(hit));
  }
  return true;
}

Plan answer(const Site& site, const hl7v2::Message& message, const hl7v2::Segment& qpd,
            const identity::DemographicsQuery& asked, const Patients& patients, std::vector<Visit> visits) {
  std::erase_if(visits, [&](const Visit& visit) { return patients.count(visit.patient) == 0; });
  std::sort(visits.begin(), visits.end(), [](const Visit& a, const Visit& b) { return a.id < b.id; });
  const auto first = std::find_if(visits.begin(), visits.end(), [&](const Visit& v) { return v.id > asked.after; });
  const auto behind = static_cast<std::size_t>(visits.end() - first);
  const auto here = asked.count ? std::min(asked.count, behind) : behind;
  const auto last = first + static_cast<std::ptrdiff_t>(here);
  hl7v2::Writer writer(message.delimiters);
  pix::start_response(writer, message, type, site.now, {}, !visits.empty(),
                      pix::Hits{visits.size(), here, behind - here});
  Plan plan;
  for (auto visit = first; visit != last; ++visit) {
    const auto& hit = patients.at(visit->patient);
    pix::write_pid(site, writer, *hit.record.patient, hit.ids);
    pix::write_pv1(site, writer, *visit->encounter->resource);
    plan.audited.patients.push_back("Patient/" + visit->patient);
  }
  if (behind > here) writer.segment("DSC").field(pdq::pointer_behind(qpd, (last - 1)->id)).field("I");
  plan.answer.bytes = std::move(writer).finish();
  return plan;
}

Result<Plan> run(const Site& site, const Message& asked) {
  const auto& message = *asked.v2;
  const auto* qpd = message.find("QPD");
  if (!qpd) return pix::refuse(message, type, site.now, {{"QPD^1", "100", "The segment is missing"}});
  auto query = pdq::read_query(site, asked, *qpd, true);
  if (!query.faults.empty()) return pix::refuse(message, type, site.now, query.faults);
  Patients patients;
  std::vector<Visit> visits;
  const auto found = query.demographics.criteria.empty() ? by_visits(site, query, patients, visits)
                                                         : by_patients(site, query, patients, visits);
  if (!found) return pix::refuse(message, type, site.now, hl7v2::faults_of(found.outcome()));
  auto plan = answer(site, message, *qpd, query.demographics, patients, std::move(visits));
  plan.remember = std::move(query.remember);
  plan.audited.query = pix::text_of(*qpd);
  return plan;
}

}  // namespace

extern constinit const Transaction iti22{.id = "ITI-22",
                                         .name = "Patient Demographics and Visit Query",
                                         .actor = "Patient Demographics Supplier",
                                         .door = Door::mllp,
                                         .action = "QBP^ZV1",
                                         .body = {},
                                         .audit = {"110112", 'E'},
                                         .needs = fhir::Verb::search,
                                         .needs_on = "Patient",
                                         .run = run};

}  // namespace ihe
