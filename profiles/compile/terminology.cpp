// Code systems as they are, and the value sets that some element is bound to, expanded. A value set that needs a filter
// or an import which is not understood here stops the build.
// FHIR R4: http://hl7.org/fhir/R4/valueset.html#compositions, codesystem.html

#include <algorithm>
#include <stdexcept>

#include "profiles/compile/parts.h"

namespace profiles {
namespace {

struct Code {
  std::string display;
  std::vector<std::string> parents;
};
struct System {
  const Json* json = nullptr;
  bool complete = false;
  std::map<std::string, Code> codes;
};

using Key = std::pair<std::string, std::string>;  // system, code
struct Expansion {
  std::map<Key, std::string> concepts;  // to display
  std::set<std::string> open;           // systems without content
};

void read_concepts(const Json& json, const std::string& parent, System& system) {
  for (const Json& source : items(json, "concept")) {
    std::string code(text(source, "code"));
    Code& entry = system.codes[code];
    entry.display = text(source, "display");
    if (!parent.empty()) entry.parents.push_back(parent);
    read_concepts(source, code, system);
    for (const Json& property : items(source, "property"))  // v3 tables: further children of a polyhierarchy
      if (text(property, "code") == "child")
        system.codes[std::string(text(property, "valueCode"))].parents.push_back(code);
  }
}

class Terminology {
 public:
  explicit Terminology(const Source& source) {
    for (const Json* json : source.code_systems) {
      System& system = systems_[std::string(text(*json, "url"))];
      system.json = json;
      system.complete = text(*json, "content") == "complete";
      read_concepts(*json, "", system);
    }
    for (const Json* json : source.value_sets) sources_[std::string(text(*json, "url"))] = json;
  }

  const std::map<std::string, System>& systems() const { return systems_; }
  const Json* find(const std::string& url) const {
    auto found = sources_.find(url);
    return found == sources_.end() ? nullptr : found->second;
  }

  Expansion expand(const Json& value_set) const {
    Expansion all;
    for (const Json& include : items(get(value_set, "compose"), "include")) {
      Expansion part = expand_include(include);
      all.concepts.merge(part.concepts);
      all.open.merge(part.open);
    }
    for (const Json& exclude : items(get(value_set, "compose"), "exclude")) {
      Expansion part = expand_include(exclude);
      if (!part.open.empty()) throw std::runtime_error("open exclusion in " + std::string(text(value_set, "url")));
      for (const auto& [key, display] : part.concepts) all.concepts.erase(key);
    }
    return all;
  }

 private:
  Expansion expand_include(const Json& include) const {
    Items imports = items(include, "valueSet");
    if (imports.size() > 1 || (imports.size() && !text(include, "system").empty()))
      throw std::runtime_error("an intersection of value sets is not understood");
    if (!imports.size()) return expand_system(include);
    std::string url(without_version(text(imports[0])));
    const Json* imported = find(url);
    if (!imported) throw std::runtime_error("unknown value set " + url);
    return expand(*imported);
  }

  Expansion expand_system(const Json& include) const {
    Expansion result;
    std::string url(text(include, "system"));
    auto known = systems_.find(url);
    Items listed = items(include, "concept");
    for (const Json& item : listed) {
      std::string code(text(item, "code"));
      std::string_view display = text(item, "display");
      if (display.empty() && known != systems_.end())
        if (auto found = known->second.codes.find(code); found != known->second.codes.end())
          display = found->second.display;
      result.concepts[{url, code}] = display;
    }
    if (listed.size()) return result;
    if (known == systems_.end() || !known->second.complete) result.open.insert(url);
    if (known == systems_.end()) return result;
    for (const auto& [code, entry] : known->second.codes)
      if (passes(include, known->second, code)) result.concepts[{url, code}] = entry.display;
    return result;
  }

  static bool passes(const Json& include, const System& system, const std::string& code) {
    for (const Json& filter : items(include, "filter")) {
      std::string_view property = text(filter, "property"), op = text(filter, "op");
      std::string value(text(filter, "value"));
      if (property == "concept" && op == "is-a") {
        if (!is_a(system, code, value)) return false;
      } else if (property == "concept" && op == "descendent-of") {
        if (code == value || !is_a(system, code, value)) return false;
      } else if (property == "concept" && op == "is-not-a") {
        if (is_a(system, code, value)) return false;
      } else {
        throw std::runtime_error("filter " + std::string(property) + ' ' + std::string(op) + " is not understood");
      }
    }
    return true;
  }

  static bool is_a(const System& system, const std::string& code, const std::string& ancestor) {
    if (code == ancestor) return true;
    const std::vector<std::string>& parents = system.codes.at(code).parents;
    return std::any_of(parents.begin(), parents.end(),
                       [&](const std::string& parent) { return is_a(system, parent, ancestor); });
  }

  std::map<std::string, System> systems_;
  std::map<std::string, const Json*> sources_;
};

// Value sets of all bindings but examples, with the versions cut off.
std::set<std::string> bound(const Source& source) {
  std::set<std::string> urls;
  for (const Json* structure : source.structures)
    for (const Json& element : items(get(*structure, "snapshot"), "element"))
      if (const Json& binding = get(element, "binding"); binding.IsObject() && text(binding, "strength") != "example")
        urls.emplace(without_version(text(binding, "valueSet")));
  return urls;
}

void place_systems(Image& image, fhir::Definitions& definitions, const std::map<std::string, System>& systems) {
  fhir::CodeSystem* place = image.set(definitions.code_systems, systems.size());
  for (const auto& [url, system] : systems) {
    image.set(place->url, url);
    image.set(place->version, text(*system.json, "version"));
    place->complete = system.complete;
    place->case_sensitive = !get(*system.json, "caseSensitive").IsFalse();
    fhir::Concept* concepts = image.set(place->concepts, system.codes.size());
    for (const auto& [code, entry] : system.codes) {
      image.set(concepts->system, url);
      image.set(concepts->code, code);
      image.set(concepts->display, entry.display);
      image.set(concepts->parents, entry.parents);
      ++concepts;
    }
    ++place;
  }
}

void place(Image& image, fhir::ValueSet& place, const Json& source, const Expansion& expansion) {
  image.set(place.url, text(source, "url"));
  image.set(place.version, text(source, "version"));
  place.complete = expansion.open.empty();
  image.set(place.open_systems, std::vector<std::string>(expansion.open.begin(), expansion.open.end()));
  fhir::Concept* concepts = image.set(place.concepts, expansion.concepts.size());
  for (const auto& [key, display] : expansion.concepts) {
    image.set(concepts->system, key.first);
    image.set(concepts->code, key.second);
    image.set(concepts->display, display);
    ++concepts;
  }
}

}  // namespace

ValueSets compile_terminology(Image& image, fhir::Definitions& definitions, const Source& source) {
  Terminology terminology(source);
  place_systems(image, definitions, terminology.systems());
  std::map<std::string, Expansion> expansions;
  for (const std::string& url : bound(source))
    if (const Json* json = terminology.find(url)) expansions[url] = terminology.expand(*json);
  fhir::ValueSet* slot = image.set(definitions.value_sets, expansions.size());
  ValueSets value_sets;
  for (const auto& [url, expansion] : expansions) {
    place(image, *slot, *terminology.find(url), expansion);
    value_sets[url] = slot++;
  }
  return value_sets;
}

}  // namespace profiles
