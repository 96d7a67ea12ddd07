// Opens value sets, chooses versions, and tests codes. Listing all members is in list.cpp.
// FHIR R4: http://hl7.org/fhir/R4/valueset.html#compositions
#include "fhir/terminology/compose.h"

#include <algorithm>

#include "fhir/terminology/reading.h"

namespace fhir::terminology {
namespace {

constexpr std::size_t deepest = 64;           // imports of imports
constexpr std::uint64_t import_cost = 1'000;  // of looking into one, in concepts looked at

Outcome too_costly() {
  return {Kind::too_costly, "too-costly",
          "This value set takes too much work: import fewer value sets, or filter more"};
}

void index(Part& part) {
  part.by_code.resize(part.listed.size());
  for (std::uint32_t i = 0; i < part.by_code.size(); ++i) part.by_code[i] = i;
  std::stable_sort(part.by_code.begin(), part.by_code.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return part.listed[a].code < part.listed[b].code; });
}

void read_part(const Node& node, std::string place, std::vector<Part>& out) {
  Part& part = out.emplace_back();
  part.place = std::move(place);
  part.url = node.value_of("system");
  part.version = node.value_of("version");
  std::size_t filters = 0;
  for (const Node& child : node) {
    if (child.name == "concept") part.listed.push_back({child.value_of("code"), child.value_of("display"), &child});
    if (child.name == "valueSet") part.imports.push_back(child.text);
    if (child.name != "filter") continue;
    // Operators of R5 come as an extension of the operator.
    const Node* op = child.child("op");
    const Node* newer = op ? extension(*op, "",
                                       "http://hl7.org/fhir/5.0/StructureDefinition/"
                                       "extension-ValueSet.compose.include.filter.op")
                           : nullptr;
    part.filters.push_back({child.value_of("property"),
                            newer ? newer->text
                            : op  ? op->text
                                  : std::string_view{},
                            child.value_of("value"), part.place + ".filter[" + std::to_string(filters++) + "]"});
  }
  index(part);
}

// A value set that is only expanded: its codes are listed, by system.
using PartOf = std::map<std::pair<std::string_view, std::string_view>, std::size_t>;  // by system and version

void read_contains(const Node& parent, ValueSet& set, PartOf& part_of, int depth) {
  constexpr int most = 100;
  for (const Node& node : parent) {
    if (node.name != "contains") continue;
    const auto url = node.value_of("system"), version = node.value_of("version");
    if (const auto code = node.value_of("code"); !url.empty() && !code.empty()) {
      const auto [part, fresh] = part_of.try_emplace({url, version}, set.includes.size());
      if (fresh) {
        Part& made = set.includes.emplace_back();
        made.place = "ValueSet.expansion";
        made.url = url;
        made.version = version;
      }
      set.includes[part->second].listed.push_back({code, node.value_of("display"), &node});
    }
    if (depth < most) read_contains(node, set, part_of, depth + 1);
  }
}

void read_expansion(const Node& expansion, ValueSet& set) {
  PartOf part_of;
  read_contains(expansion, set, part_of, 0);
  for (auto& part : set.includes) index(part);
}

void read_parts(const Node& resource, ValueSet& set) {
  const Node* compose = resource.child("compose");
  if (!compose) {
    if (const Node* expansion = resource.child("expansion")) read_expansion(*expansion, set);
    return;
  }
  set.active_only = compose->value_of("inactive") == "false";
  for (const Node& node : *compose) {
    const auto place = [&](std::size_t index) {
      return "ValueSet.compose." + std::string(node.name) + "[" + std::to_string(index) + "]";
    };
    if (node.name == "include") read_part(node, place(set.includes.size()), set.includes);
    if (node.name == "exclude") read_part(node, place(set.excludes.size()), set.excludes);
  }
}

}  // namespace

Outcome refusal(Kind kind, std::string_view code, std::string_view type, std::string text, std::string place,
                std::string_view message_id) {
  Outcome outcome(kind, code, std::move(text), std::move(place));
  outcome.issues.back().detail_system = issue_types;
  outcome.issues.back().detail_code = type;
  outcome.issues.back().message_id = message_id;
  return outcome;
}

const Listed* Part::find(std::string_view code, bool case_sensitive) const {
  const auto found =
      std::lower_bound(by_code.begin(), by_code.end(), code,
                       [&](std::uint32_t i, std::string_view wanted) { return listed[i].code < wanted; });
  if (found != by_code.end() && listed[*found].code == code) return &listed[*found];
  if (case_sensitive) return nullptr;
  if (by_folded.empty()) {
    for (std::uint32_t i = 0; i < listed.size(); ++i) by_folded.emplace_back(folded_code(listed[i].code), i);
    std::sort(by_folded.begin(), by_folded.end());
  }
  const std::pair wanted(folded_code(code), std::uint32_t{0});
  const auto folded = std::lower_bound(by_folded.begin(), by_folded.end(), wanted);
  return folded != by_folded.end() && folded->first == wanted.first ? &listed[folded->second] : nullptr;
}

