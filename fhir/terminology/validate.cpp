// Judges codes one after the other and puts the verdict together.
// FHIR R4: http://hl7.org/fhir/R4/valueset-operation-validate-code.html
#include "fhir/terminology/validate.h"

#include <algorithm>
#include <set>

#include "fhir/terminology/reading.h"
#include "fhir/terminology/wording.h"

namespace fhir::terminology {
namespace {

class Judge {
 public:
  Judge(Composer& composer, const ValueSet* set, const CodeRequest& request)
      : composer_(composer), set_(set), request_(request) {}

  Result<CodeVerdict> run() {
    for (std::size_t i = 0; i < request_.candidates.size(); ++i) {
      at_ = i;
      if (auto refused = judge(request_.candidates[i])) return std::move(*refused);
    }
    if (request_.form == CodeRequest::Form::concept_ && set_ && !verdict_.valid && says_not_in_) {
      add({Severity::error, "code-invalid", "not-in-vs", "TX_GENERAL_CC_ERROR_MESSAGE", wording::no_coding(*set_), ""},
          true);
    }
    statuses();
    finish();
    return std::move(verdict_);
  }

 private:
  struct Said {
    Severity severity;
    std::string_view code, type, id;
    std::string text;
    std::string place;
  };

  // "code", "Coding.code", "CodeableConcept.coding[1].code"; "" for the coding itself.
  std::string place(std::string_view element) const {
    if (request_.form == CodeRequest::Form::code) return element.empty() ? "code" : std::string(element);
    std::string path =
        request_.form == CodeRequest::Form::coding ? "Coding" : "CodeableConcept.coding[" + std::to_string(at_) + "]";
    return element.empty() ? path : path + "." + std::string(element);
  }

  void add(Said said, bool in_message) {
    if (said.severity == Severity::error) failed_ = true;
    if (in_message) messages_.insert(said.text);
    Issue issue{said.severity, std::string(said.code), std::move(said.text), std::move(said.place)};
    issue.detail_system = issue_types;
    issue.detail_code = said.type;
    issue.message_id = said.id;
    const auto same = [&](const Issue& other) {
      return other.diagnostics == issue.diagnostics && other.expression == issue.expression;
    };
    if (std::none_of(verdict_.issues.begin(), verdict_.issues.end(), same)) verdict_.issues.push_back(std::move(issue));
  }

  std::optional<Outcome> judge(Candidate candidate) {
    std::string inferred;
    if (candidate.system.empty()) {
      if (request_.form == CodeRequest::Form::code || request_.infer_system) {
        auto system = infer(candidate);
        if (!system) return std::move(system.outcome());
        if (system->empty()) return std::nullopt;
        inferred = std::move(*system);
        candidate.system = inferred;
      } else {
        return no_system(candidate);
      }
    }
    std::optional<Member> member;
    if (set_) {
      auto found = composer_.find(*set_, {candidate.system, candidate.version, candidate.code});
      if (!found) return std::move(found.outcome());
      member = *found;
    } else if (System* system = composer_.system_of(candidate.system, candidate.version)) {
      composer_.usage().systems[joined(system->url(), system->version())] = system;
      const At at = system->find(candidate.code);
      if (at != nowhere || system->fragment()) member = Member{system, candidate.system, at, nullptr};
    }
    if (member)
      accept(candidate, *member);
    else
      reject(candidate);
    return std::nullopt;
  }

  // ── found ─────────────────────────────────────────────────────────────────────────────────────────────────────
  void accept(const Candidate& candidate, const Member& member) {
    const bool first = !verdict_.valid;
    bool stands = true;  // some rule of the request may still refuse the code
    if (!member.system) {
      add({Severity::warning, "not-found", "not-found", "UNKNOWN_CODESYSTEM",
           wording::unknown_system(candidate.system, "", {}, "the code cannot be checked further"), place("system")},
          false);
    } else if (member.at == nowhere) {
      add({Severity::warning, "code-invalid", "invalid-code", "UNKNOWN_CODE_IN_FRAGMENT",
           wording::not_in_fragment(candidate.code, *member.system), place("code")},
          false);
    } else {
      stands = check_state(candidate, member);
    }
    if (stands) verdict_.valid = true;
    if (first) describe(candidate, member.system, member.at, member.listed);
    if (stands && !candidate.display.empty() && (member.at != nowhere || member.listed))
      check_display(candidate, Names(member.system, member.at, member.listed, language_of_set()));
    if (set_ && member.listed && member.listed->node) check_listing(candidate, *member.listed->node);
  }

