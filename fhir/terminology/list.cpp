// Lists the members of a value set. FHIR R4: http://hl7.org/fhir/R4/valueset.html#compositions
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "fhir/terminology/compose.h"
#include "fhir/terminology/reading.h"

namespace fhir::terminology {
namespace {

Outcome too_costly() {
  return {Kind::too_costly, "too-costly", "This value set has too many codes to look at: filter more, or import less"};
}

// Each member once: by row where its system is here, by code where versions count as one.
class Once {
 public:
  explicit Once(bool merge) : merge_(merge) {}

  // Whether the member is new; `all` holds those that were.
  bool add(const Member& member, std::vector<Member>& all) {
    if (merge_ || !member.system || member.at == nowhere) {
      const auto [found, fresh] = by_code_.try_emplace(joined(member.url, member.code()), all.size());
      if (!fresh && merge_) all[found->second].newest = newer(all[found->second].newest, member.system);
      if (!fresh) return false;
      all.push_back(member);
      all.back().newest = member.system;
      return true;
    }
    auto& seen = by_row_[member.system];
    if (member.at < 0x80000000 && seen.size() <= member.at) seen.resize(member.system->rows()->concepts().size());
    if (member.at < 0x80000000) {
      if (seen[member.at]) return false;
      seen[member.at] = true;
    } else if (!by_code_.try_emplace(joined(member.url, member.code()), all.size()).second) {
      return false;  // by grammar: each find made a concept of its own
    }
    all.push_back(member);
    all.back().newest = member.system;
    return true;
  }

