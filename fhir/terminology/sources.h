// Where code systems and value sets come from: first what the request carries, then what the server holds, then the
// lists and rules that are part of the standard. Versions are chosen here.
// FHIR R4: http://hl7.org/fhir/R4/references.html#canonical, http://hl7.org/fhir/R4/valueset-operation-expand.html
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/canonical.h"
#include "fhir/terminology/code_system.h"
#include "fhir/terminology/grammar.h"

namespace fhir::terminology {

// A code system as one request sees it: its rows, what supplements add, and codes that a grammar admits.
class System {
 public:
  System(std::shared_ptr<const CodeSystem> base, const Grammar* grammar) : base_(std::move(base)), grammar_(grammar) {}
  void supplement(std::shared_ptr<const CodeSystem> by) { supplements_.push_back(std::move(by)); }

  std::string_view url() const { return base_ ? base_->url() : grammar_->url; }
  std::string_view version() const { return base_ && !grammar_ ? base_->version() : std::string_view{}; }
  // Of a system that has none, its address stands for it.
  std::string_view name() const {
    return base_ && !base_->name().empty() ? base_->name() : grammar_ ? grammar_->name : url();
  }
  std::string_view language() const { return base_ ? base_->language() : std::string_view{}; }
  bool case_sensitive() const { return grammar_ ? grammar_->case_sensitive : base_->case_sensitive(); }
  bool fragment() const { return !grammar_ && base_->content() == Content::fragment; }
  bool listable() const { return !grammar_; }
  // The rows; null for a grammar, which has none.
  const CodeSystem* rows() const { return grammar_ ? nullptr : base_.get(); }
  const std::vector<std::shared_ptr<const CodeSystem>>& supplements() const { return supplements_; }

  At find(std::string_view code);  // a code that the grammar admits becomes a concept
  const Concept& at(At at) const { return at < first_ruled ? base_->at(at) : ruled_[at - first_ruled].row; }
  std::vector<const Designation*> designations(At at) const;
  // Properties and marks, with the code system that holds them.
  template <class Visit>
  void each_part(At at, const Visit& visit) const {
    if (at >= first_ruled) return;
    visit(*base_, at);
    for (const auto& by : supplements_)
      if (const At there = by->find(base_->at(at).code); there != nowhere) visit(*by, there);
  }

 private:
  static constexpr At first_ruled = 0x80000000;
  struct Ruled {
    std::string code, display;
    Concept row;
  };
  std::shared_ptr<const CodeSystem> base_;
  const Grammar* grammar_;
  std::vector<std::shared_ptr<const CodeSystem>> supplements_;
  std::deque<Ruled> ruled_;
};

// Where the tables of $closure have their address: they are concept maps, but none to translate by.
inline constexpr std::string_view closure_base = "https://alzette.lu/fhir/closure/";

// A value set's resource and what it lives in.
struct ValueSetSource {
  const Node* resource = nullptr;
  std::shared_ptr<const void> keeps;
};

// What a request says about versions, each "url|version" where the version may be a pattern.
struct VersionRules {
  std::vector<std::string> when_unsaid;  // system-version
  std::vector<std::string> check;        // check-system-version
  std::vector<std::string> force;        // force-system-version
  std::vector<std::string> value_sets;   // default-valueset-version
};
std::string_view rule_for(const std::vector<std::string>& rules, std::string_view url);  // its version, "" = none

class Sources {
 public:
  explicit Sources(const Canonicals& canonicals) : canonicals_(canonicals) {}

  void supply(const Node& resource);  // of the request; must outlive the sources
  void use_supplement(std::string_view canonical) { wanted_supplements_.emplace_back(canonical); }

  // The newest version that `version` (exact, a pattern such as "1.x.x", or "") admits; null when there is none.
  System* system(std::string_view url, std::string_view version);
  std::vector<std::string> versions(std::string_view url);                // those that have content, oldest first
  std::shared_ptr<const CodeSystem> supplement_at(std::string_view url);  // when the url is that of a supplement

  ValueSetSource value_set(std::string_view url, std::string_view version);
  std::vector<ValueSetSource> concept_maps(std::string_view url);  // "" = all

  // A wanted supplement that is nowhere: its canonical, or "".
  std::string missing_supplement();
  const Canonicals& canonicals() const { return canonicals_; }

 private:
  struct Candidate {
    std::string version;
    const Node* supplied = nullptr;
    std::shared_ptr<const Canonical> held;
    const fhir::CodeSystem* table = nullptr;
  };
  struct Known {  // oldest version first
    std::vector<Candidate> all;
    bool whole = false;
  };
  static void add(Known& known, Candidate candidate);
  Known& known(std::string_view url);
  const std::vector<Candidate>& whole(std::string_view url);
  const Candidate* choose(std::string_view url, std::string_view version);
  std::shared_ptr<const CodeSystem> compiled(const Candidate& candidate);
  std::shared_ptr<const CodeSystem> supplement_named(std::string_view canonical);

  const Canonicals& canonicals_;
  std::vector<const Node*> supplied_;
  std::vector<std::string> wanted_supplements_;
  std::map<std::string, Known, std::less<>> known_;
  std::map<const Node*, std::shared_ptr<const CodeSystem>> compiled_;  // of supplied resources
  std::map<std::pair<std::string, std::string>, std::unique_ptr<System>> systems_;
};

// -1, 0, 1: numbers within versions by value, 1.10 after 1.9.
int compare_versions(std::string_view a, std::string_view b);
bool is_pattern(std::string_view version);
bool version_matches(std::string_view wanted, std::string_view version);  // equal, or the pattern admits it

}  // namespace fhir::terminology
