// DocumentReference/$generate-metadata: ITI-106, a document publishes itself. IHE MHD 4.2, 3.106.
#include "ihe/mhd/describe.h"
#include "src/operation/operation.h"
#include "src/operation/refusal.h"
#include "src/rest/provide.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  const auto* document = input.resource("document");
  if (!document)
    return fhir::Outcome(fhir::Kind::malformed, "required", "document needs a resource", place_of("document"));
  fhir::Arena arena;
  auto reference = ihe::mhd::describe(*document, arena);
  if (!reference) return std::move(reference.outcome());
  auto plan = rest::publish_document(call, **reference);
  if (!plan) return plan;
  plan->reply = [inner = std::move(plan->reply)](rest::Effect& effect) {
    auto written = inner(effect);
    if (written.status != 201) return written;
    auto place = std::string(find(written.headers, "Location"));
    place.resize(std::min(place.size(), place.find("/_history")));
    place.erase(0, place.rfind("DocumentReference/"));
    return rest::json_reply(
        200,
        R"({"resourceType":"Parameters","parameter":[{"name":"DocumentReference","valueReference":{"reference":")" +
            place + R"("}}]})");
  };
  return plan;
}

}  // namespace

extern constinit const Operation generate_metadata{
    .code = "generate-metadata",
    .definition = "https://profiles.ihe.net/ITI/MHD/OperationDefinition/generate-metadata",
    .levels = on_type,
    .types = "DocumentReference",
    .lane = rest::Lane::worker,
    .affects_state = true,
    .run = run};

}  // namespace alzette::operation
