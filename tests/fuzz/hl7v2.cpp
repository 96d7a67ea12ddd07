// HL7 v2: whatever the bytes are, parsing ends; what is good is written as it came; each message has its answer, which
// is itself a message that names the control id.
#include "ihe/wire/hl7v2.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ihe/hl7v2.h"
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
  expect(!answer.message->segments.empty() && answer.message->find("MSA"));
  return 0;
}
