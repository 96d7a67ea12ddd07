// $graph on an instance: the resources that a GraphDefinition reaches from it, as a collection.
// FHIR R4: http://hl7.org/fhir/R4/resource-operation-graph.html
#include <memory>

#include "fhir/bundle.h"
#include "src/operation/operation.h"
#include "src/operation/reach.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  auto version = call.snapshot.read(call.access, *call.type, call.id);
  if (!version) return std::move(version.outcome());
  Resources resources(call);
  const auto* start = resources.take(std::make_shared<fhir::Version>(std::move(*version)));
  const auto reached = reach(call, *start, input.text("graph"), resources);
  if (!reached) return reached.outcome();
  fhir::BundleWriter bundle("collection", std::nullopt, {}, call.now);
  for (const auto* each : *reached)
    if (const auto* kept = resources.version_of(*each)) bundle.resource(call.base, *kept);
  return rest::Plan(rest::json_reply(200, std::move(bundle).finish()));
}

}  // namespace

extern constinit const Operation graph{.code = "graph",
                                       .definition = "http://hl7.org/fhir/OperationDefinition/Resource-graph",
                                       .levels = on_instance,
                                       .types = "",
                                       .lane = rest::Lane::worker,
                                       .run = run};

}  // namespace alzette::operation
