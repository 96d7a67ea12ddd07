// ITI-21 Patient Demographics Query (HL7 v2.5): IHE ITI TF-2 3.21.
//
//   QPD|IHE PDQ Query|tag|@PID.5.1.1^SMITH~@PID.8^F|||||^^^domain  RCP|I|50^RD  [DSC|pointer]
//     -> RSP^K22: MSA, QAK, QPD, PID…, [DSC|pointer] while there is more
#include "ihe/pdq/query.h"
#include "ihe/pix/answer.h"
#include "ihe/pix/pid.h"
#include "ihe/wire/acknowledge.h"

namespace ihe {
namespace {

constexpr std::string_view type = "RSP^K22^RSP_K21";

fhir::Result<Plan> run(const Site& site, const Message& asked) {
  const auto& message = *asked.v2;
  if (message.header(9).component(1) == "QCN") return pdq::cancel(site, asked);
  const auto* qpd = message.find("QPD");
  if (!qpd) return pix::refuse(message, type, site.now, {{"QPD^1", "100", "The segment is missing"}});
  auto query = pdq::read_query(site, asked, *qpd);
  if (!query.faults.empty()) return pix::refuse(message, type, site.now, query.faults);
  const auto found = identity::demographics(site, query.demographics);
  if (!found) return pix::refuse(message, type, site.now, hl7v2::faults_of(found.outcome()));

  hl7v2::Writer writer(message.delimiters);
  const auto left = found->total - found->before - found->hits.size();
  pix::start_response(writer, message, type, site.now, {}, found->total > 0,
                      pix::Hits{found->total, found->hits.size(), left});
  for (const auto& hit : found->hits) pix::write_pid(site, writer, *hit.record.patient, hit.ids);
  if (left > 0) writer.segment("DSC").field(pdq::pointer_behind(*qpd, found->hits.back().record.id)).field("I");
  Plan plan;
  plan.answer.bytes = std::move(writer).finish();
  plan.remember = std::move(query.remember);
  plan.audited.query = pix::text_of(*qpd);
  for (const auto& hit : found->hits) plan.audited.patients.push_back("Patient/" + hit.record.id);
  return plan;
}

}  // namespace

extern constinit const Transaction iti21{.id = "ITI-21",
                                         .name = "Patient Demographics Query",
                                         .actor = "Patient Demographics Supplier",
                                         .door = Door::mllp,
                                         .action = "QBP^Q22 QCN^J01",
                                         .body = {},
                                         .audit = {"110112", 'E'},
                                         .needs = fhir::Verb::search,
                                         .needs_on = "Patient",
                                         .run = run};

}  // namespace ihe
