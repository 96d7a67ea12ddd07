// Is a bound resource right: by the R4 definitions (cardinality, primitive
// formats, required bindings, reference syntax, narrative, invariants,
// bundles), and with `profiles` by the profiles that it claims and the
// extensions that it has. FHIR R4: http://hl7.org/fhir/R4/validation.html
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"

namespace fhir::validate {

class Profiles;
struct Profile;

struct Options {
  bool warnings = false;  // also the invariants that only warn (best practice,
                          // such as dom-6)
  // Where profiles come from. With it meta.profile, extensions and what
  // references lead to are judged; without it R4 alone.
  const Profiles* profiles = nullptr;
  std::vector<std::shared_ptr<const Profile>> conform_to = {};  // what the resource must conform to, claimed or not
  // Whether a coded value (code, Coding, CodeableConcept, Quantity) is in a
  // value set; nothing when that is not known.
  std::function<std::optional<bool>(const Node& value, std::string_view value_set)> member = nullptr;
  // Whether a code system ("url" or "url|version") has a code; nothing when that is not known.
  std::function<std::optional<bool>(std::string_view system, std::string_view code)> has_code = nullptr;
  // What a Coding should be called whose display is none that its system has for the code, in any language; nothing
  // when it is right, or when that is not known.
  std::function<std::optional<std::string>(const Node& coding)> right_display = nullptr;
  // A resource beyond the one that is validated, by its reference; null when it
  // is not known. Never fetches (B103).
  std::function<const Node*(std::string_view reference)> beyond = nullptr;
};

// All faults at once (a hundred at most), each with the FHIRPath of its place.
// References by criteria
// ("Patient?identifier=…") are taken only within a Bundle of type batch or
// transaction.
std::vector<Issue> resource(const Node& resource, const Options& options = {});

// What profiles alone say of a resource that R4 finds right: those that it claims and those of `options.conform_to`.
std::vector<Issue> by_profiles(const Node& resource, const Options& options);

}  // namespace fhir::validate
