// Measures by their libraries, and reports by their measures. FHIR R4: http://hl7.org/fhir/R4/measure.html,
// measurereport.html; Clinical Quality Language: https://cql.hl7.org
#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include "fhir/utf8.h"
#include "fhir/validate/compare.h"
#include "fhir/validate/resources.h"
#include "fhir/value.h"

namespace fhir::validate {

namespace {

const Node* population_of(const Node& group, const Node& code) {
  for (const Node& population : group)
    if (population.name == "population")
      if (const Node* own = population.child("code"); own && fits(code, *own)) return &population;
  return nullptr;
}

bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// A name at the beginning of `text`, which it is taken from: in quotation marks or not; "" where there is none.
std::string_view take_name(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  const bool quoted = text.starts_with('"');
  if (quoted) text.remove_prefix(1);
  const auto end = quoted
                       ? text.find('"')
                       : static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), in_name) - text.begin());
  if (end == text.npos) return {};
  const auto name = text.substr(0, end);
  text.remove_prefix(quoted ? end + 1 : end);
  return name;
}

// What a library in CQL defines: define "Name": …, define public fluent function Name(…)
std::set<std::string> defined_in(std::string_view cql) {
  constexpr std::string_view define = "define", marks[] = {"public", "private", "fluent", "function"};
  std::set<std::string> names;
  for (auto at = cql.find(define); at != cql.npos; at = cql.find(define, at + 1)) {
    auto rest = cql.substr(at + define.size());
    if ((at > 0 && in_name(cql[at - 1])) || rest.empty() || in_name(rest.front())) continue;
    auto name = take_name(rest);
    while (std::find(std::begin(marks), std::end(marks), name) != std::end(marks)) name = take_name(rest);
    if (!name.empty()) names.emplace(name);
  }
  return names;
}

struct Source {
  std::string_view name;  // of the Library
  std::set<std::string> defines;
};

// The libraries of a measure whose CQL is here.
class Libraries {
 public:
  Libraries(const Node& measure, const Canonicals& canonicals) {
    for (const Node& child : measure) {
      if (child.name != "library" || !child.has_value()) continue;
      auto library = canonicals.find("Library", child.text);
      if (!library) continue;
      for (const Node& content : *library->resource)
        if (content.name == "content" && content.value_of("contentType") == "text/cql")
          if (const auto text = decode_base64(content.value_of("data")))
            sources_.push_back({library->resource->value_of("name"), defined_in(*text)});
      kept_.push_back(std::move(library));
    }
  }

  // Whether an expression is the name of something that its library lacks: Screening."Initial Population". Without the
  // library's name that is certain only where the language says that there is but a name.
  bool lack(std::string_view expression, std::string_view language) const {
    const auto first = take_name(expression);
    if (first.empty() || sources_.empty()) return false;
    if (!expression.starts_with('.'))
      return language != "text/cql" && expression.empty() && sources_.size() == 1 &&
             !sources_.front().defines.contains(std::string(first));
    expression.remove_prefix(1);
    const auto name = take_name(expression);
    const auto source =
        std::find_if(sources_.begin(), sources_.end(), [&](const Source& one) { return one.name == first; });
    return expression.empty() && !name.empty() && source != sources_.end() &&
           !source->defines.contains(std::string(name));
  }

 private:
  std::vector<Source> sources_;
  std::vector<std::shared_ptr<const Canonical>> kept_;
};

void judge_criteria(const Node& node, const Place& place, const Libraries& libraries, const Say& say) {
  std::uint32_t index = 0;
  std::string_view last;
  for (const Node& child : node) {
    index = child.name == last ? index + 1 : 0;
    last = child.name;
    const Place here = place_of(place, child, index);
    const auto language = child.name == "criteria" ? child.value_of("language") : std::string_view();
    if (language.starts_with("text/cql") && libraries.lack(child.value_of("expression"), language))
      say(here, "invalid", "The library does not define " + shortened(child.value_of("expression")), Severity::error);
    if (child.name == "group" || child.name == "population" || child.name == "stratifier" || child.name == "component")
      judge_criteria(child, here, libraries, say);
  }
}

}  // namespace

void judge_measure(const Node& measure, const Place& place, const Canonicals& canonicals, const Say& say) {
  judge_criteria(measure, place, Libraries(measure, canonicals), say);
}

// Groups and populations are those of the measure; a cohort has no score.
void judge_measure_report(const Node& report, const Place& place, const Canonicals& canonicals, const Say& say) {
  const auto measure = canonicals.find("Measure", report.value_of("measure"));
  if (!measure) return;
  const Node* scoring = measure->resource->child("scoring");
  const Node* coding = scoring ? scoring->child("coding") : nullptr;
  const bool cohort = coding && coding->value_of("code") == "cohort";
  std::vector<const Node*> groups;
  for (const Node& child : *measure->resource)
    if (child.name == "group") groups.push_back(&child);
  std::uint32_t index = 0;
  for (const Node& group : report) {
    if (group.name != "group") continue;
    const Place here{&place, "group", index++, true};
    if (cohort && group.child("measureScore"))
      say(here, "business-rule", "The measure counts a cohort, which has no score", Severity::error);
    const Node* code = group.child("code");
    const Node* wanted = groups.size() == 1 ? groups.front() : nullptr;
    for (const Node* candidate : groups)
      if (code && candidate->child("code") && fits(*code, *candidate->child("code"))) wanted = candidate;
    if (!wanted) {
      say(here, "business-rule", "The measure has no such group", Severity::error);
      continue;
    }
    std::uint32_t at = 0;
    for (const Node& population : group) {
      if (population.name != "population") continue;
      const Place there{&here, "population", at++, true};
      const Node* own = population.child("code");
      if (own && own->child("coding") && !population_of(*wanted, *own))
        say(there, "business-rule", "The measure has no population of that code", Severity::error);
    }
  }
}

}  // namespace fhir::validate
