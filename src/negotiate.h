// Which form an answer takes and whether we read the form of a body: Accept, _format, _pretty, Content-Type.
// FHIR R4: http://hl7.org/fhir/R4/http.html#mime-type; RFC 9110 §12.5.1
#pragma once

#include <cstdint>
#include <string_view>

#include "fhir/format/format.h"
#include "fhir/outcome.h"
#include "fhir/search/query.h"
#include "src/http.h"

namespace alzette {

struct AnswerForm {
  std::string_view content_type;  // of resources
  fhir::Format format = fhir::Format::json;
  bool pretty = false;
  bool fhir = true;  // a FHIR form was asked for by name (Binary: otherwise its raw content)
};

// Nothing acceptable: Kind::unsupported, to be answered 406.
fhir::Result<AnswerForm> negotiate(const Request& request, const fhir::search::Parameters& parameters);

// Whether `_format`, or else Accept, takes content of that media type. RFC 9110 12.5.1: the most specific range
// decides. text/xml and application/xml are one and the same (RFC 7303 9.2), and everything is
// application/octet-stream.
bool takes(const Request& request, const fhir::search::Parameters& parameters, std::string_view media_type);

enum class BodyForm : std::uint8_t { json, xml, form, other };

// `other` is to be answered 415, except for Binary.
BodyForm body_form(std::string_view content_type);

}  // namespace alzette