  // Inactive and abstract concepts, and codes that are written in another case.
  bool check_state(const Candidate& candidate, const Member& member) {
    const Concept& row = member.system->at(member.at);
    bool stands = true;
    if (row.code != candidate.code) {
      add({Severity::information, "business-rule", "code-rule", "CODE_CASE_DIFFERENCE",
           wording::other_case(candidate.code, row.code, *member.system), place("code")},
          false);
      if (verdict_.normalized.empty()) verdict_.normalized = row.code;
    }
    if (row.inactive) {
      add({Severity::warning, "business-rule", "code-comment", "INACTIVE_CONCEPT_FOUND",
           "The concept '" + std::string(candidate.code) + "' has a status of " + wording::status_of(row) +
               " and its use should be reviewed",
           place("")},
          true);
      const bool refused = set_ && (set_->active_only || request_.active_only.value_or(false));
      if (refused) {
        add({Severity::error, "business-rule", "code-rule", "STATUS_CODE_WARNING_CODE",
             "The concept '" + std::string(candidate.code) + "' is valid but is not active", place("code")},
            true);
        not_in_set(candidate);
        stands = false;
      }
    } else if (row.status == "deprecated" || row.status == "withdrawn") {
      add({Severity::warning, "business-rule", "code-comment", "DEPRECATED_CONCEPT_FOUND",
           "The concept '" + std::string(candidate.code) + "' is " + std::string(row.status) +
               " and its use should be reviewed",
           place("")},
          true);
    }
    if (row.abstract && !request_.abstract.value_or(true)) {
      add({Severity::error, "business-rule", "code-rule", "ABSTRACT_CODE_NOT_ALLOWED",
           "Code '" + std::string(member.system->url()) + "#" + std::string(candidate.code) +
               "' is abstract, and not allowed in this context",
           place("code")},
          true);
      stands = false;
    }
    return stands;
  }

  void check_display(const Candidate& candidate, const Names& names) {
    const auto right = names.right(request_.languages);
    const auto is = [&](const Name& name) { return wording::same_display(name.designation.value, candidate.display); };
    if (std::any_of(right.begin(), right.end(), [&](const Name* name) { return is(*name); })) return;
    const auto& all = names.all();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Name& name) { return name.display && is(name); });
    if (found != all.end() && found->retired()) {
      add({Severity::warning, "invalid", "display-comment", "INACTIVE_DISPLAY_FOUND",
           wording::retired_display(candidate, found->designation.status, right), place("display")},
          false);
      return;
    }
    const auto main_tag = all.empty() ? std::string_view{} : all.front().designation.language;
    if (found != all.end() && right.empty() && found->designation.language == main_tag) {
      add({Severity::information, "invalid", "invalid-display", "NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_OK",
           wording::default_display(candidate, request_.languages), place("display")},
          true);
      return;
    }
    if (all.empty()) return;
    const auto severity = request_.lenient_display ? Severity::warning : Severity::error;
    const std::string_view id =
        right.empty() ? "NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_ERR" : "Display_Name_for__should_be_one_of__instead_of";
    add({severity, "invalid", "invalid-display", id,
         wording::wrong_display(candidate, names, right, request_.languages), place("display")},
        true);
  }

  // The value set may say that a code is on its way out of it.
  void check_listing(const Candidate& candidate, const Node& node) {
    auto status = std::string(extension_text(node, "structuredefinition-standards-status"));
    if (status.empty() && extension_text(node, "valueset-deprecated") == "true") status = "deprecated";
    if (status != "deprecated" && status != "withdrawn") return;
    add({Severity::warning, "business-rule", "code-comment", "CONCEPT_DEPRECATED_IN_VALUESET",
         "The presence of the concept '" + std::string(candidate.code) + "' in the system '" +
             std::string(candidate.system) + "' in the value set " + set_->canonical() +
             " is marked with a status of " + status + " and its use should be reviewed",
         place("code")},
        false);
  }

