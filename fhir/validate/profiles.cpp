// The cache of compiled profiles.
#include "fhir/validate/profiles.h"

#include "fhir/snapshot/snapshot.h"

namespace fhir::validate {

namespace {

constexpr std::size_t most_profiles = 5'000;

}  // namespace

Result<std::shared_ptr<const Profile>> Profiles::make(const std::shared_ptr<const Canonical>& structure) const {
  auto whole = snapshot::complete(structure, canonicals_);
  if (!whole) return std::move(whole.outcome());
  return compile(*whole);
}

std::vector<std::string> Profiles::global(std::string_view type) const {
  const auto state = canonicals_.state();
  const auto values = [&] {
    std::vector<std::string> profiles;
    const auto [first, last] = globals_.equal_range(type);
    for (auto at = first; at != last; ++at) profiles.push_back(at->second);
    return profiles;
  };
  {
    const std::scoped_lock lock(mutex_);
    if (state == globals_state_) return values();
  }
  std::multimap<std::string, std::string, std::less<>> globals;
  for (const auto& guide : canonicals_.all("ImplementationGuide"))
    for (const Node& child : *guide->resource)
      if (child.name == "global") globals.emplace(child.value_of("type"), child.value_of("profile"));
  const std::scoped_lock lock(mutex_);
  globals_ = std::move(globals);
  globals_state_ = state;
  return values();
}

Result<std::shared_ptr<const Profile>> Profiles::find(std::string_view url) const {
  const auto state = canonicals_.state();
  {
    const std::scoped_lock lock(mutex_);
    if (state != state_) {
      made_.clear();
      state_ = state;
    }
    if (const auto known = made_.find(url); known != made_.end()) return known->second;
  }
  const auto structure = canonicals_.find("StructureDefinition", url);
  auto profile = structure ? make(structure)
                           : Result<std::shared_ptr<const Profile>>(Outcome(
                                 Kind::absent, "not-found", "The profile " + std::string(url) + " is not known here"));
  const std::scoped_lock lock(mutex_);
  if (state == state_ && made_.size() < most_profiles) made_.emplace(url, profile);
  return profile;
}

}  // namespace fhir::validate
