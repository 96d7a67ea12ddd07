// Adding and revising the records of a source: ITI TF-2 3.8, 3.30, 3.44.
#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include "fhir/build.h"
#include "fhir/validate/compare.h"
#include "ihe/identity/matricule.h"
#include "ihe/identity/record.h"
#include "ihe/match/candidates.h"
#include "ihe/settings.h"

namespace ihe::identity {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

std::string place_of(std::size_t index) { return "Patient.identifier[" + std::to_string(index) + "]"; }

// What is wrong with one identifier of a feed, or its domain.
Result<Domain> judge(const Site& site, const Node& identifier, std::size_t index, std::string_view feeder) {
  const auto system = identifier.value_of("system");
  const auto value = identifier.value_of("value");
  if (value.empty())
    return Outcome(Kind::unprocessable, "required", "The patient identifier has no value", place_of(index));
  auto domain = feedable(site, system);
  if (!domain)
    return Outcome(Kind::unprocessable, "code-invalid",
                   "The assigning authority is not known here; configure it with --domains", place_of(index));
  if (!feeder.empty() && !domain->fed_by(feeder))
    return Outcome(Kind::unprocessable, "business-rule",
                   "This application may not feed identifiers of this assigning authority", place_of(index));
  if (domain->check == Domain::Check::strict)
    if (const auto fault = any_matricule_fault(value); fault != MatriculeFault::none)
      return Outcome(Kind::unprocessable, "value", "The national number " + std::string(text_of(fault)),
                     place_of(index));
  return std::move(*domain);
}

// The identifiers by which the record is looked for: those of the sources first.
struct Keys {
  std::vector<Id> own, national;
  std::size_t first_own = 0;  // its place
};

Result<Keys> keys_of(const Site& site, const Node& patient, std::string_view feeder) {
  Keys keys;
  std::size_t index = 0;
  for (const auto& identifier : patient) {
    if (identifier.name != "identifier") continue;
    const auto at = index++;
    if (is_account(identifier)) continue;
    if (identifier.value_of("system").empty()) continue;  // kept, but no one can ask for it
    auto domain = judge(site, identifier, at, feeder);
    if (!domain) return std::move(domain.outcome());
    if (!domain->national && keys.own.empty()) keys.first_own = at;
    (domain->national ? keys.national : keys.own).push_back({domain->uri, std::string(identifier.value_of("value"))});
  }
  if (keys.own.empty() && keys.national.empty())
    return Outcome(Kind::unprocessable, "required", "A patient needs an identifier with its assigning authority",
                   index > 0 ? place_of(0) : "Patient.identifier");
  return keys;
}

struct Target {
  std::vector<Record> found;  // those that share an identifier of a source; the first is revised
  bool given_up = false;      // that one has none of the identifiers any more
  fhir::Expectation expectation;
};

// Identifiers that the record has as a merge or change left them: given up, or adopted from another record.
std::set<std::string> settled_in(const Node& patient) {
  std::set<std::string> ids;
  const auto held = held_by(patient);
  const auto is_settled = [&](const Held& one) { return one.old || adopted(patient, one.id); };
  for (const auto& one : held)
    if (is_settled(one)) ids.insert(token_of(one.id));
  for (const auto& one : held)
    if (!is_settled(one)) ids.erase(token_of(one.id));
  return ids;
}

Result<Target> target_of(const Site& site, const Keys& keys) {
  const auto& ids = keys.own.empty() ? keys.national : keys.own;
  Target target;
  for (const auto& id : ids) {
    auto meant = meant_by(site, id);
    if (!meant) return std::move(meant.outcome());
    if (&id == &ids.front()) target.expectation = std::move(meant->expectation);
    for (auto& record : meant->records) {
      const bool seen = std::any_of(target.found.begin(), target.found.end(),
                                    [&](const Record& other) { return other.id == record.id; });
      if (!seen) target.found.push_back(std::move(record));
    }
    if (keys.own.empty() && !target.found.empty()) break;
  }
  if (keys.own.empty()) return target;
  const auto has_one = [&](const Record& record) {
    const auto held = held_by(*record.patient);
    return std::any_of(held.begin(), held.end(), [&](const Held& one) {
      return !one.old && std::find(ids.begin(), ids.end(), one.id) != ids.end();
    });
  };
  std::stable_partition(target.found.begin(), target.found.end(), has_one);
  target.given_up = !target.found.empty() && !has_one(target.found.front());
  return target;
}

bool has(const Node& node, std::string_view name) { return node.child(name) != nullptr; }

bool repeats_system(const Node& patient, std::string_view system) {
  for (const auto& identifier : patient)
    if (identifier.name == "identifier" && identifier.value_of("system") == system) return true;
  return false;
}

Id id_of(const Node& identifier) {
  return {std::string(identifier.value_of("system")), std::string(identifier.value_of("value"))};
}

// What the source says, less identifiers that stay as they are.
Node& current(fhir::Arena& arena, const Node& said, const Node& known) {
  auto& patient = fhir::build::copy(arena, said);
  const auto settled = settled_in(known);
  for (const Node* child = patient.first; child;) {
    const auto* next = child->next;
    if (child->name == "identifier" && settled.contains(token_of(id_of(*child)))) fhir::build::remove(patient, *child);
    child = next;
  }
  return patient;
}

// What the source says, and beside it what is known and it does not speak of.
Node& combine(fhir::Arena& arena, const Node& told, const Node& known, const std::vector<std::string_view>& cleared) {
  const auto& said = current(arena, told, known);
  auto& patient = fhir::build::copy(arena, said);
  for (const auto& element : known) {
    if (element.name == "identifier") {
      if (element.value_of("use") == "old" || !repeats_system(said, element.value_of("system")))
        fhir::build::add_copy(arena, patient, element);
      continue;
    }
    if (element.name == "meta" || element.name == "id") continue;
    if (element.name == "extension") {
      const auto url = element.value_of("url");
      const bool again = std::any_of(said.begin(), said.end(), [&](const Node& other) {
        return other.name == "extension" && other.value_of("url") == url;
      });
      if (!again) fhir::build::add_copy(arena, patient, element);
      continue;
    }
    const bool choice = element.name.starts_with("deceased") || element.name.starts_with("multipleBirth");
    const bool again = choice ? std::any_of(said.begin(), said.end(),
                                            [&](const Node& other) { return other.element == element.element; })
                              : has(said, element.name);
    const auto gone = [&](std::string_view name) { return element.name.starts_with(name); };
    if (!again && std::none_of(cleared.begin(), cleared.end(), gone)) fhir::build::add_copy(arena, patient, element);
  }
  return patient;
}

// A message that names identifiers of several records says that these are of one person.
void link_to(fhir::Arena& arena, Node& patient, const std::string& reference) {
  for (const auto& link : patient) {
    const auto* other = link.name == "link" ? link.child("other") : nullptr;
    if (other && other->value_of("reference") == reference) return;
  }
  auto& link = fhir::build::add(arena, patient, "link");
  fhir::build::add_reference(arena, link, "other", reference);
  fhir::build::add(arena, link, "type", "seealso");
}

// Identifiers that another record has are left to it.
void leave(Node& patient, const Record& other) {
  for (const auto& held : held_by(*other.patient)) {
    for (const Node* child = patient.first; child; child = child->next)
      if (child->name == "identifier" && child->value_of("system") == held.id.system &&
          child->value_of("value") == held.id.value) {
        fhir::build::remove(patient, *child);
        break;
      }
  }
}

// The same identifier twice is one.
void drop_repeated(Node& patient) {
  std::unordered_multimap<std::string, const Node*> seen;
  for (const Node* child = patient.first; child;) {
    const auto* next = child->next;
    if (child->name == "identifier") {
      const auto token = token_of(id_of(*child));
      const auto [from, to] = seen.equal_range(token);
      if (std::any_of(from, to, [&](const auto& one) { return fhir::validate::equals(*one.second, *child); }))
        fhir::build::remove(patient, *child);
      else
        seen.emplace(token, child);
    }
    child = next;
  }
}

Result<bool> add_mother(const Site& site, const Node& mother, const std::string& patient, fhir::Batch& batch) {
  fhir::Arena arena;
  auto& person = fhir::build::copy(arena, mother);
  fhir::build::remove(person, "patient");
  fhir::build::add_reference(arena, person, "patient", "Patient/" + patient);
  auto write = fhir::prepare(person, "m" + patient.substr(0, 63), fhir::Method::update, site.base);
  if (!write) return std::move(write.outcome());
  batch.writes.push_back(std::move(*write));
  return true;
}

}  // namespace