 private:
  static const System* newer(const System* a, const System* b) {
    if (!a || !b) return a ? a : b;
    return compare_versions(a->version(), b->version()) < 0 ? b : a;
  }
  bool merge_;
  std::unordered_map<std::string, std::size_t> by_code_;
  std::unordered_map<const System*, std::vector<bool>> by_row_;
};

}  // namespace

Outcome Composer::missing(const Part& part, const Chosen& chosen) {
  std::string text = "A definition for CodeSystem '" + std::string(part.url) + "'";
  if (!chosen.wanted.empty()) text += " version '" + chosen.wanted + "'";
  text += " could not be found, so the value set cannot be expanded";
  const auto versions = sources_.versions(part.url);
  for (std::size_t i = 0; i < versions.size(); ++i)
    text.append(i == 0 ? ". Valid versions: " : i + 1 == versions.size() ? " or " : ", ").append(versions[i]);
  return refusal(Kind::unprocessable, "not-found", "not-found", std::move(text), {},
                 chosen.wanted.empty() ? "UNKNOWN_CODESYSTEM_EXP" : "UNKNOWN_CODESYSTEM_VERSION_EXP");
}

std::optional<Outcome> Composer::list_rows(const Part& part, System& system, std::vector<Member>& out) {
  if (!system.listable())
    return refusal(Kind::too_costly, "too-costly", "vs-invalid",
                   "The codes of " + std::string(system.url()) + " follow from a rule and cannot be listed",
                   part.place);
  const auto all = conditions(part, system);
  if (!all) return all.outcome();
  std::optional<std::vector<At>> some;
  std::size_t known = (*all)->size();  // the condition that `some` comes from
  for (std::size_t i = 0; i < (*all)->size() && !some; ++i)
    if ((some = (**all)[i].among(system))) known = i;
  const At rows = static_cast<At>(system.rows()->concepts().size());
  const At count = some ? static_cast<At>(some->size()) : rows;
  if (!spend(count)) return too_costly();
  for (At i = 0; i < count; ++i) {
    const At at = some ? (*some)[i] : i;
    bool passes = true;
    for (std::size_t c = 0; c < (*all)->size() && passes; ++c) {
      // What a condition lists it also accepts, but for the anchor of those that mean less than "is-a".
      const bool whole = c == known && part.filters[c].op != "descendent-of" && part.filters[c].op != "descendent-leaf";
      passes = whole || (**all)[c].holds(system, at, steps_);
    }
    if (!spend_steps()) return too_costly();
    if (passes) out.push_back({&system, part.url, at, nullptr});
  }
  return std::nullopt;
}

std::optional<Outcome> Composer::list_own(const Part& part, std::vector<Member>& out) {
  const auto chosen = choose(part);
  if (!chosen.system) {
    const bool unknown = sources_.versions(part.url).empty();
    if (part.listed.empty() || !unknown) return missing(part, chosen);
    for (const auto& listed : part.listed) out.push_back({nullptr, part.url, nowhere, &listed});
    return std::nullopt;
  }
  System& system = *chosen.system;
  if (auto why = not_allowed(system))
    return refusal(Kind::unprocessable, "exception", "version-error", std::move(*why), {}, "VALUESET_VERSION_CHECK");
  note(system);
  if (part.listed.empty()) return list_rows(part, system, out);
  if (!spend(part.listed.size())) return too_costly();
  for (const auto& listed : part.listed) {
    const At at = system.find(listed.code);
    if (at == nowhere && !system.fragment()) continue;
    if (at != nowhere && !part.filters.empty()) {
      const auto passes = holds(part, system, at);
      if (!passes) return passes.outcome();
      if (!*passes) continue;
    }
    out.push_back({&system, part.url, at, &listed});
  }
  return std::nullopt;
}

std::optional<Outcome> Composer::list(const ValueSet& set, const Part& part, std::vector<Member>& out) {
  constexpr std::uint64_t import_cost = 1'000;  // of looking into one, in concepts looked at
  if (!spend(part.imports.empty() ? 1 : import_cost)) return too_costly();
  std::vector<Member> own;
  std::size_t from = 0;
  if (!part.url.empty()) {
    if (auto refused = list_own(part, own)) return refused;
  } else if (!part.imports.empty()) {
    const auto imported = import_of(set, part.imports[0]);
    if (!imported) return imported.outcome();
    usage_.value_sets[(*imported)->canonical()] = (*imported)->source.resource;
    auto members = all(**imported);
    if (!members) return std::move(members.outcome());
    own = std::move(*members);
    if ((*imported)->active_only) std::erase_if(own, [](const Member& member) { return member.inactive(); });
    for (auto& member : own) member.imported = true;
    from = 1;
  }
  for (std::size_t i = from; i < part.imports.size(); ++i)
    if (const auto imported = import_of(set, part.imports[i]); !imported) return imported.outcome();
  for (const auto& member : own) {
    if (from < part.imports.size()) {
      const auto in = in_imports(set, part, {member.url, {}, member.code()}, from);
      if (!in) return in.outcome();
      if (!*in) continue;
    }
    out.push_back(member);
  }
  return std::nullopt;
}

Result<std::vector<Member>> Composer::all(const ValueSet& set) {
  std::vector<Member> found, members;
  Once once(versions_match_.value_or(false));
  for (const auto& part : set.includes) {
    found.clear();
    if (auto refused = list(set, part, found)) return std::move(*refused);
    for (const auto& member : found) {
      if (!set.excludes.empty()) {
        if (!spend(set.excludes.size())) return too_costly();
        const auto out = excluded(set, member);
        if (!out) return out.outcome();
        if (*out) continue;
      }
      once.add(member, members);
    }
  }
  return members;
}

Result<std::vector<std::string>> Composer::systems_of(const ValueSet& set) {
  std::vector<std::string> urls;
  std::vector<const ValueSet*> sets{&set};
  for (std::size_t i = 0; i < sets.size(); ++i)
    for (const auto& part : sets[i]->includes) {
      if (!spend()) return too_costly();
      if (!part.url.empty() && std::find(urls.begin(), urls.end(), part.url) == urls.end()) urls.emplace_back(part.url);
      for (const auto canonical : part.imports)
        if (const auto imported = import_of(*sets[i], canonical);
            imported && std::find(sets.begin(), sets.end(), *imported) == sets.end())
          sets.push_back(*imported);
    }
  return urls;
}

}  // namespace fhir::terminology
