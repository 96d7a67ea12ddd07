// MIME as SOAP uses it: media types with parameters, and multipart messages taken apart without being copied.
// RFC 2045 (types, encodings), RFC 2046 §5.1 (multipart). Lines that end in LF alone are understood.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/content.h"
#include "fhir/outcome.h"

namespace ihe::mime {

// `Text/XML; charset="UTF-8"`: type and the names of parameters in lower case, values without their quotes.
struct Media {
  std::string type;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string_view parameter(std::string_view name) const;  // "" when there is none
};
Media read_media(std::string_view value);
// Whether that is type/subtype, perhaps with parameters: one line of printable ASCII that a header field can hold.
bool is_media(std::string_view value);

struct Part {
  std::string id;                                // Content-ID without its <>
  std::string type;                              // Content-Type as sent, "" when it said none
  std::shared_ptr<const fhir::Content> content;  // decoded
};

struct Limits {
  std::size_t parts = 50;
  std::size_t headers = 32;               // of one part
  std::size_t header_bytes = 300;         // of one header field, as Apache CXF adopted it
  std::size_t decoded_bytes = 64u << 20;  // of a part in base64 or quoted-printable, which is decoded in memory
};

// The parts in order; documents stay where the body lies. Kind::malformed: no such boundary, no end, a header that is
// none, multipart within multipart; Kind::too_large: beyond a limit (bad inputs B44, B45).
fhir::Result<std::vector<Part>> read_multipart(const std::shared_ptr<const fhir::Content>& body,
                                               std::string_view boundary, const Limits& limits = {});

bool same_word(std::string_view a, std::string_view b);  // without case, ASCII
std::string decode_percent(std::string_view text);       // a damaged escape stays as it is

}  // namespace ihe::mime