std::string ValueSet::canonical() const { return joined(url, version); }

// ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────────
Result<ValueSet*> Composer::keep(ValueSetSource source, const std::string& key) {
  auto& made = sets_[key];
  if (made) return made.get();
  made = std::make_unique<ValueSet>();
  made->url = source.resource->value_of("url");
  made->version = source.resource->value_of("version");
  made->source = std::move(source);
  read_parts(*made->source.resource, *made);
  for (const Node& child : *made->source.resource)
    if (child.name == "extension" && child.value_of("url") == std::string(extension_base) + "valueset-supplement")
      if (const Node* value = value_x(child)) sources_.use_supplement(value->text);
  if (const auto absent = sources_.missing_supplement(); !absent.empty())
    return refusal(Kind::unprocessable, "not-found", "not-found", "Required supplement not found: " + absent, {},
                   "VALUESET_SUPPLEMENT_MISSING");
  return made.get();
}

Result<const ValueSet*> Composer::open(std::string_view url, std::string_view version) {
  if (version.empty()) version = rule_for(rules_.value_sets, url);
  const auto canonical = joined(url, version);
  if (const auto known = sets_.find(canonical); known != sets_.end()) return known->second.get();
  auto source = sources_.value_set(url, version);
  if (!source.resource)
    return refusal(Kind::absent, "not-found", "not-found",
                   "A definition for the value Set '" + canonical + "' could not be found", {},
                   "Unable_to_resolve_value_Set_");
  auto made = keep(std::move(source), canonical);
  if (!made) return std::move(made.outcome());
  std::vector<const ValueSet*> path;
  if (auto circle = check_circles(**made, path)) return std::move(*circle);
  return *made;
}

Result<const ValueSet*> Composer::open(const Node& resource) {
  auto made = keep({&resource, nullptr}, "#" + std::to_string(sets_.size()));
  if (!made) return std::move(made.outcome());
  std::vector<const ValueSet*> path;
  if (auto circle = check_circles(**made, path)) return std::move(*circle);
  return *made;
}

Result<const ValueSet*> Composer::import_of(const ValueSet& set, std::string_view canonical) {
  if (!canonical.starts_with('#')) {
    const auto [url, version] = split(canonical);
    const auto used = version.empty() ? rule_for(rules_.value_sets, url) : version;
    const auto key = joined(url, used);
    if (const auto known = sets_.find(key); known != sets_.end()) return known->second.get();
    auto source = sources_.value_set(url, used);
    if (!source.resource)
      return refusal(Kind::unprocessable, "not-found", "not-found",
                     "A definition for the value Set '" + key + "' could not be found", {},
                     used == version ? "Unable_to_resolve_value_Set_" : "VS_EXP_IMPORT_UNK_PINNED");
    auto made = keep(std::move(source), key);
    if (!made) return std::move(made.outcome());
    return *made;
  }
  for (const Node& inner : *set.source.resource)
    if (inner.name == "contained" && inner.value_of("id") == canonical.substr(1)) {
      auto made = keep({&inner, set.source.keeps}, set.canonical() + std::string(canonical));
      if (!made) return std::move(made.outcome());
      return *made;
    }
  return refusal(Kind::unprocessable, "not-found", "not-found",
                 "A definition for the value Set '" + std::string(canonical) + "' could not be found");
}

// Depth first through what is imported; an import that is missing is found out when it is needed.
std::optional<Outcome> Composer::check_circles(const ValueSet& set, std::vector<const ValueSet*>& path) {
  if (checked_[&set]) return std::nullopt;
  if (std::find(path.begin(), path.end(), &set) != path.end()) {
    std::string via;
    for (const auto* one : path) via.append(via.empty() ? "" : ", ").append(one->canonical());
    return refusal(Kind::unprocessable, "processing", "vs-invalid",
                   "Cyclic reference detected when including " + set.canonical() + " via [" + via + "]", {},
                   "VALUESET_CIRCULAR_REFERENCE");
  }
  if (path.size() >= deepest || !spend()) return too_costly();
  path.push_back(&set);
  for (const auto* parts : {&set.includes, &set.excludes})
    for (const auto& part : *parts)
      for (const auto canonical : part.imports) {
        const auto imported = import_of(set, canonical);
        if (!imported) {
          if (imported.outcome().issues.front().diagnostics.starts_with("Required")) return imported.outcome();
          continue;
        }
        if (auto circle = check_circles(**imported, path)) return circle;
      }
  path.pop_back();
  checked_[&set] = true;
  return std::nullopt;
}

