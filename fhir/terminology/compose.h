// The definition of a value set, and the questions it answers: is a code in it, and which are all of them.
//
//   value set = (include ∪ include ∪ …) \ (exclude ∪ …)
//   include   = codes of a system that are listed, or pass every filter, and are in every imported value set
//
// Nothing is expanded in order to answer for one code. FHIR R4: http://hl7.org/fhir/R4/valueset.html#compositions
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/outcome.h"
#include "fhir/terminology/filter.h"
#include "fhir/terminology/sources.h"

namespace fhir::terminology {

inline constexpr std::string_view issue_types = "http://hl7.org/fhir/tools/CodeSystem/tx-issue-type";

// A refusal whose details carry a code of the tx-issue-type system. `message_id` names the sentence, as the servers of
// the ecosystem do.
Outcome refusal(Kind kind, std::string_view code, std::string_view type, std::string text, std::string place = {},
                std::string_view message_id = {});

struct Listed {
  std::string_view code, display;
  const Node* node = nullptr;
};

struct ValueSet;

// One include or exclude.
struct Part {
  std::string place;  // "ValueSet.compose.include[0]"
  std::string_view url, version;
  std::vector<Listed> listed;
  std::vector<Filter> filters;
  std::vector<std::string_view> imports;                                 // canonicals, "#id" of a contained one
  std::vector<std::uint32_t> by_code;                                    // `listed` sorted
  mutable std::vector<std::pair<std::string, std::uint32_t>> by_folded;  // for systems without case, once needed
  mutable std::map<const System*, std::vector<Condition>> conditions;    // the filters, made ready
  const Listed* find(std::string_view code, bool case_sensitive) const;
};

struct ValueSet {
  ValueSetSource source;
  std::string_view url, version;
  std::vector<Part> includes, excludes;
  bool active_only = false;  // compose.inactive is false
  std::string canonical() const;
};

// Which system a part means, and how its version was arrived at.
struct Chosen {
  System* system = nullptr;
  std::string wanted;  // the version or pattern that was looked for, "" = any
  bool ruled = false;  // `wanted` comes from a parameter, not from the part
};

// A concept that was found in a value set.
struct Member {
  System* system = nullptr;  // null: listed, but its system is not here
  std::string_view url;
  At at = nowhere;  // nowhere: as before, or a code that a fragment does not have
  const Listed* listed = nullptr;
  bool imported = false;
  const System* newest = nullptr;  // whose version is reported where versions are merged
  bool inactive() const { return at != nowhere && system->at(at).inactive; }
  std::string_view code() const { return at != nowhere ? system->at(at).code : listed ? listed->code : ""; }
};

// A code that is asked for.
struct Sought {
  std::string_view system, version, code;
};

// Why a part that has the system of a code could not answer for the code's version.
struct Misfit {
  const Part* part = nullptr;
  Chosen chosen;
  std::string asked;        // the code's own version
  std::string not_allowed;  // by check-system-version; "" otherwise
};

// What was used on the way: an expansion reports it, a validation warns of it.
struct Usage {
  std::map<std::string, const System*> systems;  // by canonical
  std::map<std::string, const Node*> value_sets;
  std::map<std::string, std::string> rules;  // parameter name and value that decided a version
  bool versions_ignored = false;             // an exclusion took out codes of other versions
  std::vector<Misfit> misfits;               // of the last find(), where no part fitted
  std::string missing_value_set;             // of the last find(): an import that is not here
};

class Composer {
 public:
  Composer(Sources& sources, const VersionRules& rules) : sources_(sources), rules_(rules) {}
  // Whether codes of several versions of a system are the same; else it is found out where it matters.
  void match_versions(bool match) {
    versions_match_ = match;
    usage_.versions_ignored = match;
  }

  // Looks a value set up, with all it imports: refuses circles. absent: it is not here.
  Result<const ValueSet*> open(std::string_view url, std::string_view version);
  Result<const ValueSet*> open(const Node& resource);

  // The system of a part for a code that names `version` (may be ""). Without one: system is null.
  Chosen choose(const Part& part, std::string_view version = {});
  System* system_of(std::string_view url, std::string_view version);  // of a code, by the same rules

  // Is the code in the set? Nothing: it is not, or nothing can be said: see Usage. Inactive codes are found. Refuses
  // filters that are not understood and what costs too much.
  Result<std::optional<Member>> find(const ValueSet& set, const Sought& sought);
  // All members, each once, in order, inactive ones as well. Refuses what is missing, too.
  Result<std::vector<Member>> all(const ValueSet& set);
  // The systems that the set takes codes from, through its imports as well.
  Result<std::vector<std::string>> systems_of(const ValueSet& set);
  // check-system-version: why the chosen version is not allowed.
  std::optional<std::string> not_allowed(const System& system) const;

  Sources& sources() { return sources_; }
  Usage& usage() { return usage_; }
  const VersionRules& rules() const { return rules_; }

 private:
  using Found = Result<std::optional<Member>>;
  Result<ValueSet*> keep(ValueSetSource source, const std::string& key);
  Result<const ValueSet*> import_of(const ValueSet& set, std::string_view canonical);
  std::optional<Outcome> check_circles(const ValueSet& set, std::vector<const ValueSet*>& path);
  Result<const std::vector<Condition>*> conditions(const Part& part, System& system);
  Result<bool> holds(const Part& part, System& system, At at);
  Found find_within(const ValueSet& set, const Sought& sought);
  Found find_in(const ValueSet& set, const Part& part, const Sought& sought);
  Found find_own(const Part& part, const Sought& sought);
  Result<bool> in_imports(const ValueSet& set, const Part& part, const Sought& sought, std::size_t from);
  Result<bool> excluded(const ValueSet& set, const Member& member);
  Result<bool> excludes(const ValueSet& set, const Part& part, const Member& member);
  bool versions_matter(const ValueSet& set, const System& of_exclude);
  std::optional<Outcome> list(const ValueSet& set, const Part& part, std::vector<Member>& out);
  std::optional<Outcome> list_own(const Part& part, std::vector<Member>& out);
  std::optional<Outcome> list_rows(const Part& part, System& system, std::vector<Member>& out);
  Outcome missing(const Part& part, const Chosen& chosen);
  void note(const System& system);
  bool spend(std::uint64_t work = 1) { return effort_ >= work ? (effort_ -= work, true) : (effort_ = 0, false); }
  // Of what filters look at, sixteen count as one concept or part.
  bool spend_steps() { return spend(std::exchange(steps_, steps_ % 16) / 16); }

  Sources& sources_;
  const VersionRules& rules_;
  std::optional<bool> versions_match_;
  Usage usage_;
  std::map<std::string, std::unique_ptr<ValueSet>> sets_;
  std::map<const ValueSet*, bool> checked_;
  std::uint64_t effort_ = 20'000'000;  // concepts and parts looked at
  std::uint64_t steps_ = 0;            // by filters, not yet spent
  bool fitted_ = false;                // some part answered for the version that find() is about
};

}  // namespace fhir::terminology
