// Chooses among the names of a concept.
#include "fhir/terminology/display.h"

#include <algorithm>
#include <array>

#include "fhir/terminology/reading.h"
#include "fhir/terminology/sources.h"
#include "fhir/terminology/wording.h"

namespace fhir::terminology {
namespace {

// Uses that make a designation a display of its language.
bool serves_as_display(const Designation& designation) {
  if (designation.use_code.empty()) return true;
  constexpr std::array<std::string_view, 6> uses{
      "preferredForLanguage", "display", "synonym", "900000000000003001", "900000000000013009", "900000000000548007"};
  return std::find(uses.begin(), uses.end(), designation.use_code) != uses.end();
}

Designation read(const Node& node) {
  const Node* use = node.child("use");
  return {nowhere,
          node.value_of("language"),
          node.value_of("value"),
          use ? use->value_of("system") : "",
          use ? use->value_of("code") : "",
          use ? use->value_of("display") : "",
          extension_text(node, "structuredefinition-standards-status"),
          extension_text(node, "coding-sctdescid")};
}

}  // namespace

Names::Names(const System* system, At at, const Listed* listed, std::string_view language) {
  const auto of_system = system ? system->language() : std::string_view{};
  const auto add = [&](const Designation& designation, bool display, bool main) {
    all_.push_back({designation, display, main});
  };
  const auto plain = [](std::string_view tag, std::string_view value) {
    return Designation{nowhere, tag, value, {}, {}, {}, {}, {}};
  };
  const auto own = at != nowhere ? system->at(at).display : std::string_view{};
  if (listed && !listed->display.empty())
    add(plain(language.empty() ? of_system : language, listed->display), true, true);
  if (!own.empty() && (all_.empty() || all_.front().designation.value != own))
    add(plain(of_system, own), true, all_.empty());
  if (listed && listed->node)
    for (const Node& node : *listed->node)
      if (node.name == "designation") add(read(node), serves_as_display(read(node)), false);
  if (at == nowhere) return;
  for (const Designation* designation : system->designations(at))
    add(*designation, serves_as_display(*designation), false);
}

const Name* Names::best(const Languages& languages) const {
  constexpr double some_language = 1e-6;  // what names no language is better than what is in a wrong one
  const Name* best = nullptr;
  Languages::Fit most{0, 0};
  for (const Name& name : all_) {
    if (!name.display || name.retired()) continue;
    const auto tag = name.designation.language;
    Languages::Fit fit{name.main ? 1 : 0.5, 0};
    if (languages.any()) fit = tag.empty() ? Languages::Fit{some_language, 0} : languages.fit(tag);
    if (fit.weight > most.weight || (fit.weight == most.weight && fit.weight > 0 && fit.excess < most.excess)) {
      best = &name;
      most = fit;
    }
  }
  if (best || !languages.falls_back()) return best;
  const auto main = std::find_if(all_.begin(), all_.end(), [](const Name& name) { return name.main; });
  return main == all_.end() ? nullptr : &*main;
}

std::vector<const Name*> Names::right(const Languages& languages) const {
  std::vector<const Name*> found;
  for (const Name& name : all_) {
    if (!name.display || name.retired()) continue;
    const auto tag = name.designation.language;
    if (!languages.any() || tag.empty() || languages.fit(tag).weight > 0) found.push_back(&name);
  }
  return found;
}

std::optional<std::string> right_display(Sources& sources, const Node& coding) {
  const auto url = coding.value_of("system"), code = coding.value_of("code"), given = coding.value_of("display");
  if (url.empty() || code.empty() || given.empty()) return std::nullopt;
  System* system = sources.system(url, coding.value_of("version"));
  const At at = system && system->listable() && !system->fragment() ? system->find(code) : nowhere;
  if (at == nowhere) return std::nullopt;
  const Names names(system, at, nullptr, {});
  const auto is = [&](const Name& name) { return wording::same_display(name.designation.value, given); };
  if (std::any_of(names.all().begin(), names.all().end(), is)) return std::nullopt;
  const Name* best = names.best({});
  return best ? std::optional(std::string(best->designation.value)) : std::nullopt;
}

}  // namespace fhir::terminology
