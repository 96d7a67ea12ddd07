// Finds code systems, value sets and concept maps, and chooses versions.
// FHIR R4: http://hl7.org/fhir/R4/references.html#canonical
#include "fhir/terminology/sources.h"

#include <algorithm>

#include "fhir/terminology/implicit.h"
#include "fhir/terminology/memo.h"
#include "fhir/terminology/reading.h"

namespace fhir::terminology {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool wild(std::string_view part) { return part == "x" || part == "X" || part == "*"; }

std::string_view type_of(const Node& resource) {
  const auto raw = resource.value_of("resourceType");
  return !raw.empty() ? raw : resource.type ? resource.type->name.view() : resource.name;
}

// What CodeSystem.valueSet names is all of the system, though nobody wrote that value set down; of several versions
// the newest.
std::shared_ptr<const Canonical> implied_value_set(std::string_view url, std::string_view version,
                                                   const std::vector<const Node*>& supplied,
                                                   const Canonicals& canonicals) {
  const Node* best = nullptr;
  const auto look = [&](const Node& system) {
    const auto canonical = split(system.value_of("valueSet"));
    if (canonical.url != url) return;
    const auto own = canonical.version.empty() ? system.value_of("version") : canonical.version;
    if (!version.empty() && !version_matches(version, own)) return;
    if (!best || compare_versions(best->value_of("version"), system.value_of("version")) <= 0) best = &system;
  };
  const auto held = canonicals.all("CodeSystem");
  for (const auto& system : held) look(*system->resource);
  for (const Node* resource : supplied)
    if (type_of(*resource) == "CodeSystem") look(*resource);
  return best ? value_set_of(*best) : nullptr;
}

std::string_view digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && digit(text[end])) ++end;
  while (at + 1 < end && text[at] == '0') ++at;
  return text.substr(at, end - at);
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (digit(a[i]) && digit(b[j])) {
      const auto x = digits_at(a, i), y = digits_at(b, j);
      if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
      if (const int order = x.compare(y)) return order < 0 ? -1 : 1;
      i = static_cast<std::size_t>(x.data() - a.data()) + x.size();
      j = static_cast<std::size_t>(y.data() - b.data()) + y.size();
    } else if (a[i] != b[j]) {
      return a[i] < b[j] ? -1 : 1;
    } else {
      ++i;
      ++j;
    }
  }
  return i < a.size() ? 1 : j < b.size() ? -1 : 0;
}

bool is_pattern(std::string_view version) {
  while (true) {
    const auto dot = version.find('.');
    if (wild(version.substr(0, dot))) return true;
    if (dot == version.npos) return false;
    version.remove_prefix(dot + 1);
  }
}

bool version_matches(std::string_view wanted, std::string_view version) {
  if (wanted == version) return true;
  if (!is_pattern(wanted)) return false;
  while (true) {
    const auto dot = wanted.find('.'), other = version.find('.');
    const auto part = wanted.substr(0, dot);
    if (!wild(part) && part != version.substr(0, other)) return false;
    if (dot == wanted.npos) return wild(part) || other == version.npos;
    if (other == version.npos) return false;
    wanted.remove_prefix(dot + 1);
    version.remove_prefix(other + 1);
  }
}

std::string_view rule_for(const std::vector<std::string>& rules, std::string_view url) {
  for (const auto& rule : rules)
    if (const auto canon = split(rule); canon.url == url) return canon.version;
  return {};
}

At System::find(std::string_view code) {
  if (!grammar_) return base_->find(code);
  if (!grammar_->valid(code)) return nowhere;
  auto& made = ruled_.emplace_back(Ruled{std::string(code), grammar_->display(code), {}});
  made.row.code = made.code;
  made.row.display = made.display;
  return first_ruled + static_cast<At>(ruled_.size() - 1);
}

std::vector<const Designation*> System::designations(At at) const {
  std::vector<const Designation*> all;
  each_part(at, [&](const CodeSystem& part, At there) {
    for (const auto& designation : part.designations(there)) all.push_back(&designation);
  });
  return all;
}

void Sources::supply(const Node& resource) {
  supplied_.push_back(&resource);
  known_.clear();
  systems_.clear();
}

void Sources::add(Known& known, Candidate candidate) {
  const auto same = [&](const Candidate& other) { return other.version == candidate.version; };
  if (std::any_of(known.all.begin(), known.all.end(), same)) return;
  const auto before = [](const Candidate& a, const Candidate& b) { return compare_versions(a.version, b.version) < 0; };
  known.all.insert(std::upper_bound(known.all.begin(), known.all.end(), candidate, before), std::move(candidate));
}

Sources::Known& Sources::known(std::string_view url) {
  if (const auto found = known_.find(url); found != known_.end()) return found->second;
  Known& made = known_[std::string(url)];
  for (const Node* resource : supplied_)
    if (type_of(*resource) == "CodeSystem" && resource->value_of("url") == url)
      add(made, {std::string(resource->value_of("version")), resource, nullptr, nullptr});
  if (const auto newest = canonicals_.find("CodeSystem", url)) {
    add(made, {newest->version, nullptr, newest, nullptr});
  } else {
    made.whole = true;
    if (const auto* table = definitions().code_system(url))
      add(made, {std::string(table->version), nullptr, nullptr, table});
  }
  return made;
}

