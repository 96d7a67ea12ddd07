// CodeSystem/$lookup. FHIR R4: http://hl7.org/fhir/R4/codesystem-operation-lookup.html
#include "fhir/terminology/lookup.h"

#include "src/operation/inquiry.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  auto inquiry = Inquiry::begin(call, input);
  if (!inquiry) return std::move(inquiry.outcome());
  fhir::terminology::LookupRequest request{input.text("system"), input.text("version"), input.text("code"), {}, {}};
  if (const auto* coding = input.value("coding")) {
    if (!request.code.empty())
      return fhir::Outcome(fhir::Kind::malformed, "invalid", "Give either code with system, or coding", "Parameters");
    request.system = coding->value_of("system");
    request.version = coding->value_of("version");
    request.code = coding->value_of("code");
  }
  if (request.system.empty() || request.code.empty())
    return fhir::Outcome(fhir::Kind::malformed, "required", "Give system and code, or coding with both", "Parameters");
  for (const auto* argument : input.all("property")) request.properties.emplace_back(argument->value->text);
  request.languages = (*inquiry)->languages();
  auto json = fhir::terminology::lookup((*inquiry)->composer(), request);
  if (!json) return std::move(json.outcome());
  return rest::Plan(rest::json_reply(200, std::move(*json)));
}

}  // namespace

extern constinit const Operation lookup{.code = "lookup",
                                        .definition = "https://alzette.lu/fhir/OperationDefinition/CodeSystem-lookup",
                                        .levels = on_type,
                                        .types = "CodeSystem",
                                        .lane = rest::Lane::worker,
                                        .keep_faults = true,
                                        .run = run};

}  // namespace alzette::operation
