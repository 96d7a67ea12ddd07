// From the validator's questions to the store and the terminology of this server.
#include "src/judge.h"

#include <algorithm>
#include <optional>

#include "fhir/bundle.h"
#include "fhir/definitions.h"
#include "fhir/terminology/display.h"
#include "fhir/value.h"

namespace alzette {
namespace {

using fhir::Issue;
using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::terminology::Membership;

constexpr std::size_t most_opened = 1000;  // resources that the references of one may lead to

std::optional<bool> known(Membership membership) {
  if (membership == Membership::unknown) return std::nullopt;
  return membership == Membership::in;
}

// Whether a resource may be held against a profile of its own: a look at the bytes saves reading most of them again.
bool may_claim(std::string_view body) { return body.find("\"profile\"") != body.npos; }

void name_write(const fhir::Write& write, std::vector<Issue>& issues) {
  const std::string name = std::string(write.type->name.view()) + "/" + write.id + ": ";
  for (auto& issue : issues) issue.diagnostics.insert(0, name);
}

// Faults are the answer, unless they refuse and the policy is to enforce.
fhir::Result<std::vector<Issue>> verdict(const ProfilePolicy& policy, std::vector<Issue> faults) {
  const bool refuses = std::any_of(faults.begin(), faults.end(), [](const Issue& issue) { return issue.refuses(); });
  if (policy.on_write != OnWrite::enforce || !refuses) return faults;
  Outcome outcome(Kind::unprocessable);
  outcome.issues = std::move(faults);
  return outcome;
}

}  // namespace

const Node* Judge::stored(std::string_view reference) {
  const auto parsed = fhir::parse_reference(reference);
  if (!parsed || parsed->type.empty() || (!parsed->base.empty() && parsed->base != site_.base)) return nullptr;
  std::string key(parsed->type);
  key.append("/").append(parsed->id);
  if (const auto known = opened_.find(key); known != opened_.end())
    return known->second ? known->second->resource : nullptr;
  if (opened_.size() >= most_opened) return nullptr;
  auto version = site_.snapshot.read(site_.access, *fhir::definitions().resource(parsed->type), parsed->id);
  auto resource = version ? fhir::make_canonical(std::move(version->body)) : nullptr;
  return opened_.emplace(std::move(key), resource).first->second ? resource->resource : nullptr;
}

fhir::validate::Options Judge::options() {
  fhir::validate::Options options;
  options.profiles = &site_.profiles;
  options.member = [this](const Node& value, std::string_view set) { return site_.terminology.bound(value, set); };
  options.has_code = [this](std::string_view system, std::string_view code) {
    return known(site_.terminology.code(system, code).membership);
  };
  options.right_display = [this](const Node& coding) { return fhir::terminology::right_display(sources_, coding); };
  options.beyond = [this](std::string_view reference) { return stored(reference); };
  return options;
}

fhir::Result<std::vector<Issue>> judge_bundle(const ProfilePolicy& policy, const JudgeSite& site, const Node& bundle) {
  Judge judge(site);
  return verdict(policy, fhir::validate::by_profiles(bundle, judge.options()));
}

fhir::Result<std::vector<Issue>> judge_writes(const ProfilePolicy& policy, const JudgeSite& site,
                                              const fhir::Batch& batch) {
  std::vector<Issue> faults;
  for (const auto& write : batch.writes) {
    if (write.method == fhir::Method::remove) continue;
    const auto [first, last] = policy.required.equal_range(write.type->name.view());
    auto bytes = fhir::stored_bytes(write.body, 1, 0);
    if (first == last && !may_claim(bytes)) continue;
    const auto resource = fhir::make_canonical(std::move(bytes));
    if (!resource) continue;
    Judge judge(site);
    auto options = judge.options();
    for (auto at = first; at != last; ++at) {
      auto profile = site.profiles.find(at->second);
      if (!profile) return std::move(profile.outcome());
      options.conform_to.push_back(std::move(*profile));
    }
    auto issues = fhir::validate::by_profiles(*resource->resource, options);
    name_write(write, issues);
    std::move(issues.begin(), issues.end(), std::back_inserter(faults));
  }
  return verdict(policy, std::move(faults));
}

}  // namespace alzette
