// _summary and _elements, which any interaction takes. FHIR R4: http://hl7.org/fhir/R4/http.html#parameters,
// http://hl7.org/fhir/R4/search.html#summary
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/search/query.h"
#include "src/http.h"
#include "src/rest/interaction.h"

namespace alzette::rest {

struct Projection {
  fhir::search::Summary summary = fhir::search::Summary::false_;
  std::vector<std::string> elements;
  std::string written = {};  // as it stands in an address: "_summary=true"

  bool active() const { return summary != fhir::search::Summary::false_ || !elements.empty(); }
  std::string apply(std::string_view stored) const;
};

// Of a read: refuses every parameter but _summary, _elements, _format and _pretty.
fhir::Result<Projection> projection_of(const Call& call);

// Takes the two out of `parameters`: what the interaction answers is then to be reduced by `project`. An operation may
// have parameters of these names itself, which stay; null: none is called.
fhir::Result<Projection> take_projection(fhir::search::Parameters& parameters, std::string_view base,
                                         const operation::Operation* operation);
// A refusal, and what is no resource, stays as it is.
Response project(Response response, const Projection& projection);

}  // namespace alzette::rest
