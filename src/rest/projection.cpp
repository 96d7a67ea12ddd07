// _summary and _elements. FHIR R4: http://hl7.org/fhir/R4/search.html#summary
#include "src/rest/projection.h"

#include <algorithm>

#include "fhir/project.h"
#include "fhir/search/refusal.h"
#include "src/in_form.h"
#include "src/operation/operation.h"
#include "src/rest/criteria.h"
#include "src/rest/paging.h"
#include "src/rest/reply.h"

namespace alzette::rest {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;
using fhir::search::Parameters;
using fhir::search::Summary;

namespace {

bool is_projection(const std::pair<std::string, std::string>& parameter) {
  return parameter.first == "_summary" || parameter.first == "_elements";
}

// `type`: whose elements they are; null: anyone's.
Result<Projection> read(const fhir::Type* type, const Parameters& wanted, std::string_view base) {
  Projection projection;
  if (wanted.empty()) return projection;
  auto query = fhir::search::parse(type, wanted, base, false);
  if (!query) return std::move(query.outcome());
  projection.summary = query->summary;
  projection.elements = std::move(query->elements);
  return projection;
}

bool has_parameter(const operation::Operation& operation, std::string_view name) {
  const auto& parameters = operation::definition_of(operation).parameters;
  return std::any_of(parameters.begin(), parameters.end(),
                     [&](const auto& parameter) { return parameter.name.view() == name; });
}

}  // namespace

std::string Projection::apply(std::string_view stored) const { return fhir::project(stored, summary, elements); }

Result<Projection> projection_of(const Call& call) {
  Parameters wanted;
  for (const auto& parameter : call.parameters) {
    if (is_projection(parameter))
      wanted.push_back(parameter);
    else if (parameter.first != "_format" && parameter.first != "_pretty")
      return Outcome(Kind::malformed, "not-supported",
                     "The parameter \"" + parameter.first +
                         "\" has no meaning on a read; known are _summary, _elements, _format and _pretty",
                     fhir::search::place_of(parameter.first));
  }
  return read(call.type, wanted, call.base);
}

Result<Projection> take_projection(Parameters& parameters, std::string_view base,
                                   const operation::Operation* operation) {
  const auto own = [&](const auto& parameter) {
    return !is_projection(parameter) || (operation && has_parameter(*operation, parameter.first));
  };
  const auto from = std::stable_partition(parameters.begin(), parameters.end(), own);
  const Parameters wanted(std::make_move_iterator(from), std::make_move_iterator(parameters.end()));
  parameters.erase(from, parameters.end());
  auto projection = read(nullptr, wanted, base);
  if (projection && projection->active()) projection->written = link({}, {}, wanted).substr(1);
  return projection;
}

Response project(Response response, const Projection& projection) {
  if (!projection.active() || response.status >= 300) return response;
  if (find(response.headers, "Content-Type") != fhir_json || !make_whole(response)) return response;
  if (!response.body.empty())
    response.body = fhir::project_answer(response.body, projection.summary, projection.elements, projection.written);
  return response;
}

}  // namespace alzette::rest
