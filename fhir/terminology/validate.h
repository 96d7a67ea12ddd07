// $validate-code: is a code, Coding or CodeableConcept in a value set, or in a code system, and is what it says of
// itself right. Everything that is wrong is an issue with its place.
// FHIR R4: http://hl7.org/fhir/R4/valueset-operation-validate-code.html; issue types of the terminology ecosystem
// guide, http://hl7.org/fhir/uv/tx-ecosystem/requirements.html
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/terminology/compose.h"
#include "fhir/terminology/display.h"
#include "fhir/terminology/language.h"

namespace fhir::terminology {

struct Candidate {
  std::string_view system, version, code, display;
};

struct CodeRequest {
  enum class Form : std::uint8_t { code, coding, concept_ } form = Form::code;
  std::vector<Candidate> candidates;
  bool infer_system = false;
  bool lenient_display = false;     // a wrong display only warns
  std::optional<bool> active_only;  // true: inactive codes are refused
  std::optional<bool> abstract;     // false: abstract codes are refused
  Languages languages;
};

struct CodeVerdict {
  bool result = false;
  bool valid = false;  // some code was found: what follows is about it
  std::string code, system, version, display, status, normalized;
  bool inactive = false;
  std::vector<Issue> issues;
  std::string message;                 // what `issues` say that is worth saying
  std::vector<std::string> caused_by;  // systems of the value set that are not here
  std::vector<std::string> unknown;    // systems of the codes that are not here
};

// Against `set`, or where that is null against the code systems alone. Refuses what makes any answer impossible: a
// filter that is not understood, circles.
Result<CodeVerdict> validate_code(Composer& composer, const ValueSet* set, const CodeRequest& request);

}  // namespace fhir::terminology
