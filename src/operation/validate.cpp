// $validate: would the resource be accepted, and what is wrong with it, profiles and extensions included.
// FHIR R4: http://hl7.org/fhir/R4/resource-operation-validate.html
#include "fhir/validate/validate.h"

#include <map>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/terminology/terminology.h"
#include "fhir/value.h"
#include "src/operation/operation.h"
#include "src/rest/reply.h"

namespace alzette::operation {
namespace {

using fhir::Issue;
using fhir::Kind;
using fhir::Node;
using fhir::Outcome;

// Resources of the store that references lead to, opened while one validation goes on. Nothing is fetched (B103).
class Stored {
 public:
  explicit Stored(const rest::Call& call) : call_(call) {}

  const Node* find(std::string_view reference) {
    const auto parsed = fhir::parse_reference(reference);
    if (!parsed || parsed->type.empty() || (!parsed->base.empty() && parsed->base != call_.base)) return nullptr;
    std::string key(parsed->type);
    key.append("/").append(parsed->id);
    if (const auto known = opened_.find(key); known != opened_.end())
      return known->second ? known->second->resource : nullptr;
    if (opened_.size() >= most) return nullptr;
    auto version = call_.snapshot.read(call_.access, *fhir::definitions().resource(parsed->type), parsed->id);
    auto resource = version ? fhir::make_canonical(std::move(version->body)) : nullptr;
    return opened_.emplace(std::move(key), resource).first->second ? resource->resource : nullptr;
  }

 private:
  static constexpr std::size_t most = 1000;
  const rest::Call& call_;
  std::map<std::string, std::shared_ptr<const fhir::Canonical>, std::less<>> opened_;
};

using fhir::terminology::Membership;
using fhir::terminology::Terminology;

std::optional<bool> known(Membership membership) {
  if (membership == Membership::unknown) return std::nullopt;
  return membership == Membership::in;
}

// Of a CodeableConcept one coding is enough; where none is in, but one cannot be told, neither can the whole.
std::optional<bool> is_member(const Terminology& terminology, const Node& value, std::string_view set) {
  if (value.has_value()) return known(terminology.member(set, {}, value.text).membership);
  if (value.type->name.view() != "CodeableConcept") {
    if (value.value_of("code").empty()) return false;
    return known(terminology.member(set, value.value_of("system"), value.value_of("code")).membership);
  }
  std::optional<bool> answer = false;
  for (const Node& coding : value) {
    if (coding.name != "coding") continue;
    const auto one = is_member(terminology, coding, set);
    if (one == true) return true;
    if (!one) answer.reset();
  }
  return answer;
}

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
    auto version = call.snapshot.read(call.access, *call.type, call.id);
    if (!version) return std::move(version.outcome());
    stored = fhir::make_canonical(std::move(version->body));
    if (stored) resource = stored->resource;
  }
  if (!resource) return Outcome(Kind::malformed, "required", "Send the resource that is to be validated");

  std::vector<Issue> issues = input.faults;
  check_mode(call, mode, *resource, issues);
  Stored beyond(call);
  fhir::validate::Options options;
  options.warnings = true;
  options.profiles = &call.profiles;
  options.member = [&](const Node& value, std::string_view set) { return is_member(call.terminology, value, set); };
  options.has_code = [&](std::string_view system, std::string_view code) {
    return known(call.terminology.code(system, code).membership);
  };
  options.beyond = [&](std::string_view reference) { return beyond.find(reference); };
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
