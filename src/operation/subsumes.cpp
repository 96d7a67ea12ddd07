// CodeSystem/$subsumes. FHIR R4: http://hl7.org/fhir/R4/codesystem-operation-subsumes.html
#include "fhir/parameters.h"
#include "fhir/terminology/wording.h"
#include "src/operation/inquiry.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Outcome;
using namespace fhir::terminology;

// One of the two: a code, or a coding.
fhir::Result<Candidate> side(const Input& input, std::string_view code, std::string_view coding) {
  const auto* given = input.value(coding);
  const bool plain = input.first(code);
  if (plain == (given != nullptr))
    return Outcome(Kind::malformed, "required", "Give " + std::string(code) + " or " + std::string(coding),
                   "Parameters");
  if (plain) return Candidate{input.text("system"), input.text("version"), input.text(code), {}};
  return Candidate{given->value_of("system"), given->value_of("version"), given->value_of("code"), {}};
}

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  auto inquiry = Inquiry::begin(call, input);
  if (!inquiry) return std::move(inquiry.outcome());
  auto a = side(input, "codeA", "codingA"), b = side(input, "codeB", "codingB");
  if (!a) return std::move(a.outcome());
  if (!b) return std::move(b.outcome());
  const auto own = (*inquiry)->instance();
  if (!own) return own.outcome();
  if (*own) {
    (*inquiry)->sources().supply(**own);
    for (auto* one : {&*a, &*b}) {
      if (one->system.empty()) one->system = (*own)->value_of("url");
      if (one->version.empty()) one->version = (*own)->value_of("version");
    }
  }
  if (a->system.empty()) return Outcome(Kind::malformed, "required", "Say which system the codes are of", "Parameters");
  if (a->system != b->system)
    return Outcome(Kind::malformed, "invalid", "Both codes must be of one system: subsumption holds within it",
                   "Parameters");
  System* system = (*inquiry)->composer().system_of(a->system, a->version);
  if (!system)
    return refusal(Kind::absent, "not-found", "not-found",
                   wording::unknown_system(a->system, a->version, (*inquiry)->sources().versions(a->system),
                                           "nothing can be said of its codes"));
  for (const auto* one : {&*a, &*b})
    if (system->find(one->code) == nowhere)
      return refusal(Kind::absent, "not-found", "invalid-code", wording::unknown_code(one->code, *system));
  const auto* rows = system->rows();
  const bool same = same_code(a->code, b->code, system->case_sensitive());
  const auto outcome = rows   ? rows->relation(system->find(a->code), system->find(b->code))
                       : same ? Subsumption::equivalent
                              : Subsumption::not_subsumed;
  fhir::ParametersWriter out;
  out.value("outcome", "Code", word_of(outcome));
  return rest::Plan(rest::json_reply(200, std::move(out).finish()));
}

}  // namespace

extern constinit const Operation subsumes{.code = "subsumes",
                                          .definition = "http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes",
                                          .levels = on_type | on_instance,
                                          .types = "CodeSystem",
                                          .lane = rest::Lane::worker,
                                          .run = run};

}  // namespace alzette::operation
