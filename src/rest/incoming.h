// fhir/incoming.h for the handlers of REST: the same steps, with the time that each takes kept in the metrics.
#pragma once

#include <string_view>

#include "fhir/incoming.h"

namespace alzette::rest {

using fhir::Ids;
using fhir::Incoming;
using fhir::is_id;
using fhir::kind_of;

fhir::Result<Incoming> receive(std::string_view bytes, fhir::Format format = fhir::Format::json,
                               bool keep_faults = false);
fhir::Result<fhir::Write> prepare(const fhir::Node& resource, std::string_view id, fhir::Method method,
                                  std::string_view base, std::string_view place = {});
// With the data of a Binary that came as its content.
fhir::Result<fhir::Write> prepare(const Incoming& incoming, std::string_view id, fhir::Method method,
                                  std::string_view base);

}  // namespace alzette::rest
