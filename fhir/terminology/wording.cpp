// The sentences.
#include "fhir/terminology/wording.h"

#include <algorithm>

#include "fhir/search/index.h"
#include "fhir/terminology/reading.h"
#include "fhir/utf8.h"

namespace fhir::terminology::wording {
namespace {

std::string quoted(std::string_view text) {
  constexpr std::size_t most = 200;
  return fhir::quoted(text, most);
}

std::string named(const ValueSet& set) { return set.url.empty() ? "'(unidentified)'" : quoted(set.canonical()); }

std::string in_system(const System& system) {
  std::string text = "in the CodeSystem " + quoted(system.url());
  if (!system.version().empty()) text += " version " + quoted(system.version());
  return text;
}

// 'Display 1' (en)
std::string shown(const Name& name) {
  std::string text = quoted(name.designation.value);
  if (!name.designation.language.empty()) text.append(" (").append(name.designation.language).append(")");
  return text;
}

std::string of(const Candidate& candidate) { return std::string(candidate.system) + "#" + std::string(candidate.code); }

std::string_view standing_of(std::string_view status, std::string_view standards, bool experimental, const Node* by) {
  if (standards == "deprecated" || standards == "withdrawn") return standards;
  if (status == "retired") return status;
  const bool by_draft = by && (by->value_of("status") == "draft" ||
                               extension_text(*by, "structuredefinition-standards-status") == "draft");
  const bool by_experimental = by && by->value_of("experimental") == "true";
  if (experimental && !by_experimental) return "experimental";
  if ((status == "draft" || standards == "draft") && !by_draft) return "draft";
  return {};
}

}  // namespace

std::string unknown_system(std::string_view url, std::string_view version, const std::vector<std::string>& versions,
                           std::string_view so) {
  std::string text = "A definition for CodeSystem " + quoted(url);
  if (!version.empty()) text += " version " + quoted(version);
  text.append(" could not be found, so ").append(so);
  if (version.empty()) return text;
  for (std::size_t i = 0; i < versions.size(); ++i)
    text.append(i == 0 ? ". Valid versions: " : i + 1 == versions.size() ? " or " : ", ").append(versions[i]);
  return text;
}

std::string unknown_code(std::string_view code, const System& system) {
  return "Unknown code " + quoted(code) + " " + in_system(system);
}

std::string not_in_fragment(std::string_view code, const System& system) {
  return "Unknown Code " + quoted(code) + " " + in_system(system) +
         " - note that the code system is labeled as a fragment, so the code may be valid in some other fragment";
}

std::string not_in_set(const Candidate& candidate, const ValueSet& set) {
  std::string text = joined(candidate.system, candidate.version) + "#" + std::string(candidate.code);
  if (!candidate.display.empty()) text += " (" + quoted(candidate.display) + ")";
  return "The provided code '" + text + "' was not found in the value set " + named(set);
}

std::string no_coding(const ValueSet& set) { return "No valid coding was found for the value set " + named(set); }

std::string cannot_infer(std::string_view code, const ValueSet* set, const std::vector<std::string>& found) {
  std::string text = "The System URI could not be determined for the code " + quoted(code);
  if (set) text += " in the ValueSet " + named(*set);
  if (found.empty()) return text;
  text += ": value set contains multiple matches: ";
  for (const auto& url : found) text.append(&url == &found.front() ? "" : ", ").append(url);
  return text;
}

std::string other_case(std::string_view given, std::string_view right, const System& system) {
  return "The code " + quoted(given) + " differs from the correct code " + quoted(right) +
         " by case. Although the code system " + quoted(joined(system.url(), system.version())) +
         " is case insensitive, implementers are strongly encouraged to use the correct case anyway";
}

std::string other_version(const Misfit& misfit) {
  std::string text = "The code system " + quoted(misfit.part->url) + " version ";
  if (misfit.chosen.wanted.empty()) {
    text += quoted(misfit.chosen.system ? misfit.chosen.system->version() : "") + " for the versionless include";
  } else {
    text += quoted(misfit.chosen.wanted);
    if (misfit.chosen.ruled) text += " resulting from the version " + quoted(misfit.part->version);
  }
  return text + " in the ValueSet include is different to the one in the value ('" + misfit.asked + "')";
}

std::string status_of(const Concept& row) {
  if (row.status.empty() || row.status == "inactive") return "inactive";
  return std::string(row.status) + " and inactive";
}

std::string wrong_display(const Candidate& candidate, const Names& names, const std::vector<const Name*>& right,
                          const Languages& languages) {
  std::string text = "Wrong Display Name " + quoted(candidate.display) + " for " + of(candidate) + ". ";
  if (right.empty()) {
    text += "There are no valid display names found for language(s) '" + languages.names() + "'";
    return text + ". Default display is " + quoted(names.all().front().designation.value);
  }
  text += "Valid display is ";
  if (right.size() > 1) text += "one of " + std::to_string(right.size()) + " choices: ";
  for (std::size_t i = 0; i < right.size(); ++i)
    text.append(i == 0 ? "" : i + 1 == right.size() ? " or " : ", ").append(shown(*right[i]));
  return text + " (for the language(s) '" + languages.names() + "')";
}

std::string default_display(const Candidate& candidate, const Languages& languages) {
  return "There are no valid display names found for the code " + of(candidate) + " for language(s) '" +
         languages.names() + "'. The display is " + quoted(candidate.display) +
         " which is a valid display for the default language";
}

std::string retired_display(const Candidate& candidate, std::string_view status,
                            const std::vector<const Name*>& right) {
  std::string text = quoted(candidate.display) + " is no longer considered a correct display for code " +
                     quoted(candidate.code) + " (status = " + std::string(status) + "). The correct display is one of ";
  for (const Name* name : right)
    text.append(name == right.front() ? "\"" : ", \"").append(name->designation.value).append("\"");
  return text + ".";
}

bool same_display(std::string_view a, std::string_view b) {
  return a == b || same_code(a, b, false) || search::fold(a) == search::fold(b);
}

std::string_view standing(const System& system, const Node* by) {
  const CodeSystem* rows = system.rows();
  if (!rows) return {};
  return standing_of(rows->status(), rows->standards_status(), rows->experimental(), by);
}

std::string_view standing(const Node& value_set, const Node* by) {
  return standing_of(value_set.value_of("status"), extension_text(value_set, "structuredefinition-standards-status"),
                     value_set.value_of("experimental") == "true", by);
}

std::string_view standing_id(std::string_view standing) {
  if (standing == "draft") return "MSG_DRAFT";
  if (standing == "experimental") return "MSG_EXPERIMENTAL";
  if (standing == "deprecated") return "MSG_DEPRECATED";
  return standing == "retired" ? "MSG_RETIRED" : "MSG_WITHDRAWN";
}

}  // namespace fhir::terminology::wording
