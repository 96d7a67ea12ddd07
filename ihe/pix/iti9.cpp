// ITI-9 PIX Query (HL7 v2.5): IHE ITI TF-2 3.9.
//
//   QPD|IHE PIX Query|tag|id^^^authority|^^^domain~^^^domain    ->    RSP^K23: MSA, QAK, QPD, PID with PID-3
#include "ihe/pix/answer.h"
#include "ihe/pix/pid.h"
#include "ihe/wire/acknowledge.h"

namespace ihe {
namespace {

using hl7v2::Fault;

constexpr std::string_view type = "RSP^K23^RSP_K23";

std::vector<Fault> faults_of(const identity::CrossReference& found) {
  std::vector<Fault> faults;
  if (!found.source_known)
    faults.push_back({"QPD^1^3^1^4", "204", "The assigning authority of the identifier is not known"});
  for (const auto target : found.unknown_targets)
    faults.push_back({"QPD^1^4^" + std::to_string(target + 1), "204", "The domain is not known"});
  if (faults.empty() && !found.id_known)
    faults.push_back({"QPD^1^3^1^1", "204", "The patient identifier is not known"});
  return faults;
}

fhir::Result<Plan> run(const Site& site, const Message& asked) {
  const auto& message = *asked.v2;
  const auto* qpd = message.find("QPD");
  if (!qpd) return pix::refuse(message, type, site.now, {{"QPD^1", "100", "The segment is missing"}});
  const auto source = pix::read_cx(site, message.first(*qpd, 3));
  if (source.value.empty())
    return pix::refuse(message, type, site.now, {{"QPD^1^3", "101", "There is no identifier to look for"}});
  std::vector<std::string> targets;
  for (const auto& domain : message.repetitions(*qpd, 4)) targets.push_back(pix::read_authority(site, domain, 4));
  const auto found = identity::cross_reference(site, source, targets);
  if (!found) return pix::refuse(message, type, site.now, hl7v2::faults_of(found.outcome()));

  hl7v2::Writer writer(message.delimiters);
  const auto faults = faults_of(*found);
  pix::start_response(writer, message, type, site.now, faults, !found->ids.empty());
  if (faults.empty() && !found->ids.empty()) {
    std::string ids;
    for (const auto& id : found->ids) {
      if (!ids.empty()) ids += message.delimiters.repetition;
      ids += pix::write_cx(site, writer, id);
    }
    // A name is required in PID and not to be told here: one that is empty, and one of type S.
    const auto nameless = message.delimiters.repetition + std::string(6, message.delimiters.component) + "S";
    writer.segment("PID").skip(2).raw(ids).skip(1).raw(nameless);
  }
  Plan plan;
  plan.answer.bytes = std::move(writer).finish();
  plan.audited.query = pix::text_of(*qpd);
  plan.audited.patients.push_back(source.system + "|" + source.value);
  for (const auto& patient : found->patients) plan.audited.patients.push_back("Patient/" + patient);
  return plan;
}

}  // namespace

extern constinit const Transaction iti9{.id = "ITI-9",
                                        .name = "PIX Query",
                                        .actor = "Patient Identifier Cross-reference Manager",
                                        .door = Door::mllp,
                                        .action = "QBP^Q23",
                                        .body = {},
                                        .audit = {"110112", 'E'},
                                        .needs = fhir::Verb::search,
                                        .needs_on = "Patient",
                                        .run = run};

}  // namespace ihe