// ── versions ────────────────────────────────────────────────────────────────────────────────────────────────────
Chosen Composer::choose(const Part& part, std::string_view version) {
  Chosen chosen;
  const auto forced = rule_for(rules_.force, part.url);
  const auto rule = [&](std::string_view name, std::string_view value) {
    chosen.ruled = true;
    usage_.rules[std::string(name)] = joined(part.url, value);
    return std::string(value);
  };
  if (!forced.empty()) {
    chosen.wanted = rule("force-system-version", forced);
  } else if (!part.version.empty()) {
    chosen.wanted = part.version;
  } else if (const auto unsaid = rule_for(rules_.when_unsaid, part.url); !unsaid.empty()) {
    chosen.wanted = rule("system-version", unsaid);
  } else if (const auto check = rule_for(rules_.check, part.url); !check.empty()) {
    chosen.wanted = rule("check-system-version", check);
  }
  if (!version.empty() && (chosen.wanted.empty() || version_matches(chosen.wanted, version)))
    chosen.system = sources_.system(part.url, version);
  if (!chosen.system) chosen.system = sources_.system(part.url, chosen.wanted);
  return chosen;
}

System* Composer::system_of(std::string_view url, std::string_view version) {
  if (const auto forced = rule_for(rules_.force, url); !forced.empty()) version = forced;
  if (version.empty()) version = rule_for(rules_.when_unsaid, url);
  if (version.empty()) version = rule_for(rules_.check, url);
  return sources_.system(url, version);
}

std::optional<std::string> Composer::not_allowed(const System& system) const {
  const auto check = rule_for(rules_.check, system.url());
  if (check.empty() || version_matches(check, system.version())) return std::nullopt;
  return "The version '" + std::string(system.version()) + "' is not allowed for system '" + std::string(system.url()) +
         "': required to be '" + std::string(check) + "' by a version-check parameter";
}

// ── is a code in it ─────────────────────────────────────────────────────────────────────────────────────────────
Result<const std::vector<Condition>*> Composer::conditions(const Part& part, System& system) {
  const auto [entry, fresh] = part.conditions.try_emplace(&system);
  if (!fresh) return &entry->second;
  for (const auto& filter : part.filters) {
    auto made = Condition::prepare(filter, system);
    if (!made) {
      part.conditions.erase(entry);
      return std::move(made.outcome());
    }
    entry->second.push_back(std::move(*made));
  }
  return &entry->second;
}

Result<bool> Composer::holds(const Part& part, System& system, At at) {
  const auto all = conditions(part, system);
  if (!all) return all.outcome();
  const bool passes = std::all_of((*all)->begin(), (*all)->end(),
                                  [&](const auto& condition) { return condition.holds(system, at, steps_); });
  if (!spend_steps()) return too_costly();
  return passes;
}

Composer::Found Composer::find_own(const Part& part, const Sought& sought) {
  auto chosen = choose(part, sought.version);
  if (!chosen.system) {
    const bool unknown = chosen.wanted.empty() || sources_.versions(part.url).empty();
    if (const auto* listed = part.find(sought.code, true); listed && unknown)
      return std::optional<Member>({nullptr, part.url, nowhere, listed});
    if (part.listed.empty() || !unknown) usage_.misfits.push_back({&part, chosen, std::string(sought.version), {}});
    return std::optional<Member>();
  }
  System& system = *chosen.system;
  const auto all = conditions(part, system);  // a broken filter is broken for every code
  if (!all) return all.outcome();
  if (!sought.version.empty() && system.version() != sought.version && system.listable()) {
    usage_.misfits.push_back({&part, chosen, std::string(sought.version), not_allowed(system).value_or("")});
    return std::optional<Member>();
  }
  if (const auto why = not_allowed(system)) {
    usage_.misfits.push_back({&part, chosen, std::string(sought.version), *why});
    return std::optional<Member>();
  }
  fitted_ = true;
  note(system);
  const Listed* listed = part.listed.empty() ? nullptr : part.find(sought.code, system.case_sensitive());
  if (!part.listed.empty() && !listed) return std::optional<Member>();
  const At at = system.find(sought.code);
  if (at == nowhere && (!system.fragment() || !part.filters.empty())) return std::optional<Member>();
  if (at != nowhere && !part.filters.empty()) {
    const auto passes = holds(part, system, at);
    if (!passes) return passes.outcome();
    if (!*passes) return std::optional<Member>();
  }
  return std::optional<Member>({&system, part.url, at, listed});
}

