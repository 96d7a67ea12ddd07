// HL7 v2: whatever the bytes are, parsing ends; what is good is written as it came; each message has its answer, which
// is itself a message that names the control id.
#include "ihe/wire/hl7v2.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "ihe/hl7v2.h"
#include "ihe/hl7v2_batch.h"
#include "ihe/wire/acknowledge.h"

namespace {

namespace v2 = ihe::hl7v2;

void expect(bool holds) {
  if (!holds) std::abort();
}

// Line ends are not part of what a message says, nor is a byte order mark.
std::string lines(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '\n' && c != '\r')
      out += c;
    else if (!out.empty() && out.back() != '\r')
      out += '\r';
  while (out.ends_with('\r')) out.pop_back();
  return out;
}

// The messages of a batch lie in it one after the other; their answers are a batch of the same shape.
void as_batch(std::string_view bytes) {
  if (!v2::is_batch(bytes)) return;
  const auto read = v2::read_batch(bytes);
  if (!read.fault.empty()) return;
  const char* at = bytes.data();
  std::vector<std::string> answers;
  for (const auto& group : read.batch.groups)
    for (const auto message : group.messages) {
      expect(message.data() >= at && message.data() + message.size() <= bytes.data() + bytes.size());
      at = message.data() + message.size();
      answers.push_back("MSH|" + std::to_string(answers.size()) + "\r");
    }
  const auto written = v2::answer_batch(read.batch, answers);
  const auto again = v2::read_batch(written);
  expect(again.fault.empty() && again.batch.groups.size() == read.batch.groups.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto parsed = v2::parse(bytes);
  const auto& message = *parsed.message;
  if (parsed.faults.empty()) {
    expect(lines(v2::serialise(message)) == lines(message.text));
    for (const auto& segment : message.segments)
      for (std::size_t n = 1; n < segment.fields.size(); ++n)
        for (const auto& repetition : message.repetitions(segment, n)) {
          const auto text = repetition.text();
          (void)repetition.component(4, 2);
          expect(v2::escape(text, message.delimiters).find(message.delimiters.field) == std::string::npos);
        }
  }
  const auto received = v2::receive(bytes, 0);
  expect(received.row != nullptr || !received.refusal.empty());
  const auto nak = v2::refuse(message, fhir::Outcome(fhir::Kind::internal, "exception", "x"), 0);
  const auto answer = v2::parse(v2::in_charset_of(message, nak));
  const bool silenced = nak.empty() && !message.header(16).empty();
  expect(silenced || (!answer.message->segments.empty() && answer.message->find("MSA")));
  as_batch(bytes);
  return 0;
}
