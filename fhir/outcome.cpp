// The OperationOutcome that tells a client what was wrong. FHIR R4: http://hl7.org/fhir/R4/operationoutcome.html
#include "fhir/outcome.h"

#include <algorithm>

#include "fhir/format/json.h"

namespace fhir {
namespace {

std::string_view code_of(Severity severity) {
  switch (severity) {
    case Severity::fatal:
      return "fatal";
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::information:
      return "information";
  }
  return "error";
}

void write_issue(const Issue& issue, bool located, std::string& out) {
  out += '{';
  if (!issue.message_id.empty()) {
    out +=
        R"("extension":[{"url":"http://hl7.org/fhir/StructureDefinition/operationoutcome-message-id","valueString":)";
    json::write_string(issue.message_id, out);
    out += "}],";
  }
  out += R"("severity":")";
  out += code_of(issue.severity);
  out += R"(","code":)";
  json::write_string(issue.code.empty() ? "exception" : std::string_view(issue.code), out);
  if (!issue.detail_code.empty()) {
    out += R"(,"details":{"coding":[{"system":)";
    json::write_string(issue.detail_system, out);
    out += R"(,"code":)";
    json::write_string(issue.detail_code, out);
    out += R"(}],"text":)";
    json::write_string(issue.diagnostics, out);
    out += '}';
  } else if (!issue.diagnostics.empty()) {
    out += R"(,"diagnostics":)";
    json::write_string(issue.diagnostics, out);
  }
  if (!issue.expression.empty()) {
    for (const std::string_view element : {"location", "expression"}) {
      if (element == "location" && (!located || issue.detail_code.empty())) continue;
      out.append(",\"").append(element).append("\":[");
      json::write_string(issue.expression, out);
      if (!issue.parameter.empty()) {
        out += ',';
        json::write_string(issue.parameter, out);
      }
      out += ']';
    }
  }
  out += '}';
}

// Clients of terminology servers still read R4's older element `location` beside `expression`, but for codes that
// their system does not have: there the answers of the ecosystem guide's tests have left it out.
bool has_locations(const Outcome& outcome) {
  return std::none_of(outcome.issues.begin(), outcome.issues.end(),
                      [](const Issue& issue) { return issue.detail_code == "invalid-code" && issue.refuses(); });
}

}  // namespace

std::string to_json(const Outcome& outcome) {
  std::string out = R"({"resourceType":"OperationOutcome","issue":[)";
  if (outcome.issues.empty()) out += R"({"severity":"information","code":"informational","diagnostics":"All OK"})";
  const bool located = has_locations(outcome);
  for (const auto& issue : outcome.issues) {
    if (&issue != &outcome.issues.front()) out += ',';
    write_issue(issue, located, out);
  }
  out += "]}";
  return out;
}

}  // namespace fhir