std::vector<fhir::Issue> warnings_of(const Settings& settings, const Node& patient) {
  std::vector<fhir::Issue> warnings;
  std::size_t index = 0;
  for (const auto& identifier : patient) {
    if (identifier.name != "identifier") continue;
    const auto at = index++;
    const auto* domain = settings.domains.by_uri(identifier.value_of("system"));
    if (!domain || domain->check != Domain::Check::warn) continue;
    if (const auto fault = any_matricule_fault(identifier.value_of("value")); fault != MatriculeFault::none)
      warnings.push_back(
          {fhir::Severity::warning, "value", "The national number " + std::string(text_of(fault)), place_of(at)});
  }
  return warnings;
}

Result<Fed> feed(const Site& site, const Feed& feed) {
  const auto keys = keys_of(site, *feed.patient, feed.feeder);
  if (!keys) return keys.outcome();
  auto target = target_of(site, *keys);
  if (!target) return std::move(target.outcome());

  Fed fed;
  fed.batch.access = site.access;
  fed.batch.expect.push_back(std::move(target->expectation));
  fed.created = target->found.empty();
  fed.patient = fed.created ? site.ids.next(site.now) : target->found.front().id;
  if (target->given_up) {
    if (feed.visit) return fed;
    return Outcome(Kind::unprocessable, "business-rule", "The patient identifier was merged into another one",
                   place_of(keys->first_own));
  }
  fhir::Arena arena;
  const Node* known = fed.created ? nullptr : target->found.front().patient;
  auto& patient = known ? combine(arena, *feed.patient, *known, feed.cleared) : fhir::build::copy(arena, *feed.patient);
  for (std::size_t i = 1; i < target->found.size() && !keys->own.empty(); ++i) {
    leave(patient, target->found[i]);
    link_to(arena, patient, "Patient/" + target->found[i].id);
  }
  drop_repeated(patient);
  auto write =
      fhir::prepare(patient, fed.patient, fed.created ? fhir::Method::create : fhir::Method::update, site.base);
  if (!write) return std::move(write.outcome());
  match::add_keys(patient, *write);
  write->if_version = fed.created ? 0 : target->found.front().version;
  write->if_version_planned = true;
  fed.batch.writes.push_back(std::move(*write));
  if (feed.mother)
    if (auto done = add_mother(site, *feed.mother, fed.patient, fed.batch); !done) return std::move(done.outcome());
  return fed;
}

}  // namespace ihe::identity
