// StructureDefinition/$snapshot: the snapshot that a differential means. Elements of later releases are left out.
// FHIR R4: http://hl7.org/fhir/R4/structuredefinition-operation-snapshot.html
#include "fhir/snapshot/snapshot.h"

#include "fhir/format/json.h"
#include "src/operation/operation.h"
#include "src/rest/published.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Outcome;

using Structure = std::shared_ptr<const fhir::Canonical>;

Structure of_node(const fhir::Node& resource) {
  auto structure = std::make_shared<fhir::Canonical>();
  structure->resource = &resource;
  structure->type = resource.type->name;
  structure->url = resource.value_of("url");
  structure->version = resource.value_of("version");
  return structure;
}

// Stored under the address of the call, which then counts alone; or the one that is sent, or named by its URL.
fhir::Result<Structure> structure_of(const rest::Call& call, const Input& input) {
  if (!call.id.empty()) {
    auto version = rest::stored_or_published(call);
    if (!version) return std::move(version.outcome());
    if (auto structure = fhir::make_canonical(std::move(version->body))) return structure;
    return Outcome(Kind::internal, "exception", "The stored resource cannot be read");
  }
  if (const auto* definition = input.resource("definition")) return of_node(*definition);
  const auto url = input.text("url");
  if (url.empty())
    return Outcome(Kind::malformed, "required", "Send the StructureDefinition, or name it by the parameter url");
  if (auto found = call.canonicals.find("StructureDefinition", url)) return found;
  return Outcome(Kind::absent, "not-found", "There is no StructureDefinition " + std::string(url));
}

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  const auto structure = structure_of(call, input);
  if (!structure) return structure.outcome();
  const auto whole = fhir::snapshot::generate(**structure, call.canonicals);
  if (!whole) return whole.outcome();
  std::string body;
  fhir::json::write(*(*whole)->resource, body);
  return rest::Plan(rest::json_reply(200, std::move(body)));
}

}  // namespace

extern constinit const Operation snapshot{
    .code = "snapshot",
    .definition = "http://hl7.org/fhir/OperationDefinition/StructureDefinition-snapshot",
    .levels = on_type | on_instance,
    .types = "StructureDefinition",
    .lane = rest::Lane::worker,
    .keep_faults = true,
    .run = run};

}  // namespace alzette::operation
