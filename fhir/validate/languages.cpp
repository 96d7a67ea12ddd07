// The sections of a narrative that are in a language of their own: <div lang="de"> right below its <div>. A profile may
// ask for some. http://hl7.org/fhir/R4/languages.html,
// http://hl7.org/fhir/extensions/StructureDefinition-narrative-language-control.html
#include <algorithm>

#include "fhir/validate/rules.h"

namespace fhir::validate {

namespace {

// The value of lang or xml:lang in a start tag: <div xml:lang="en" lang="en">
std::string_view language_of(std::string_view tag) {
  for (const std::string_view name : {" lang=", " xml:lang="}) {
    const auto at = tag.find(name);
    if (at == tag.npos || at + name.size() >= tag.size()) continue;
    const auto start = at + name.size() + 1;
    const auto end = tag.find(tag[start - 1], start);
    if (end != tag.npos) return tag.substr(start, end - start);
  }
  return {};
}

}  // namespace

std::vector<std::string_view> narrative_languages(std::string_view div) {
  std::vector<std::string_view> languages;
  int depth = 0;
  for (auto at = div.find('<'); at != div.npos; at = div.find('<', at + 1)) {
    if (div.substr(at).starts_with("<!--")) {
      at = div.find("-->", at);
      if (at == div.npos) break;
      continue;
    }
    const auto end = div.find('>', at);
    if (end == div.npos) break;
    const auto tag = div.substr(at, end - at);
    if (tag.starts_with("</")) {
      --depth;
      continue;
    }
    if (depth == 1 && tag.starts_with("<div"))
      if (const auto language = language_of(tag); !language.empty()) languages.push_back(language);
    if (!tag.ends_with('/')) ++depth;
  }
  return languages;
}

std::optional<std::string> language_fault(std::string_view control, std::string_view div, std::string_view language) {
  const auto found = narrative_languages(div);
  if (control == "_no")
    return found.empty() ? std::nullopt : std::optional<std::string>("must have no sections by language");
  if (control == "_yes")
    return !found.empty() ? std::nullopt : std::optional<std::string>("must have sections by language");
  const auto wanted = control == "_resource" ? language : control;
  if (wanted.empty() || std::find(found.begin(), found.end(), wanted) != found.end()) return std::nullopt;
  return "must have a section in the language " + std::string(wanted);
}

}  // namespace fhir::validate
