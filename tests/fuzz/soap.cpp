// Envelopes and the HL7 v3 messages in them: read, echoed, refused. What is echoed must be XML again.
#include "ihe/wire/soap.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ihe/wire/hl7v3.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ihe::soap::Message message;
  message.bytes.assign(reinterpret_cast<const char*>(data), size);
  auto envelope = ihe::soap::read(message.bytes);
  if (auto* fault = std::get_if<ihe::soap::Fault>(&envelope)) {
    const auto text = ihe::soap::write(ihe::soap::Version::v12, {}, *fault);
    if (!ihe::xml::parse(text)) std::abort();
    return 0;
  }
  message.envelope = std::move(std::get<ihe::soap::Envelope>(envelope));
  if (!message.envelope.body) return 0;
  const auto asked = ihe::hl7v3::read(message);
  const ihe::hl7v3::Stamp stamp{"1", 0};
  const auto answer = asked ? ihe::hl7v3::acknowledge(*asked->message, stamp, ihe::hl7v3::Acknowledgement::aa, {})
                            : ihe::hl7v3::refuse(message, stamp, asked.outcome());
  if (!ihe::xml::parse(answer)) std::abort();
  std::string echo;
  ihe::xml::Writer writer(echo);
  writer.open("echo").attribute("xmlns:xsi", ihe::xml::xsi_ns);
  ihe::hl7v3::copy(writer, *message.envelope.body);
  writer.close();
  if (!ihe::xml::parse(echo)) std::abort();
  return 0;
}
