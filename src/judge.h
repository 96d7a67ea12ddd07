// Resources by profiles, with all that this server knows: its terminology, and the resources of its store that
// references lead to. Nothing is fetched (B103). FHIR R4: http://hl7.org/fhir/R4/validation.html
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/access.h"
#include "fhir/canonical.h"
#include "fhir/store.h"
#include "fhir/terminology/sources.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validate/profiles.h"
#include "fhir/validate/validate.h"

namespace alzette {

// Who asks, and of which store.
struct JudgeSite {
  fhir::Snapshot& snapshot;
  const fhir::Access& access;
  std::string_view base;  // "http://host:port/fhir"
  const fhir::validate::Profiles& profiles;
  const fhir::terminology::Terminology& terminology;
};

class Judge {
 public:
  explicit Judge(const JudgeSite& site) : site_(site), sources_(site.terminology.canonicals()) {}
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  // For fhir::validate, warnings left out; valid as long as this.
  fhir::validate::Options options();

 private:
  const fhir::Node* stored(std::string_view reference);

  JudgeSite site_;
  fhir::terminology::Sources sources_;  // of displays
  std::map<std::string, std::shared_ptr<const fhir::Canonical>, std::less<>> opened_;
};

// What becomes of a write that breaks a profile: nothing is judged, the client is told, or it is refused.
enum class OnWrite : std::uint8_t { off, warn, enforce };

struct ProfilePolicy {
  OnWrite on_write = OnWrite::off;
  std::multimap<std::string, std::string, std::less<>> required;  // type -> profile that all of that type conform to
};

// Holds a transaction or message, as it was sent, against the profiles that the Bundle itself claims: those of ITI-65,
// say, which tell what entries it must have. The faults under `warn`; a refusal under `enforce`. IHE MHD 4.2,
// 2:3.65.4.1.2
fhir::Result<std::vector<fhir::Issue>> judge_bundle(const ProfilePolicy& policy, const JudgeSite& site,
                                                    const fhir::Node& bundle);

// Holds what `batch` writes against the profiles that it claims and those that its types require. The faults under
// `warn`; a refusal under `enforce`. The policy is one of these two.
fhir::Result<std::vector<fhir::Issue>> judge_writes(const ProfilePolicy& policy, const JudgeSite& site,
                                                    const fhir::Batch& batch);

}  // namespace alzette
