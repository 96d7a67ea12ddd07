// Errors as values. A Kind says what sort of refusal it is, the FHIR issue code refines it, and each door
// owns its own numbers (HTTP status, SOAP fault, HL7 v2 acknowledgement).
// FHIR R4: OperationOutcome, http://hl7.org/fhir/R4/valueset-issue-type.html
#pragma once

#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace fhir {

enum class Kind : std::uint8_t {
  malformed,      // cannot be read: bad syntax, structure or parameter
  unprocessable,  // read, but breaks a rule of its content
  unauthenticated,
  forbidden,
  absent,
  gone,
  unsupported,  // understood, but this server does not do it (by door: 404, 405, 415, 501)
  conflict,
  duplicate,
  precondition,
  too_large,
  too_costly,
  busy,
  timeout,
  internal,
};

enum class Severity : std::uint8_t { fatal, error, warning, information };

struct Issue {
  Severity severity = Severity::error;
  std::string code;         // issue-type: "structure", "required", "value", "code-invalid", "invariant", ...
  std::string diagnostics;  // what is wrong and what to do next; never contains patient data beyond what was sent
  std::string expression;   // FHIRPath of the place, "" when there is none
  std::string detail_system = {}, detail_code = {};  // details.coding; with it diagnostics become details.text
  std::string message_id = {};  // which sentence it is, whatever its words: extension operationoutcome-message-id
  std::string parameter = {};   // of a request that stands in a Bundle, where `expression` is its entry: "http." + name

  bool refuses() const { return severity == Severity::fatal || severity == Severity::error; }
};

struct Outcome {
  Kind kind = Kind::internal;
  std::vector<Issue> issues;

  Outcome() = default;
  explicit Outcome(Kind k) : kind(k) {}
  Outcome(Kind k, std::string_view code, std::string diagnostics, std::string expression = {}) : kind(k) {
    issues.push_back({Severity::error, std::string(code), std::move(diagnostics), std::move(expression)});
  }

  // An outcome that only warns or informs refuses nothing.
  bool refuses() const {
    for (const auto& issue : issues)
      if (issue.refuses()) return true;
    return false;
  }
};

// The outcome as an OperationOutcome resource in JSON; without issues it says that all is well.
std::string to_json(const Outcome& outcome);

// A value or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Outcome outcome)
      : state_(std::in_place_index<1>, std::move(outcome)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  Outcome& outcome() { return std::get<1>(state_); }
  const Outcome& outcome() const { return std::get<1>(state_); }

 private:
  std::variant<T, Outcome> state_;
};

}  // namespace fhir
