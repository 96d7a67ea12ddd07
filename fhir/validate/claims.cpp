// Resources by the profiles that are theirs.
#include "fhir/validate/claims.h"

#include <algorithm>

namespace fhir::validate {

void judge_claims(const Node& resource, const Place& place, const Scope& scope,
                  const std::vector<std::shared_ptr<const Profile>>& asked_for, Conformance& conformance,
                  std::vector<Issue>& issues) {
  std::vector<std::shared_ptr<const Profile>> judged;
  const auto judge = [&](const std::shared_ptr<const Profile>& profile) {
    if (std::find(judged.begin(), judged.end(), profile) != judged.end()) return;
    judged.push_back(profile);
    conformance.check(resource, profile, scope, place, issues);
  };
  for (const auto& profile : asked_for) judge(profile);
  for (const auto& url : conformance.profiles().global(resource.type->name))
    if (auto profile = conformance.profiles().find(url)) judge(*profile);
  const Node* meta = resource.child("meta");
  if (!meta) return;
  std::uint32_t index = 0;
  for (const Node& claim : *meta) {
    if (claim.name != "profile" || !claim.has_value()) continue;
    const Place at{&place, "meta", 0, false};
    const Place here{&at, "profile", index++, true};
    const std::string named = "The profile '" + std::string(claim.text.substr(0, 256)) + "' ";
    auto profile = conformance.profiles().find(claim.text);
    if (profile)
      judge(*profile);
    else if (profile.outcome().kind == Kind::absent)
      issues.push_back(
          {Severity::warning, "not-found", named + "is not known here: it was not looked at", here.expression()});
    else
      issues.push_back({Severity::error, "structure",
                        named + "cannot be used: " + profile.outcome().issues.front().diagnostics, here.expression()});
  }
}

std::vector<Issue> by_profiles(const Node& resource, const Options& options) {
  std::vector<Issue> issues;
  if (!options.profiles) return issues;
  Conformance conformance(*options.profiles, options);
  Scope scope{&resource, &resource, nullptr, {}, &options.beyond};
  std::optional<Entries> entries;
  if (resource.type->name.view() == "Bundle") scope.entries = &entries.emplace(resource);
  judge_claims(resource, {nullptr, resource.type->name, 0, false}, scope, options.conform_to, conformance, issues);
  return issues;
}

}  // namespace fhir::validate
