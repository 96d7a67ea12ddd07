// _summary and _elements of reads and searches. FHIR R4: http://hl7.org/fhir/R4/search.html#summary
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/search/query.h"
#include "src/rest/interaction.h"

namespace alzette::rest {

struct Projection {
  fhir::search::Summary summary = fhir::search::Summary::false_;
  std::vector<std::string> elements;

  bool active() const { return summary != fhir::search::Summary::false_ || !elements.empty(); }
  std::string apply(std::string_view stored) const;
};

// Of a read: refuses every parameter but _summary, _elements, _format and _pretty.
fhir::Result<Projection> projection_of(const Call& call);

}  // namespace alzette::rest
