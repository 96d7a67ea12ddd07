// The steps of fhir/incoming.h, timed. FHIR R4: http://hl7.org/fhir/R4/http.html#create
#include "src/rest/incoming.h"

#include "ihe/match/candidates.h"
#include "src/metrics.h"

namespace alzette::rest {

fhir::Result<Incoming> receive(std::string_view bytes, fhir::Format format, bool keep_faults) {
  const metrics::Timed timed(metrics::Phase::parse);
  return fhir::receive(bytes, format, keep_faults);
}

fhir::Result<fhir::Write> prepare(const fhir::Node& resource, std::string_view id, fhir::Method method,
                                  std::string_view base, std::string_view place) {
  {
    const metrics::Timed timed(metrics::Phase::validate);
    if (auto faults = fhir::faults_of(resource, place)) return std::move(*faults);
  }
  const metrics::Timed timed(metrics::Phase::extract);
  auto write = fhir::lay_out(resource, id, method, base);
  if (write) ihe::match::add_keys(resource, *write);
  return write;
}

fhir::Result<fhir::Write> prepare(const Incoming& incoming, std::string_view id, fhir::Method method,
                                  std::string_view base) {
  auto write = rest::prepare(*incoming.resource, id, method, base);
  if (write && incoming.data) fhir::set_data(*write, incoming.data);
  return write;
}

}  // namespace alzette::rest
