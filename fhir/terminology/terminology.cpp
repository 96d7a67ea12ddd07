// The narrow questions, answered by the same engine as the operations; answers are remembered, the negative ones too.
// FHIR R4: http://hl7.org/fhir/R4/terminology-service.html
#include "fhir/terminology/terminology.h"

#include <array>
#include <mutex>
#include <unordered_map>

#include "fhir/terminology/compose.h"
#include "fhir/terminology/display.h"
#include "fhir/terminology/reading.h"
#include "fhir/utf8.h"

namespace fhir::terminology {
namespace {

const VersionRules no_rules;

Answer unknown(std::string reason) { return {Membership::unknown, std::move(reason), {}}; }

std::string shown(std::string_view system, std::string_view code) {
  constexpr std::size_t most = 128;
  std::string text = quoted(code, most);
  if (!system.empty()) text += " of " + shortened(system, most);
  return text;
}

Answer found(const Member& member) {
  const Names names(member.system, member.at, member.listed, {});
  const Name* best = names.best({});
  return {Membership::in, {}, best ? std::string(best->designation.value) : std::string()};
}

// With the system given.
Answer ask(Composer& composer, const ValueSet& set, std::string_view system, std::string_view code) {
  const auto sought = composer.find(set, {system, {}, code});
  if (!sought) return unknown(sought.outcome().issues.front().diagnostics);
  const auto& member = *sought;
  if (member && member->system && member->at == nowhere)
    return unknown(std::string(system) + " is here as a fragment, which does not have " + shown({}, code));
  if (member && !(set.active_only && member->inactive())) return found(*member);
  const auto& usage = composer.usage();
  if (!usage.missing_value_set.empty()) return unknown(usage.missing_value_set);
  if (!usage.misfits.empty()) return unknown("The content of " + std::string(system) + " is not here");
  return {Membership::out, shown(system, code) + " is not in the value set " + set.canonical(), {}};
}

Answer ask_member(const Canonicals& canonicals, std::string_view value_set, std::string_view system,
                  std::string_view code) {
  Sources sources(canonicals);
  Composer composer(sources, no_rules);
  const auto [url, version] = split(value_set);
  const auto set = composer.open(url, version);
  if (!set) return unknown(set.outcome().issues.front().diagnostics);
  if (!system.empty()) return ask(composer, **set, system, code);
  const auto systems = composer.systems_of(**set);
  if (!systems) return unknown(systems.outcome().issues.front().diagnostics);
  Answer answer{Membership::out, shown({}, code) + " is not in the value set " + (*set)->canonical(), {}};
  for (const auto& one : *systems) {
    auto tried = ask(composer, **set, one, code);
    if (tried.membership == Membership::in) return tried;
    if (tried.membership == Membership::unknown) answer = std::move(tried);
  }
  return answer;
}

Answer ask_code(const Canonicals& canonicals, std::string_view canonical, std::string_view code) {
  Sources sources(canonicals);
  const auto [url, version] = split(canonical);
  System* system = sources.system(url, version);
  if (!system) return unknown("The content of " + std::string(canonical) + " is not here");
  const At at = system->find(code);
  if (at != nowhere) return {Membership::in, {}, std::string(system->at(at).display)};
  if (system->fragment())
    return unknown(std::string(url) + " is here as a fragment, which does not have " + shown({}, code));
  return {Membership::out, shown({}, code) + " is not a code of " + std::string(url), {}};
}

Outcome no_such(std::string_view url, std::string_view code) {
  return {Kind::absent, "not-found", shown(url, code) + " is not known here"};
}

Outcome too_many(std::size_t most) {
  return {Kind::too_costly, "too-costly", "These are more than " + std::to_string(most) + " codes"};
}

}  // namespace

// In parts, so that the threads that validate seldom wait for each other.
struct Terminology::Memo {
  static constexpr std::size_t parts = 16, most = 20'000;  // answers of one part
  struct Part {
    std::mutex lock;
    std::uint64_t state = 0;
    std::unordered_map<std::string, Answer> answers;
  };
  std::array<Part, parts> all;