Result<bool> Composer::in_imports(const ValueSet& set, const Part& part, const Sought& sought, std::size_t from) {
  for (std::size_t i = from; i < part.imports.size(); ++i) {
    if (!spend(import_cost)) return too_costly();
    const auto imported = import_of(set, part.imports[i]);
    if (!imported) {
      usage_.missing_value_set = imported.outcome().issues.front().diagnostics;
      return false;
    }
    usage_.value_sets[(*imported)->canonical()] = (*imported)->source.resource;
    const auto found = find_within(**imported, sought);
    if (!found) return found.outcome();
    const auto& held = *found;
    if (!held || ((*imported)->active_only && held->inactive())) return false;
  }
  return true;
}

Composer::Found Composer::find_in(const ValueSet& set, const Part& part, const Sought& sought) {
  if (!spend()) return too_costly();
  std::optional<Member> member;
  std::size_t from = 0;
  if (!part.url.empty()) {
    if (part.url != sought.system) return std::optional<Member>();
    auto own = find_own(part, sought);
    if (!own || !*own) return own;
    member = *own;
  } else if (!part.imports.empty()) {
    if (!spend(import_cost)) return too_costly();
    const auto imported = import_of(set, part.imports[0]);
    if (!imported) {
      usage_.missing_value_set = imported.outcome().issues.front().diagnostics;
      return std::optional<Member>();
    }
    usage_.value_sets[(*imported)->canonical()] = (*imported)->source.resource;
    auto found = find_within(**imported, sought);
    if (!found) return found;
    member = *found;
    if (!member || ((*imported)->active_only && member->inactive())) return std::optional<Member>();
    member->imported = true;
    from = 1;
  } else {
    return std::optional<Member>();
  }
  const auto others = in_imports(set, part, sought, from);
  if (!others) return others.outcome();
  return *others ? member : std::nullopt;
}

Result<std::optional<Member>> Composer::find(const ValueSet& set, const Sought& sought) {
  fitted_ = false;
  usage_.misfits.clear();
  usage_.missing_value_set.clear();
  return find_within(set, sought);
}

Composer::Found Composer::find_within(const ValueSet& set, const Sought& sought) {
  std::optional<Member> best;
  for (const auto& part : set.includes) {
    // Of several versions that have the code the newest is told; all else is enough once.
    if (best && (part.url != sought.system || part.version.empty() || !sought.version.empty())) continue;
    auto found = find_in(set, part, sought);
    if (!found) return found;
    if (!*found) continue;
    const auto out = excluded(set, **found);
    if (!out) return out.outcome();
    if (*out) continue;
    if (!best || (best->system && (*found)->system &&
                  compare_versions(best->system->version(), (*found)->system->version()) < 0))
      best = **found;
  }
  const auto other_version = [](const Misfit& misfit) { return misfit.chosen.system && misfit.not_allowed.empty(); };
  if (!best && fitted_) std::erase_if(usage_.misfits, other_version);
  return best;
}

bool Composer::versions_matter(const ValueSet& set, const System& of_exclude) {
  if (versions_match_) return !*versions_match_;
  return std::any_of(set.includes.begin(), set.includes.end(), [&](const Part& part) {
    return part.url == of_exclude.url() && choose(part).system == &of_exclude;
  });
}

Result<bool> Composer::excludes(const ValueSet& set, const Part& part, const Member& member) {
  if (!spend()) return too_costly();
  const auto code = member.code();
  if (!part.url.empty()) {
    if (part.url != member.url) return false;
    System* system = choose(part).system;
    if (system && member.system && system != member.system) {
      if (versions_matter(set, *system)) return false;
      usage_.versions_ignored = true;
    }
    if (system) note(*system);
    if (!part.listed.empty() && !part.find(code, !system || system->case_sensitive())) return false;
    const At at = system ? system->find(code) : nowhere;
    if (part.listed.empty() && at == nowhere) return false;
    if (!part.filters.empty()) {
      if (at == nowhere) return false;
      auto passes = holds(part, *system, at);
      if (!passes || !*passes) return passes;
    }
  } else if (part.imports.empty()) {
    return false;
  }
  return in_imports(set, part, {member.url, {}, code}, 0);
}

Result<bool> Composer::excluded(const ValueSet& set, const Member& member) {
  if (member.code().empty()) return false;  // of a fragment, and not in it
  for (const auto& part : set.excludes) {
    auto out = excludes(set, part, member);
    if (!out || *out) return out;
  }
  return false;
}

void Composer::note(const System& system) { usage_.systems[joined(system.url(), system.version())] = &system; }

}  // namespace fhir::terminology
