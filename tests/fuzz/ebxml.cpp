// Any bytes as ebXML: a submission that is read is checked, written, read again the same, and survives its record; a
// stored query is read or refused.
#include "ihe/wire/ebxml.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ihe/xds/metadata.h"
#include "ihe/xds/record.h"
#include "ihe/xds/stored_query.h"

namespace {

void submission(const ihe::xml::Element& root) {
  auto read = ihe::ebxml::read(root);
  if (!read) return;
  ihe::xds::Errors errors;
  std::string xml = "<R xmlns:rim=\"" + std::string(ihe::ebxml::rim_ns) + "\"><rim:RegistryObjectList>";
  ihe::xml::Writer writer(xml);
  for (const auto& object : read->objects) {
    ihe::xds::check_object(object, object.id, ihe::xds::Submitted::registered, "code", errors);
    const ihe::xds::Record record{object, {object}};
    const auto back = ihe::xds::decode(ihe::xds::encode(record));
    if (!back || !(*back == record)) std::abort();
    ihe::ebxml::write(writer, object);
  }
  xml += "</rim:RegistryObjectList></R>";
  const auto document = ihe::xml::parse(xml);
  if (!document) return;  // it grew beyond a limit
  const auto again = ihe::ebxml::read(*document->root);
  if (!again || again->objects.size() != read->objects.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ihe::xds::decode(text);
  ihe::xds::Values values;
  ihe::xds::read_values(text, values);
  const auto document = ihe::xml::parse(text);
  if (!document) return 0;
  submission(*document->root);
  ihe::xds::Errors errors;
  ihe::xds::read_query(*document->root, size % 2 == 0, errors);
  return 0;
}
