// Resources by the profiles that are theirs.
#include "fhir/validate/claims.h"

#include <algorithm>

#include "fhir/utf8.h"

namespace fhir::validate {

namespace {

constexpr std::string_view core = "http://hl7.org/fhir/StructureDefinition/";

// Vital signs conform to their profile, claimed or not. FHIR R4: http://hl7.org/fhir/R4/observation-vitalsigns.html
struct VitalSign {
  std::string_view code, profile;
};
constexpr VitalSign vital_signs[] = {{"85353-1", "vitalspanel"}, {"9279-1", "resprate"},    {"8867-4", "heartrate"},
                                     {"2708-6", "oxygensat"},    {"8310-5", "bodytemp"},    {"8302-2", "bodyheight"},
                                     {"9843-4", "headcircum"},   {"29463-7", "bodyweight"}, {"39156-5", "bmi"},
                                     {"85354-9", "bp"}};

std::vector<std::string> vital_sign_profiles(const Node& resource) {
  std::vector<std::string> urls;
  const Node* code = resource.type->name.view() == "Observation" ? resource.child("code") : nullptr;
  if (!code) return urls;
  for (const Node& coding : *code)
    for (const VitalSign& sign : vital_signs)
      if (coding.value_of("system") == "http://loinc.org" && coding.value_of("code") == sign.code)
        urls.push_back(std::string(core) + std::string(sign.profile));
  return urls;
}

}  // namespace

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
  for (const auto& url : vital_sign_profiles(resource))
    if (auto profile = conformance.profiles().find(url)) judge(*profile);
  const Node* meta = resource.child("meta");
  if (!meta) return;
  std::uint32_t index = 0;
  for (const Node& claim : *meta) {
    if (claim.name != "profile" || !claim.has_value()) continue;
    const Place at{&place, "meta", 0, false};
    const Place here{&at, "profile", index++, true};
    const std::string named = "The profile '" + shortened(claim.text, 256) + "' ";
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
  Scope scope;
  scope.enter(resource);
  scope.beyond = &options.beyond;
  std::optional<Entries> entries;
  if (resource.type->name.view() == "Bundle") scope.entries = &entries.emplace(resource);
  judge_claims(resource, {nullptr, resource.type->name, 0, false}, scope, options.conform_to, conformance, issues);
  return issues;
}

}  // namespace fhir::validate
