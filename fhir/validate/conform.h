// Does a node conform to a profile: one walk over the profile's shapes, with
// its slices, types, targets and rules. FHIR R4:
// http://hl7.org/fhir/R4/profiling.html#slicing, #resources
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/path/path.h"
#include "fhir/place.h"
#include "fhir/validate/profiles.h"
#include "fhir/validate/scope.h"
#include "fhir/validate/validate.h"

namespace fhir::validate {

class Conformance {
 public:
  Conformance(const Profiles& profiles, const Options& options) : profiles_(profiles), options_(options) {}

  // Appends what is wrong with `node` as an instance of `profile`.
  void check(const Node& node, const std::shared_ptr<const Profile>& profile, const Scope& scope, const Place& place,
             std::vector<Issue>& issues);
  // The same by the profile's address, yes or no, remembered; nothing when the
  // profile is not known. What is asked for while it is being answered
  // (profiles in a circle) counts as yes.
  std::optional<bool> conforms(const Node& node, std::string_view url, const Scope& scope);
  const Profiles& profiles() const { return profiles_; }
  // Whether the coded value is in the value set, if that is known.
  std::optional<bool> member(const Node& node, std::string_view value_set) const;

 private:
  struct Site {  // of one shape's walk
    const Profile& profile;
    const Scope& scope;
    std::vector<Issue>& issues;
  };
  // What a discriminator's path leads to in the slice's definition.
  struct Expected {
    const Shape* shape = nullptr;
    const Node* pattern = nullptr;  // a part of fixed[x] or pattern[x]
    std::string_view profile;       // behind resolve()
  };
  struct Reached {
    const Node* node = nullptr;
    Scope scope;
  };
  using Nodes = std::vector<const Node*>;

  void elements(const Node& node, const Shape& shape, const Site& site, const Place& place);
  void counted(const Nodes& nodes, const Shape& shape, const Site& site, const Place& place);
  void value(const Node& node, const Shape& shape, const Site& site, const Place& place);
  void content(const Node& node, const Shape& shape, const Site& site, const Place& place);
  void types(const Node& node, const Shape& shape, const Site& site, const Place& place);
  void reference(const Node& node, const ShapeType& type, const Site& site, const Place& place);
  bool leads_to(const Scope::Found& found, std::string_view type, std::string_view target, const Scope& scope);
  void bindings(const Node& node, const Shape& shape, const Site& site, const Place& place);
  void rules(const Node& node, const Shape& shape, const Site& site, const Place& place);

  bool spend(const Site& site, const Place& place);  // false, and said once: too much was looked at
  void slices(const Nodes& nodes, const Shape& shape, const Site& site, const Place& place);
  bool belongs(const Node& node, const Shape& slice, const Shape& sliced, const Site& site);
  bool meets(const Node& node, const Shape& slice, const Discriminator& discriminator, const Site& site);
  std::vector<Reached> reach(const Node& node, const std::vector<Step>& steps, const Scope& scope) const;
  std::vector<Expected> reach(const Shape& slice, const std::vector<Step>& steps);
  void step(const Expected& from, const Step& step, std::vector<Expected>& to);
  static bool names_profile(const Expected& expected);
  bool of_type(const Node& node, const Expected& expected);
  bool of_profile(const Reached& reached, const Expected& expected);
  std::optional<bool> has_value(const Node& node, const Shape& shape) const;
  bool is_of_system(const Node& node, std::string_view value_set) const;

  const Shape* root_of(std::string_view url);
  std::string_view type_of(std::string_view url);
  path::Context context(const Scope& scope);
  void fault(const Site& site, const Place& place, std::string_view code, std::string text,
             Severity severity = Severity::error);

  const Profiles& profiles_;
  const Options& options_;
  std::map<std::pair<const Node*, std::string>, bool> answers_;
  std::vector<std::shared_ptr<const Profile>> kept_;
  std::size_t effort_ = 0;
  int depth_ = 0;
};

}  // namespace fhir::validate
