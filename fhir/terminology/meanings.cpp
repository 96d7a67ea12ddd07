// FHIR R4: http://hl7.org/fhir/R4/search.html#token
#include "fhir/terminology/meanings.h"

namespace fhir::terminology {
namespace {

using Values = std::vector<search::IndexValue>;

search::IndexValue token(std::string system, std::string code) {
  search::IndexValue value;
  value.kind = search::IndexKind::token;
  value.system = std::move(system);
  value.text = std::move(code);
  return value;
}

// What is asked for is not known here: that is a fault of the question, not of the address.
Outcome refused(Outcome outcome) {
  if (outcome.kind == Kind::absent) outcome.kind = Kind::malformed;
  return outcome;
}

Result<Values> tokens(std::string_view system, Result<std::vector<std::string>> codes) {
  if (!codes) return refused(std::move(codes.outcome()));
  Values values;
  for (auto& code : *codes) values.push_back(token(std::string(system), std::move(code)));
  return values;
}

}  // namespace

Result<Values> Meanings::in_value_set(std::string_view canonical, std::size_t most) const {
  auto codes = terminology_.codes(canonical, most);
  if (!codes) return refused(std::move(codes.outcome()));
  Values values;
  for (auto& [system, code] : *codes) values.push_back(token(std::move(system), std::move(code)));
  return values;
}

Result<Values> Meanings::below(std::string_view system, std::string_view code, std::size_t most) const {
  return tokens(system, terminology_.below(system, code, most));
}

Result<Values> Meanings::above(std::string_view system, std::string_view code, std::size_t most) const {
  return tokens(system, terminology_.above(system, code, most));
}

}  // namespace fhir::terminology
