// Profiles by their address, compiled once: what was made is kept until a
// conformance resource changes.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/canonical.h"
#include "fhir/outcome.h"
#include "fhir/validate/profile.h"

namespace fhir::validate {

class Profiles {
 public:
  explicit Profiles(const Canonicals& canonicals) : canonicals_(canonicals) {}

  // The profile, or why there is none: not-found, or what is wrong with its
  // definition. Thread safe.
  Result<std::shared_ptr<const Profile>> find(std::string_view url) const;
  // What implementation guides say that every resource of a type must conform
  // to (ImplementationGuide.global).
  std::vector<std::string> global(std::string_view type) const;
  // Of a structure that need not be known by its address.
  Result<std::shared_ptr<const Profile>> make(const std::shared_ptr<const Canonical>& structure) const;
  const Canonicals& canonicals() const { return canonicals_; }

 private:
  const Canonicals& canonicals_;
  mutable std::mutex mutex_;
  mutable std::uint64_t state_ = 0;
  mutable std::uint64_t globals_state_ = 0;
  mutable std::multimap<std::string, std::string, std::less<>> globals_;
  mutable std::map<std::string, Result<std::shared_ptr<const Profile>>, std::less<>> made_;
};

}  // namespace fhir::validate
