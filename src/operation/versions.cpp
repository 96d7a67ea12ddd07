// $versions: the releases of FHIR that this server speaks.
// FHIR R4: http://hl7.org/fhir/R4/capabilitystatement-operation-versions.html
#include "fhir/parameters.h"
#include "src/operation/operation.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

fhir::Result<rest::Plan> run(const rest::Call&, const Input&) {
  fhir::ParametersWriter out;
  out.value("version", "Code", "4.0");
  out.value("default", "Code", "4.0");
  return rest::Plan(rest::json_reply(200, std::move(out).finish()));
}

}  // namespace

extern constinit const Operation versions{
    .code = "versions",
    .definition = "http://hl7.org/fhir/OperationDefinition/CapabilityStatement-versions",
    .levels = on_system,
    .types = "",
    .lane = rest::Lane::core,
    .run = run};

}  // namespace alzette::operation
