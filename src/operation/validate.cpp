// $validate: would the resource be accepted, and what is wrong with it, profiles and extensions included.
// FHIR R4: http://hl7.org/fhir/R4/resource-operation-validate.html
#include "fhir/validate/validate.h"

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "src/judge.h"
#include "src/operation/operation.h"
#include "src/rest/published.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Issue;
using fhir::Kind;
using fhir::Node;
using fhir::Outcome;

fhir::Result<rest::Plan> answer(std::vector<Issue> issues) {
  Outcome outcome(Kind::unprocessable);
  outcome.issues = std::move(issues);
  return rest::Plan(rest::json_reply(200, fhir::to_json(outcome)));
}

Issue error(std::string_view code, std::string text, std::string expression = {}) {
  return {fhir::Severity::error, std::string(code), std::move(text), std::move(expression)};
}

// What the mode adds: that the address and the resource are those of one and the same.
void check_mode(const rest::Call& call, std::string_view mode, const Node& resource, std::vector<Issue>& issues) {
  if (call.type && resource.type != call.type && call.type->name.view() != "Resource")
    issues.push_back(error("invalid", "The resource is a " + std::string(resource.type->name.view()) +
                                          ", the address is that of " + std::string(call.type->name.view())));
  if (call.id.empty() || mode == "create") return;
  const auto id = resource.value_of("id");
  if (mode != "profile" && id != call.id)
    issues.push_back(error("invalid", "The id in the resource is not that of the address, " + call.id,
                           std::string(resource.type->name.view()) + ".id"));
}

fhir::Result<rest::Plan> delete_mode(const rest::Call& call) {
  if (call.id.empty()) return Outcome(Kind::malformed, "invalid", "mode=delete needs the address of a resource");
  auto version = call.snapshot.read(call.access, *call.type, call.id);
  if (!version) return std::move(version.outcome());
  return answer({});
}

bool known_mode(std::string_view mode) {
  return mode.empty() || mode == "create" || mode == "update" || mode == "delete" || mode == "profile";
}

fhir::Result<rest::Plan> run(const rest::Call& call, const Input& input) {
  const auto mode = input.text("mode");
  if (!known_mode(mode)) return Outcome(Kind::malformed, "value", "mode is one of create, update, delete and profile");
  if (mode == "delete") return delete_mode(call);
  std::shared_ptr<const fhir::Canonical> stored;
  const Node* resource = input.resource("resource");
  if (!resource && !call.id.empty()) {
    auto version = rest::stored_or_published(call);
    if (!version) return std::move(version.outcome());
    stored = fhir::make_canonical(std::move(version->body));
    if (stored) resource = stored->resource;
  }
  if (!resource) return Outcome(Kind::malformed, "required", "Send the resource that is to be validated");

  std::vector<Issue> issues = input.faults;
  check_mode(call, mode, *resource, issues);
  Judge judge({call.snapshot, call.access, call.base, call.profiles, call.terminology});
  auto options = judge.options();
  options.warnings = true;
  for (const auto* argument : input.all("profile")) {
    auto profile = call.profiles.find(argument->value ? argument->value->text : std::string_view());
    if (profile)
      options.conform_to.push_back(std::move(*profile));
    else
      issues.push_back(error(profile.outcome().issues.front().code, profile.outcome().issues.front().diagnostics));
  }
  if (mode == "profile" && input.all("profile").empty())
    return Outcome(Kind::malformed, "required", "mode=profile needs the parameter profile");
  auto found = fhir::validate::resource(*resource, options);
  issues.insert(issues.end(), found.begin(), found.end());
  return answer(std::move(issues));
}

}  // namespace

extern constinit const Operation validate{.code = "validate",
                                          .definition = "http://hl7.org/fhir/OperationDefinition/Resource-validate",
                                          .levels = on_type | on_instance,
                                          .types = "",
                                          .lane = rest::Lane::worker,
                                          .keep_faults = true,
                                          .run = run};

}  // namespace alzette::operation
