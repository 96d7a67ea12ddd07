// Batches of HL7 v2 messages, and of their answers. HL7 v2.5 chapter 2.10.3; segments 2.15.2–2.15.7.
//
//   [FHS] { [BHS] { MSH … } [BTS|messages] } [FTS|batches]
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ihe::hl7v2 {

struct BatchLimits {
  std::size_t messages = 10'000;
};

// Views of the bytes that were read.
struct Batch {
  struct Group {
    std::string_view header;                 // BHS; "" where there is none
    std::vector<std::string_view> messages;  // any bytes that begin with MSH: good or not is each one's own matter
  };
  std::string_view file;  // FHS; "" where there is none
  std::vector<Group> groups;
};

// Whether it begins as one.
bool is_batch(std::string_view bytes);

struct ReadBatch {
  Batch batch;
  std::string fault;  // why the whole cannot be trusted, "" when it can: order of segments, counts that are not met
};

ReadBatch read_batch(std::string_view bytes, const BatchLimits& limits = {});

// The batch of their answers, the same for the same batch. `answers`: of all messages in their order.
std::string answer_batch(const Batch& batch, const std::vector<std::string>& answers);

}  // namespace ihe::hl7v2
