// Patient/$ihe-pix: the identifiers that another domain knows a patient by, and the Patient resources that hold them.
// IHE PIXm ITI-83, https://profiles.ihe.net/ITI/PIXm/ITI-83.html; each fault has its status and words there.
#include "fhir/format/json.h"
#include "ihe/identity/identity.h"
#include "src/operation/operation.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Kind;
using fhir::Outcome;

void write_text(std::string_view name, std::string_view value, std::string& out) {
  out.append("\"").append(name).append("\":");
  fhir::json::write_string(value, out);
}

std::string parameters_of(const ihe::identity::CrossReference& found) {
  std::string out = R"({"resourceType":"Parameters")";
  std::string list;
  for (const auto& id : found.ids) {
    list += list.empty() ? "" : ",";
    list += R"({"name":"targetIdentifier","valueIdentifier":{)";
    write_text("system", id.system, list);
    list += ',';
    write_text("value", id.value, list);
    list += "}}";
  }
  for (const auto& patient : found.patients) {
    list += list.empty() ? "" : ",";
    list += R"({"name":"targetId","valueReference":{)";
    write_text("reference", "Patient/" + patient, list);
    list += "}}";
  }
  if (!list.empty()) out.append(R"(,"parameter":[)").append(list).append("]");
  return out += '}';
}

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  const auto source = input.text("sourceIdentifier");
  const auto bar = source.find('|');
  if (bar == std::string_view::npos || bar == 0 || bar + 1 == source.size())
    return Outcome(Kind::malformed, "invalid", "sourceIdentifier must be an Assigning Authority, | and an identifier");
  std::vector<std::string> targets;
  for (const auto* target : input.all("targetSystem")) targets.emplace_back(target->value->text);
  const ihe::Site site{call.snapshot, call.access, call.settings, call.base, call.now, call.ids};
  const ihe::identity::Id id{std::string(source.substr(0, bar)), std::string(source.substr(bar + 1))};
  const auto found = ihe::identity::cross_reference(site, id, targets);
  if (!found) return found.outcome();
  if (!found->source_known)
    return Outcome(Kind::malformed, "code-invalid", "sourceIdentifier Assigning Authority not found");
  if (!found->unknown_targets.empty()) return Outcome(Kind::forbidden, "code-invalid", "targetSystem not found");
  if (!found->id_known) return Outcome(Kind::absent, "not-found", "sourceIdentifier Patient Identifier not found");
  return rest::Plan(rest::json_reply(200, parameters_of(*found)));
}

}  // namespace

extern constinit const Operation ihe_pix{
    .code = "ihe-pix",
    .definition = "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
    .levels = on_type,
    .types = "Patient",
    .lane = rest::Lane::by_size,
    .run = run};

}  // namespace alzette::operation
