// What the answers to v2 queries have in common: MSH, MSA, ERR, QAK and the query itself again. HL7 v2.5 chapter 5.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ihe/transaction.h"
#include "ihe/wire/hl7v2.h"

namespace ihe::pix {

struct Hits {  // QAK-4, 5, 6
  std::size_t total = 0, here = 0, left = 0;
};

// `type`: MSH-9. Without faults AA, and OK or NF in QAK-2; with faults AE in both.
void start_response(hl7v2::Writer& writer, const hl7v2::Message& message, std::string_view type, std::int64_t now,
                    const std::vector<hl7v2::Fault>& faults, bool found, const std::optional<Hits>& hits = {});

// A refusal that is known before the query can be looked at: the same segments.
Plan refuse(const hl7v2::Message& message, std::string_view type, std::int64_t now,
            const std::vector<hl7v2::Fault>& faults);

// The segment as it came: what the audit record of a query holds (ITI TF-2 3.9.5.1).
std::string text_of(const hl7v2::Segment& segment);

}  // namespace ihe::pix
