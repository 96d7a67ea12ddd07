// convert: a resource from one form to the other; the forms are those of the request's body and of its answer.
// FHIR R4: http://hl7.org/fhir/R4/resource-operation-convert.html
#include "fhir/format/json.h"
#include "src/operation/operation.h"
#include "src/operation/refusal.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

fhir::Result<rest::Plan> run(const rest::Call&, const Input& input) {
  const auto* resource = input.resource("input");
  if (!resource)
    return fhir::Outcome(fhir::Kind::malformed, "required", "$convert needs the resource that it converts",
                         place_of("input"));
  std::string text;
  fhir::json::write(*resource, text);
  return rest::Plan(rest::json_reply(200, std::move(text)));
}

}  // namespace

extern constinit const Operation convert{.code = "convert",
                                         .definition = "http://hl7.org/fhir/OperationDefinition/Resource-convert",
                                         .levels = on_system,
                                         .types = "",
                                         .lane = rest::Lane::worker,
                                         .run = run};

}  // namespace alzette::operation