  // ── not found ─────────────────────────────────────────────────────────────────────────────────────────────────
  void reject(const Candidate& candidate) {
    auto& usage = composer_.usage();
    if (set_ && !usage.missing_value_set.empty()) {
      add({Severity::error, "not-found", "not-found", "Unable_to_resolve_value_Set_", usage.missing_value_set, ""},
          true);
      describe_if_coding(candidate);
      return;
    }
    const auto misfits = usage.misfits;
    if (set_ && !misfits.empty()) {
      for (const auto& misfit : misfits) explain(candidate, misfit);
      return;
    }
    if (set_) not_in_set(candidate);
    System* system = composer_.system_of(candidate.system, candidate.version);
    if (!system) {
      unknown_system(candidate);
    } else if (const At at = system->find(candidate.code); at != nowhere) {
      describe_if_coding(candidate);
      return;
    } else {
      const std::string_view id = system->version().empty() ? "Unknown_Code_in" : "Unknown_Code_in_Version";
      add({Severity::error, "code-invalid", "invalid-code", id, wording::unknown_code(candidate.code, *system),
           place("code")},
          true);
      if (request_.form != CodeRequest::Form::concept_) verdict_.version = system->version();
    }
    name_if_coding(candidate);
  }

  void not_in_set(const Candidate& candidate) {
    const bool among_others = request_.form == CodeRequest::Form::concept_;
    says_not_in_ = true;
    add({among_others ? Severity::information : Severity::error, "code-invalid",
         among_others ? "this-code-not-in-vs" : "not-in-vs", "None_of_the_provided_codes_are_in_the_value_set_one",
         wording::not_in_set(candidate, *set_), place("code")},
        !among_others);
  }

  void explain(const Candidate& candidate, const Misfit& misfit) {
    const auto& url = misfit.part->url;
    const auto not_here = [&](std::string_view version) {
      add({Severity::error, "not-found", "not-found",
           version.empty() ? "UNKNOWN_CODESYSTEM" : "UNKNOWN_CODESYSTEM_VERSION",
           wording::unknown_system(url, version, composer_.sources().versions(url)), place("system")},
          true);
      verdict_.caused_by.push_back(joined(url, version));
    };
    const System* system = misfit.chosen.system;
    if (!system) not_here(misfit.chosen.wanted);
    if (!misfit.not_allowed.empty())
      add({Severity::error, "exception", "version-error", "VALUESET_VERSION_CHECK", misfit.not_allowed,
           place("version")},
          true);
    if (!misfit.asked.empty() && (!system || system->version() != misfit.asked)) {
      if (system && misfit.chosen.wanted.empty())
        add({Severity::warning, "invalid", "vs-invalid", "VALUESET_VALUE_MISMATCH_DEFAULT",
             wording::other_version(misfit), place("version")},
            false);
      else
        add({Severity::error, "invalid", "vs-invalid",
             misfit.chosen.ruled ? "VALUESET_VALUE_MISMATCH_CHANGED" : "VALUESET_VALUE_MISMATCH",
             wording::other_version(misfit), place("version")},
            true);
      if (!composer_.sources().system(url, misfit.asked)) not_here(misfit.asked);
    }
    System* shown = misfit.chosen.system ? misfit.chosen.system : composer_.system_of(url, misfit.asked);
    // Of several codings, one whose system is not here is not the one that the answer is about.
    const bool told = system || request_.form != CodeRequest::Form::concept_;
    if (shown && told) describe(candidate, shown, shown->find(candidate.code), nullptr);
    name_if_coding(candidate);
    failed_ = true;
  }

  void unknown_system(const Candidate& candidate) {
    const auto wrong = [&](std::string_view id, std::string text) {
      add({Severity::error, "invalid", "invalid-data", id, std::move(text), place("system")}, true);
    };
    const auto system = std::string(candidate.system);
    auto& sources = composer_.sources();
    if (const auto supplement = sources.supplement_at(candidate.system)) {
      wrong("CODESYSTEM_CS_NO_SUPPLEMENT", "CodeSystem " + joined(supplement->url(), supplement->version()) +
                                               " is a supplement, so can't be used as a value in Coding.system");
      return;
    }
    if (sources.value_set(candidate.system, {}).resource) {
      wrong("Terminology_TX_System_ValueSet2",
            "The Coding references a value set, not a code system ('" + system + "')");
      return;
    }
    if (system.find(':') == system.npos)
      wrong("Terminology_TX_System_Relative", "Coding.system must be an absolute reference, not a local reference");
    add({Severity::error, "not-found", "not-found",
         candidate.version.empty() ? "UNKNOWN_CODESYSTEM" : "UNKNOWN_CODESYSTEM_VERSION",
         wording::unknown_system(candidate.system, candidate.version, sources.versions(candidate.system)),
         place("system")},
        true);
    (set_ ? verdict_.unknown : verdict_.caused_by).push_back(joined(candidate.system, candidate.version));
  }