// All versions: looking through everything is for those who ask for more than the newest or one by its name.
const std::vector<Sources::Candidate>& Sources::whole(std::string_view url) {
  Known& some = known(url);
  if (!some.whole)
    for (const auto& other : canonicals_.all("CodeSystem"))
      if (other->url == url) add(some, {other->version, nullptr, other, nullptr});
  some.whole = true;
  return some.all;
}

std::shared_ptr<const CodeSystem> Sources::compiled(const Candidate& candidate) {
  if (candidate.held) return terminology::compiled(candidate.held);
  if (candidate.table) return terminology::compiled(*candidate.table);
  auto& made = compiled_[candidate.supplied];
  if (!made) made = std::make_shared<const CodeSystem>(*candidate.supplied);
  return made;
}

const Sources::Candidate* Sources::choose(std::string_view url, std::string_view version) {
  const auto usable = [&](const Candidate& candidate) {
    if (!version.empty() && !version_matches(version, candidate.version)) return false;
    const auto content = compiled(candidate)->content();
    return content == Content::complete || content == Content::fragment;
  };
  Known& some = known(url);
  if (!version.empty() && !is_pattern(version) && !some.whole)
    if (const auto held = canonicals_.find("CodeSystem", joined(url, version)))
      add(some, {held->version, nullptr, held, nullptr});
  auto found = std::find_if(some.all.rbegin(), some.all.rend(), usable);
  if (found == some.all.rend() && !some.whole && (version.empty() || is_pattern(version))) {
    whole(url);
    found = std::find_if(some.all.rbegin(), some.all.rend(), usable);
  }
  return found == some.all.rend() ? nullptr : &*found;
}

System* Sources::system(std::string_view url, std::string_view version) {
  const auto key = std::pair(std::string(url), std::string(version));
  if (const auto found = systems_.find(key); found != systems_.end()) return found->second.get();
  std::unique_ptr<System> made;
  const Candidate* chosen = choose(url, version);
  const Grammar* grammar = grammar_of(url);
  if (grammar && !(chosen && chosen->supplied)) {
    if (version.empty()) made = std::make_unique<System>(nullptr, grammar);
  } else if (chosen) {
    made = std::make_unique<System>(compiled(*chosen), nullptr);
  }
  if (made)
    for (const auto& wanted : wanted_supplements_)
      if (auto by = supplement_named(wanted); by && split(by->supplements()).url == url)
        made->supplement(std::move(by));
  return systems_.emplace(key, std::move(made)).first->second.get();
}

std::vector<std::string> Sources::versions(std::string_view url) {
  std::vector<std::string> all;
  for (const auto& candidate : whole(url)) {
    const auto content = compiled(candidate)->content();
    if (!candidate.version.empty() && (content == Content::complete || content == Content::fragment))
      all.push_back(candidate.version);
  }
  return all;
}

std::shared_ptr<const CodeSystem> Sources::supplement_at(std::string_view url) {
  for (const auto& candidate : known(url).all)
    if (auto made = compiled(candidate); made->content() == Content::supplement) return made;
  return nullptr;
}

std::shared_ptr<const CodeSystem> Sources::supplement_named(std::string_view canonical) {
  const auto [url, version] = split(canonical);
  const auto& all = version.empty() ? known(url).all : whole(url);
  for (auto candidate = all.rbegin(); candidate != all.rend(); ++candidate)
    if (version.empty() || version_matches(version, candidate->version))
      if (auto made = compiled(*candidate); made->content() == Content::supplement) return made;
  return nullptr;
}

std::string Sources::missing_supplement() {
  for (const auto& wanted : wanted_supplements_)
    if (!supplement_named(wanted)) return wanted;
  return {};
}

ValueSetSource Sources::value_set(std::string_view url, std::string_view version) {
  const Node* best = nullptr;
  for (const Node* resource : supplied_) {
    if (type_of(*resource) != "ValueSet" || resource->value_of("url") != url) continue;
    if (!version.empty() && !version_matches(version, resource->value_of("version"))) continue;
    if (!best || compare_versions(best->value_of("version"), resource->value_of("version")) < 0) best = resource;
  }
  if (best) return {best, nullptr};
  std::shared_ptr<const Canonical> held;
  if (!is_pattern(version)) {
    held = canonicals_.find("ValueSet", joined(url, version));
  } else {
    for (const auto& other : canonicals_.all("ValueSet"))
      if (other->url == url && version_matches(version, other->version) &&
          (!held || compare_versions(held->version, other->version) < 0))
        held = other;
  }
  if (!held && version.empty()) held = implicit_value_set(url);
  if (!held && !url.empty()) held = implied_value_set(url, version, supplied_, canonicals_);
  return held ? ValueSetSource{held->resource, held} : ValueSetSource{};
}

std::vector<ValueSetSource> Sources::concept_maps(std::string_view url) {
  std::vector<ValueSetSource> all;
  for (const Node* resource : supplied_)
    if (type_of(*resource) == "ConceptMap" && (url.empty() || resource->value_of("url") == url))
      all.push_back({resource, nullptr});
  for (const auto& held : canonicals_.all("ConceptMap"))
    if (url.empty() ? !held->url.starts_with(closure_base) : held->url == url) all.push_back({held->resource, held});
  return all;
}

}  // namespace fhir::terminology
