// Answers to queries.
#include "ihe/pix/answer.h"

#include "ihe/wire/acknowledge.h"

namespace ihe::pix {

void start_response(hl7v2::Writer& writer, const hl7v2::Message& message, std::string_view type, std::int64_t now,
                    const std::vector<hl7v2::Fault>& faults, bool found, const std::optional<Hits>& hits) {
  hl7v2::start_answer(writer, message, type, now);
  hl7v2::add_msa(writer, message, faults.empty() ? "AA" : "AE");
  hl7v2::add_errors(writer, message, faults);
  const auto* qpd = message.find("QPD");
  writer.segment("QAK").raw(qpd ? qpd->field(2) : std::string_view());
  writer.field(!faults.empty() ? "AE" : found ? "OK" : "NF");
  if (hits) {
    writer.skip(1).field(std::to_string(hits->total)).field(std::to_string(hits->here));
    writer.field(std::to_string(hits->left));
  }
  if (!qpd) return;
  writer.segment("QPD");
  for (std::size_t n = 1; n < qpd->fields.size(); ++n) writer.raw(qpd->fields[n]);
}

Plan refuse(const hl7v2::Message& message, std::string_view type, std::int64_t now,
            const std::vector<hl7v2::Fault>& faults) {
  hl7v2::Writer writer(message.delimiters);
  start_response(writer, message, type, now, faults, false);
  Plan plan;
  plan.answer.bytes = std::move(writer).finish();
  if (const auto* qpd = message.find("QPD")) plan.audited.query = text_of(*qpd);
  return plan;
}

std::string text_of(const hl7v2::Segment& segment) {
  const auto* begin = segment.name.data();
  const auto last = segment.fields.empty() ? segment.name : segment.fields.back();
  return {begin, static_cast<std::size_t>(last.data() + last.size() - begin)};
}

}  // namespace ihe::pix
