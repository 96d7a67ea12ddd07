// From a path below the base to the row that answers it. FHIR R4: http://hl7.org/fhir/R4/http.html#summary
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/outcome.h"
#include "src/rest/interaction.h"

namespace alzette {

struct Route {
  const rest::Interaction* row = nullptr;
  const fhir::Type* type = nullptr;
  const operation::Operation* operation = nullptr;
  const fhir::Compartment* compartment = nullptr;  // `id` is then that of its resource, `type` what is asked for in it
  std::string id;
  std::string version;

  rest::Lane lane() const;  // the operation's, or the row's
  // Patient/1/Observation, Patient/1/*: whether `segment` says what is asked for in the compartment of Patient/1.
  bool compartment_of(std::string_view segment);
};

struct Routing {
  Route route;                          // row is null where the path is known but the method is not
  std::vector<std::string_view> allow;  // methods that the path has
};

// absent: no row has such a path.
fhir::Result<Routing> find_route(std::string_view method, const std::vector<std::string>& segments);

}  // namespace alzette
