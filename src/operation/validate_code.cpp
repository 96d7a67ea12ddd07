// ValueSet/$validate-code, CodeSystem/$validate-code and ValueSet/$batch-validate-code.
// FHIR R4: http://hl7.org/fhir/R4/valueset-operation-validate-code.html, codesystem-operation-validate-code.html
#include <algorithm>
#include <array>

#include "fhir/format/json.h"
#include "fhir/parameters.h"
#include "fhir/terminology/validate.h"
#include "fhir/utf8.h"
#include "src/operation/inquiry.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;
using fhir::terminology::CodeRequest;
using fhir::terminology::CodeVerdict;
using fhir::terminology::ValueSet;

std::string answer(const CodeVerdict& verdict, const Node* concept_) {
  fhir::ParametersWriter out;
  out.boolean("result", verdict.result);
  if (!verdict.system.empty()) out.value("system", "Uri", verdict.system);
  if (!verdict.code.empty()) out.value("code", "Code", verdict.code);
  if (!verdict.version.empty()) out.value("version", "String", verdict.version);
  if (!verdict.display.empty()) out.value("display", "String", verdict.display);
  if (!verdict.normalized.empty()) out.value("normalized-code", "Code", verdict.normalized);
  if (concept_) {
    std::string json;
    fhir::json::write(*concept_, json);
    out.json_value("codeableConcept", "CodeableConcept", json);
  }
  if (verdict.inactive) out.boolean("inactive", true);
  if (!verdict.status.empty()) out.value("status", "Code", verdict.status);
  if (!verdict.message.empty()) out.value("message", "String", verdict.message);
  for (const auto& canonical : verdict.caused_by) out.value("x-caused-by-unknown-system", "Canonical", canonical);
  for (const auto& canonical : verdict.unknown) out.value("x-unknown-system", "Canonical", canonical);
  if (!verdict.issues.empty()) {
    Outcome issues(Kind::unprocessable);
    issues.issues = verdict.issues;
    out.resource("issues", fhir::to_json(issues));
  }
  return std::move(out).finish();
}

CodeRequest read(const Input& input, const Inquiry& inquiry, const GivenCodes& given) {
  CodeRequest request;
  request.form = given.form;
  request.candidates = given.codes;
  request.infer_system = input.flag("inferSystem");
  request.lenient_display =
      input.flag("lenient-display-validation") || input.text("mode") == "lenient-display-validation";
  request.active_only = inquiry.active_only;
  if (input.first("abstract")) request.abstract = input.flag("abstract");
  request.languages = inquiry.languages();
  if (input.flag("valueset-membership-only"))
    for (auto& candidate : request.candidates) candidate.display = {};
  return request;
}

Result<std::string> in_value_set(const rest::Call& call, const Input& input) {
  const auto given = codes_of(input, {"code", "system", "systemVersion", "coding", "codeableConcept"});
  if (!given) return given.outcome();
  auto inquiry = Inquiry::begin(call, input);
  if (!inquiry) return std::move(inquiry.outcome());
  const auto set = (*inquiry)->value_set(input);
  if (!set) return set.outcome();
  const auto verdict = fhir::terminology::validate_code((*inquiry)->composer(), *set, read(input, **inquiry, *given));
  if (!verdict) return verdict.outcome();
  return answer(*verdict, given->concept_);
}

Result<rest::Plan> run_value_set(const rest::Call& call, const Input& input) {
  auto json = in_value_set(call, input);
  if (!json) return std::move(json.outcome());
  return rest::Plan(rest::json_reply(200, std::move(*json)));
}

Result<rest::Plan> run_code_system(const rest::Call& call, const Input& input) {
  auto given = codes_of(input, {"code", "url", "version", "coding", "codeableConcept"});
  if (!given) return std::move(given.outcome());
  auto inquiry = Inquiry::begin(call, input);
  if (!inquiry) return std::move(inquiry.outcome());
  const auto own = (*inquiry)->instance();
  if (!own) return own.outcome();
  const Node* resource = *own ? *own : input.resource("codeSystem");
  if (resource) (*inquiry)->sources().supply(*resource);
  const auto url = resource ? resource->value_of("url") : input.text("url");
  if (given->form == CodeRequest::Form::code && url.empty())
    return Outcome(Kind::malformed, "required", "Say which code system: url, codeSystem or the address of one",
                   "Parameters");
  for (auto& candidate : given->codes) {
    if (given->form == CodeRequest::Form::code) candidate.system = url;
    if (candidate.version.empty() && (url.empty() || candidate.system == url))
      candidate.version = resource ? resource->value_of("version") : input.text("version");
    if (!url.empty() && candidate.system != url)
      return Outcome(
          Kind::malformed, "invalid",
          "The code is of the system " + fhir::shortened(candidate.system, 200) + ", not of " + std::string(url),
          "Parameters");
  }
  const auto verdict =
      fhir::terminology::validate_code((*inquiry)->composer(), nullptr, read(input, **inquiry, *given));
  if (!verdict) return verdict.outcome();
  return rest::Plan(rest::json_reply(200, answer(*verdict, given->concept_)));
}

// One validation of a batch: its own parameters, then those that hold for all.
Input joined(const Input& batch, const Node& parameters) {
  Input one;
  for (const Node& parameter : parameters) {
    if (parameter.name != "parameter") continue;
    Argument argument{parameter.value_of("name"), nullptr, nullptr, &parameter};
    for (const Node& child : parameter)
      if (child.name.starts_with("value")) argument.value = &child;
    one.arguments.push_back(argument);
  }
  const auto own = one.arguments;
  for (const auto& argument : batch.arguments) {
    const auto same = [&](const Argument& other) { return other.name == argument.name; };
    if (argument.name != "validation" && std::none_of(own.begin(), own.end(), same)) one.arguments.push_back(argument);
  }
  return one;
}

Result<rest::Plan> run_batch(const rest::Call& call, const Input& input) {
  constexpr std::size_t most = 1'000;
  const auto validations = input.all("validation");
  if (validations.size() > most)
    return Outcome(Kind::too_costly, "too-costly", "Send " + std::to_string(most) + " validations at most");
  fhir::ParametersWriter out;
  for (const auto* validation : validations) {
    if (!validation->resource || validation->resource->name != "Parameters")
      return Outcome(Kind::malformed, "required", "validation holds a Parameters resource", "Parameters.parameter");
    const auto json = in_value_set(call, joined(input, *validation->resource));
    out.resource("validation", json ? *json : fhir::to_json(json.outcome()));
  }
  return rest::Plan(rest::json_reply(200, std::move(out).finish()));
}

}  // namespace

extern constinit const Operation validate_code_in_value_set{
    .code = "validate-code",
    .definition = "https://alzette.lu/fhir/OperationDefinition/ValueSet-validate-code",
    .levels = on_type | on_instance,
    .types = "ValueSet",
    .lane = rest::Lane::worker,
    .keep_faults = true,
    .run = run_value_set};

extern constinit const Operation validate_code_in_code_system{
    .code = "validate-code",
    .definition = "https://alzette.lu/fhir/OperationDefinition/CodeSystem-validate-code",
    .levels = on_type | on_instance,
    .types = "CodeSystem",
    .lane = rest::Lane::worker,
    .keep_faults = true,
    .run = run_code_system};

extern constinit const Operation batch_validate_code{
    .code = "batch-validate-code",
    .definition = "https://alzette.lu/fhir/OperationDefinition/ValueSet-batch-validate-code",
    .levels = on_type,
    .types = "ValueSet",
    .lane = rest::Lane::worker,
    .keep_faults = true,
    .run = run_batch};

}  // namespace alzette::operation