  std::optional<Outcome> no_system(const Candidate& candidate) {
    add({Severity::warning, "invalid", "invalid-data", "Coding_has_no_system__cannot_validate",
         "Coding has no system. A code with no system has no defined meaning, and it cannot be validated. A system "
         "should be provided",
         place("")},
        true);
    if (set_) not_in_set(candidate);
    failed_ = true;
    name_if_coding(candidate);
    return std::nullopt;
  }

  // The one system of the value set that has the code; "" after saying why there is none.
  Result<std::string> infer(const Candidate& candidate) {
    std::vector<std::string> found;
    if (set_) {
      auto urls = composer_.systems_of(*set_);
      if (!urls) return std::move(urls.outcome());
      for (const auto& url : *urls) {
        auto sought = composer_.find(*set_, {url, candidate.version, candidate.code});
        if (!sought) return std::move(sought.outcome());
        const auto& member = *sought;
        if (member && member->at != nowhere) found.push_back(url);
      }
    }
    if (found.size() == 1) return std::move(found.front());
    if (set_) not_in_set(candidate);
    add({Severity::error, "not-found", "cannot-infer", "UNABLE_TO_INFER_CODESYSTEM",
         wording::cannot_infer(candidate.code, set_, found), place("code")},
        true);
    name_if_coding(candidate);
    return std::string();
  }

  // ── the answer ────────────────────────────────────────────────────────────────────────────────────────────────
  void describe(const Candidate& candidate, const System* system, At at, const Listed* listed) {
    verdict_.code = candidate.code;
    verdict_.system = candidate.system;
    if (system) verdict_.version = system->version();
    const Names names(system, at, listed, language_of_set());
    if (const Name* best = names.best(request_.languages)) verdict_.display = best->designation.value;
    if (at == nowhere) return;
    const Concept& row = system->at(at);
    verdict_.inactive = row.inactive;
    if (row.status != "inactive" && (row.inactive || row.status == "deprecated" || row.status == "withdrawn"))
      verdict_.status = row.status;
  }
  void describe_if_coding(const Candidate& candidate) {
    if (request_.form == CodeRequest::Form::concept_) return;
    System* system = composer_.system_of(candidate.system, candidate.version);
    describe(candidate, system, system ? system->find(candidate.code) : nowhere, nullptr);
    verdict_.inactive = false;
    verdict_.status.clear();
  }
  void name_if_coding(const Candidate& candidate) {
    if (request_.form == CodeRequest::Form::concept_) return;
    verdict_.code = candidate.code;
    verdict_.system = candidate.system;
  }

  // What is said of the code systems and value sets that took part.
  void statuses() {
    if (!verdict_.valid) return;
    const auto& usage = composer_.usage();
    const Node* own = set_ ? set_->source.resource : nullptr;
    for (const auto& [canonical, system] : usage.systems)
      if (const auto word = wording::standing(*system, own); !word.empty())
        add({Severity::information, "business-rule", "status-check", wording::standing_id(word),
             "Reference to " + std::string(word) + " CodeSystem " + canonical, ""},
            false);
    for (const auto& [canonical, resource] : usage.value_sets)
      if (const auto word = wording::standing(*resource, own); !word.empty())
        add({Severity::information, "business-rule", "status-check", wording::standing_id(word),
             "Reference to " + std::string(word) + " ValueSet " + canonical, ""},
            false);
  }

  void finish() {
    verdict_.result = verdict_.valid && !failed_;
    for (const auto& text : messages_) verdict_.message.append(verdict_.message.empty() ? "" : "; ").append(text);
    for (auto* list : {&verdict_.caused_by, &verdict_.unknown}) {
      std::sort(list->begin(), list->end());
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
  }

  std::string_view language_of_set() const {
    return set_ ? set_->source.resource->value_of("language") : std::string_view{};
  }

  Composer& composer_;
  const ValueSet* set_;
  const CodeRequest& request_;
  CodeVerdict verdict_;
  std::size_t at_ = 0;
  bool failed_ = false, says_not_in_ = false;
  std::set<std::string> messages_;
};

}  // namespace

Result<CodeVerdict> validate_code(Composer& composer, const ValueSet* set, const CodeRequest& request) {
  return Judge(composer, set, request).run();
}

}  // namespace fhir::terminology
