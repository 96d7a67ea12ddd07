// Attachment: size and hash against the inline data. FHIR R4:
// http://hl7.org/fhir/R4/datatypes.html#Attachment
#include "fhir/digest.h"
#include "fhir/validate/rules.h"
#include "fhir/value.h"

namespace fhir::validate {

std::optional<std::string> attachment_fault(const Node& attachment) {
  const Node* data = attachment.child("data");
  const auto size = attachment.value_of("size");
  const auto hash = attachment.value_of("hash");
  if (!data || !data->has_value() || (size.empty() && hash.empty())) return std::nullopt;
  const auto bytes = decode_base64(data->text);
  if (!bytes) return std::nullopt;  // said where data itself is judged
  if (!size.empty() && size != std::to_string(bytes->size()))
    return "size is " + std::string(size) + " but the data has " + std::to_string(bytes->size()) + " bytes";
  const auto given = decode_base64(hash);
  if (!hash.empty() && given && *given != sha1(*bytes)) return "hash is not the base64 of the SHA-1 of the data";
  return std::nullopt;
}

}  // namespace fhir::validate
