// Any bytes as the answer of a registry or repository: the client understands it or says why not.
#include <cstdint>
#include <memory>
#include <string>

#include "ihe/door.h"
#include "ihe/xds/client.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ihe::xds::Call call{"http://peer/", "0123456789abcdef0123456789abcdef"};
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto content = std::make_shared<fhir::TextContent>(bytes);
  for (const char* type : {"application/soap+xml", "multipart/related; boundary=b; type=\"application/xop+xml\""}) {
    const auto told = ihe::xds::told({type, content}, call);
    if (!told) continue;
    for (const auto& document : told->documents) document.bytes->text();
  }
  return 0;
}
