// _summary and _elements. FHIR R4: http://hl7.org/fhir/R4/search.html#summary
#include "src/rest/projection.h"

#include "fhir/project.h"
#include "src/rest/criteria.h"

namespace alzette::rest {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;
using fhir::search::Summary;

std::string Projection::apply(std::string_view stored) const { return fhir::project(stored, summary, elements); }

Result<Projection> projection_of(const Call& call) {
  Projection projection;
  if (call.parameters.empty()) return projection;
  fhir::search::Parameters wanted;
  for (const auto& parameter : call.parameters) {
    const auto& name = parameter.first;
    if (name == "_summary" || name == "_elements")
      wanted.push_back(parameter);
    else if (name != "_format" && name != "_pretty")
      return Outcome(Kind::malformed, "not-supported",
                     "The parameter \"" + name +
                         "\" has no meaning on a read; known are _summary, _elements, _format and _pretty");
  }
  if (wanted.empty()) return projection;
  auto query = fhir::search::parse(call.type, wanted, call.base, false);
  if (!query) return std::move(query.outcome());
  projection.summary = query->summary == Summary::count ? Summary::true_ : query->summary;
  projection.elements = std::move(query->elements);
  return projection;
}

}  // namespace alzette::rest