  template <class Ask>
  Answer get(std::string key, std::uint64_t state, const Ask& ask) {
    Part& part = all[std::hash<std::string>()(key) % parts];
    {
      const std::lock_guard hold(part.lock);
      if (part.state != state || part.answers.size() >= most) part.answers.clear();
      part.state = state;
      if (const auto known = part.answers.find(key); known != part.answers.end()) return known->second;
    }
    auto answer = ask();
    const std::lock_guard hold(part.lock);
    if (part.state == state) part.answers.insert_or_assign(std::move(key), answer);
    return answer;
  }
};

Terminology::Terminology(const Canonicals& canonicals) : canonicals_(canonicals), memo_(std::make_unique<Memo>()) {}
Terminology::~Terminology() = default;

Answer Terminology::member(std::string_view value_set, std::string_view system, std::string_view code) const {
  std::string key(value_set);
  key.append("\n").append(system).append("\n").append(code);
  return memo_->get(std::move(key), canonicals_.state(),
                    [&] { return ask_member(canonicals_, value_set, system, code); });
}

std::optional<bool> Terminology::bound(const Node& value, std::string_view value_set) const {
  const auto said = [](const Answer& answer) -> std::optional<bool> {
    if (answer.membership == Membership::unknown) return std::nullopt;
    return answer.membership == Membership::in;
  };
  if (value.has_value()) return said(member(value_set, {}, value.text));
  if (!value.child("coding")) {
    const auto system = value.value_of("system"), code = value.value_of("code");
    if (code.empty()) return false;
    const auto found = said(member(value_set, system, code));
    return found ? std::optional(*found && !system.empty()) : std::nullopt;
  }
  std::optional<bool> all = false;
  for (const Node& coding : value) {
    if (coding.name != "coding") continue;
    const auto one = bound(coding, value_set);
    if (one == true) return true;
    if (!one) all = std::nullopt;
  }
  return all;
}

Answer Terminology::code(std::string_view system, std::string_view code) const {
  std::string key(system);
  key.append("\n").append(code);
  return memo_->get(std::move(key), canonicals_.state(), [&] { return ask_code(canonicals_, system, code); });
}

Result<std::vector<SystemCode>> Terminology::codes(std::string_view value_set, std::size_t most) const {
  Sources sources(canonicals_);
  Composer composer(sources, no_rules);
  const auto [url, version] = split(value_set);
  const auto set = composer.open(url, version);
  if (!set) return set.outcome();
  const auto members = composer.all(**set);
  if (!members) return members.outcome();
  std::vector<SystemCode> codes;
  for (const auto& member : *members) {
    if ((*set)->active_only && member.inactive()) continue;
    if (codes.size() == most) return too_many(most);
    codes.push_back({std::string(member.url), std::string(member.code())});
  }
  return codes;
}

namespace {

// A concept with the rows that its place in the hierarchy is read from.
struct Place {
  const System* system = nullptr;
  At at = nowhere;
};

Result<Place> place_of(Sources& sources, std::string_view url, std::string_view code) {
  System* system = sources.system(url, {});
  const At at = system ? system->find(code) : nowhere;
  if (at == nowhere) return no_such(url, code);
  return Place{system, at};
}

Result<std::vector<std::string>> closure(const Canonicals& canonicals, std::string_view url, std::string_view code,
                                         std::size_t most, bool down) {
  Sources sources(canonicals);
  const auto place = place_of(sources, url, code);
  if (!place) return place.outcome();
  const CodeSystem* rows = place->system->rows();
  if (!rows) return std::vector<std::string>{std::string(code)};
  const auto all = down ? rows->below(place->at) : rows->above(place->at);
  if (all.size() > most) return too_many(most);
  std::vector<std::string> codes;
  for (const At at : all) codes.emplace_back(rows->at(at).code);
  return codes;
}

}  // namespace

Result<std::vector<std::string>> Terminology::below(std::string_view system, std::string_view code,
                                                    std::size_t most) const {
  return closure(canonicals_, system, code, most, true);
}

Result<std::vector<std::string>> Terminology::above(std::string_view system, std::string_view code,
                                                    std::size_t most) const {
  return closure(canonicals_, system, code, most, false);
}

Result<Subsumption> Terminology::subsumes(std::string_view system, std::string_view a, std::string_view b) const {
  Sources sources(canonicals_);
  const auto first = place_of(sources, system, a);
  if (!first) return first.outcome();
  const auto second = place_of(sources, system, b);
  if (!second) return second.outcome();
  const CodeSystem* rows = first->system->rows();
  if (!rows)
    return first->system->at(first->at).code == second->system->at(second->at).code ? Subsumption::equivalent
                                                                                    : Subsumption::not_subsumed;
  return rows->relation(first->at, second->at);
}

}  // namespace fhir::terminology
