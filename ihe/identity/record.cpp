// Records: from search to tree, from tree to write, and which of them are of one person.
#include "ihe/identity/record.h"

#include <algorithm>
#include <set>

#include "fhir/bind.h"
#include "fhir/build.h"
#include "fhir/format/json.h"
#include "ihe/identity/matricule.h"
#include "ihe/match/candidates.h"
#include "ihe/settings.h"

namespace ihe::identity {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

constexpr std::size_t most_with_one_id = 100;
constexpr std::size_t most_in_group = 200;
constexpr std::size_t most_expected = 2;  // ids that the store compares
constexpr std::size_t longest_chain = 32;
constexpr std::uint64_t effort = 2'000'000;  // index rows that one search may look at

const fhir::Type& patient_type() {
  static const fhir::Type& type = *fhir::definitions().resource("Patient");
  return type;
}

// Commas, bars, dollars and backslashes of a value are not those of the search grammar.
void append_escaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c == ',' || c == '|' || c == '$' || c == '\\') out += '\\';
    out += c;
  }
}

bool holds(const Record& record, const Id& id, bool old) {
  const auto held = held_by(*record.patient);
  return std::any_of(held.begin(), held.end(), [&](const Held& one) { return one.id == id && one.old == old; });
}

void keep_unseen(std::vector<Record> found, std::vector<Record>& records) {
  for (auto& record : found) {
    const auto seen = std::any_of(records.begin(), records.end(), [&](const Record& r) { return r.id == record.id; });
    if (!seen) records.push_back(std::move(record));
  }
}

Result<std::vector<Record>> found_by(const Site& site, const fhir::search::Query& query, std::size_t at_most) {
  auto page = site.snapshot.search(site.access, query, static_cast<std::uint32_t>(at_most), effort);
  if (!page) return std::move(page.outcome());
  if (!page->next.empty())
    return Outcome(Kind::too_costly, "too-costly", "More than " + std::to_string(at_most) + " patients: say more");
  std::vector<Record> found;
  for (const auto& entry : page->entries) {
    if (!entry.match) continue;
    auto record = read_record(*entry.version);
    if (!record) return std::move(record.outcome());
    found.push_back(std::move(*record));
  }
  return found;
}

// The identifiers by which a record can be linked to others: of known domains, with the other way to write a number.
std::vector<Id> linking_ids(const Site& site, const Record& record) {
  std::vector<Id> ids;
  for (const auto& held : held_by(*record.patient)) {
    if (held.old || held.account) continue;
    const auto& domains = site.settings.domains;
    if (!site.settings.accept_unknown_domains && !domains.by_uri(held.id.system)) continue;
    if (!domains.is_national(held.id.system)) {
      ids.push_back(held.id);
      continue;
    }
    for (auto& form : matricule_forms(held.id.value)) ids.push_back({held.id.system, std::move(form)});
  }
  return ids;
}

// The link seealso to the record `id`.
const Node* link_between(const Record& record, const std::string& id) {
  for (const auto& link : *record.patient) {
    const auto* other = link.name == "link" && link.value_of("type") == "seealso" ? link.child("other") : nullptr;
    if (other && other->value_of("reference") == "Patient/" + id) return &link;
  }
  return nullptr;
}

// Records that share an identifier with `record`, or are linked to it from either side.
Result<std::vector<Record>> neighbours(const Site& site, const Record& record, std::set<std::string>& asked) {
  std::vector<Record> all;
  for (const auto& id : linking_ids(site, record)) {
    auto token = token_of(id);
    if (!asked.insert(token).second) continue;
    auto found = records(site, {{"identifier", std::move(token)}}, most_with_one_id);
    if (!found) return found;
    for (auto& other : *found)
      if (holds(other, id, false)) all.push_back(std::move(other));
  }
  // A link from or to a record that was merged is one of its survivor.
  auto merged = with_merged(site, record);
  if (!merged) return merged;
  std::vector<Record> linked;
  for (const auto& one : *merged) {
    for (const auto& link : *one.patient) {
      if (link.name != "link" || link.value_of("type") != "seealso") continue;
      const auto* other = link.child("other");
      auto found = record_at(site, other ? other->value_of("reference") : std::string_view());
      if (!found) return std::move(found.outcome());
      if (auto& named = *found) linked.push_back(std::move(*named));
    }
    auto linking = records(site, {{"link", "Patient/" + one.id}}, most_with_one_id);
    if (!linking) return linking;
    for (auto& other : *linking)
      if (link_between(other, one.id)) linked.push_back(std::move(other));
  }
  for (auto& one : linked) {
    auto end = survivor(site, std::move(one));
    if (!end) return std::move(end.outcome());
    if (auto& last = *end) all.push_back(std::move(*last));
  }
  return all;
}

}  // namespace

Result<std::optional<Record>> survivor(const Site& site, Record record) {
  for (std::size_t step = 0; step < longest_chain; ++step) {
    const auto next = replaced_by(*record.patient);
    if (next.empty()) return std::optional<Record>(std::move(record));
    auto found = record_at(site, next);
    if (!found) return found;
    if (!*found) break;
    record = std::move(**found);
  }
  return std::optional<Record>();
}

std::string_view replaced_by(const Node& patient) {
  for (const auto& link : patient) {
    if (link.name != "link" || link.value_of("type") != "replaced-by") continue;
    const auto* other = link.child("other");
    return other ? other->value_of("reference") : std::string_view();
  }
  return {};
}

Result<std::vector<Record>> with_merged(const Site& site, const Record& record) {
  std::vector<Record> all{record};
  for (std::size_t at = 0; at < all.size() && all.size() < most_in_group; ++at) {
    const Record current = all[at];
    for (const auto& link : *current.patient) {
      if (link.name != "link" || link.value_of("type") != "replaces") continue;
      const auto* other = link.child("other");
      auto found = record_at(site, other ? other->value_of("reference") : std::string_view());
      if (!found) return std::move(found.outcome());
      auto& replaced = *found;
      if (!replaced || replaced_by(*replaced->patient) != "Patient/" + current.id) continue;
      std::vector<Record> one;
      one.push_back(std::move(*replaced));
      keep_unseen(std::move(one), all);
    }
  }
  return all;
}

bool adopted(const Node& patient, const Id& id) {
  bool any = false;
  for (const auto& identifier : patient) {
    if (identifier.name != "identifier" || identifier.value_of("value") != id.value) continue;
    if (!id.system.empty() && identifier.value_of("system") != id.system) continue;
    const auto* mark = identifier.child("extension");
    if (!mark || mark->value_of("url") != adopted_from) return false;
    any = true;
  }
  return any;
}

bool is_account(const Node& identifier) {
  const auto* type = identifier.child("type");
  return type && std::any_of(type->begin(), type->end(), [](const Node& one) { return one.value_of("code") == "AN"; });
}

std::vector<Held> held_by(const Node& patient) {
  std::vector<Held> all;
  for (const auto& identifier : patient) {
    if (identifier.name != "identifier") continue;
    Held held{{std::string(identifier.value_of("system")), std::string(identifier.value_of("value"))}};
    if (held.id.system.empty() || held.id.value.empty()) continue;
    held.old = identifier.value_of("use") == "old";
    held.account = is_account(identifier);
    all.push_back(std::move(held));
  }
  return all;
}

std::string token_of(const Id& id) {
  std::string token;
  append_escaped(id.system, token);
  if (!id.system.empty()) token += '|';
  append_escaped(id.value, token);
  return token;
}

Result<Record> read_record(const fhir::Version& version) {
  Record record{version.id, version.version, std::make_shared<fhir::Arena>(8 * 1024), nullptr};
  auto raw = fhir::json::parse(record.arena->copy(version.body), *record.arena);
  if (!raw) return std::move(raw.outcome());
  std::vector<fhir::Issue> issues;
  record.patient = fhir::bind(*raw, *record.arena, issues);
  if (!record.patient) return Outcome(Kind::internal, "exception", "a stored Patient cannot be read");
  return record;
}

Result<std::optional<Record>> record_at(const Site& site, std::string_view reference) {
  if (!reference.starts_with("Patient/")) return std::optional<Record>();
  reference.remove_prefix(8);
  reference = reference.substr(0, reference.find('/'));
  auto version = site.snapshot.read(site.access, patient_type(), reference);
  if (!version) {
    const auto kind = version.outcome().kind;
    if (kind == Kind::absent || kind == Kind::gone) return std::optional<Record>();
    return std::move(version.outcome());
  }
  auto record = read_record(*version);
  if (!record) return std::move(record.outcome());
  return std::optional<Record>(std::move(*record));
}

Result<std::vector<Record>> records(const Site& site, const fhir::search::Parameters& parameters, std::size_t at_most) {
  auto query = fhir::search::parse(&patient_type(), parameters, site.base, false);
  if (!query) return std::move(query.outcome());
  return found_by(site, *query, at_most);
}

Node& editable(Record& record) {
  record.patient = &fhir::build::copy(*record.arena, *record.patient);
  return *record.patient;
}

bool add_link(Record& record, const std::string& id) {
  if (link_between(record, id)) return false;
  auto& link = fhir::build::add(*record.arena, editable(record), "link");
  fhir::build::add_reference(*record.arena, link, "other", "Patient/" + id);
  fhir::build::add(*record.arena, link, "type", "seealso");
  return true;
}

bool remove_link(Record& record, const std::string& id) {
  if (!link_between(record, id)) return false;
  editable(record);
  while (const auto* link = link_between(record, id)) fhir::build::remove(*record.patient, *link);
  return true;
}

Result<fhir::Write> write_of(const Site& site, const Record& record) {
  auto write = fhir::prepare(*record.patient, record.id, fhir::Method::update, site.base);
  if (!write) return write;
  match::add_keys(*record.patient, *write);
  write->if_version = record.version;
  write->if_version_planned = true;
  return write;
}

Result<Meant> meant_by(const Site& site, const Id& id) {
  auto query = fhir::search::parse(&patient_type(), {{"identifier", token_of(id)}}, site.base, false);
  if (!query) return std::move(query.outcome());
  auto found = found_by(site, *query, most_with_one_id);
  if (!found) return std::move(found.outcome());
  Meant meant;
  for (std::size_t i = 0; i < found->size() && i < most_expected; ++i) meant.expectation.ids.push_back((*found)[i].id);
  meant.expectation.query = std::move(*query);
  std::vector<Record> current, old, merged;
  for (auto& record : *found) {
    if (!replaced_by(*record.patient).empty()) {
      auto end = survivor(site, std::move(record));
      if (!end) return std::move(end.outcome());
      if (auto& last = *end) merged.push_back(std::move(*last));
    } else {
      (holds(record, id, false) ? current : old).push_back(std::move(record));
    }
  }
  if (!current.empty()) {
    meant.records = std::move(current);
    return meant;
  }
  keep_unseen(std::move(old), meant.records);
  keep_unseen(std::move(merged), meant.records);
  return meant;
}

Result<std::vector<Record>> resolve(const Site& site, const Id& id) {
  auto meant = meant_by(site, id);
  if (!meant) return std::move(meant.outcome());
  return std::move(meant->records);
}

Result<std::optional<Record>> find(const Site& site, const Id& id) {
  auto found = resolve(site, id);
  if (!found) return std::move(found.outcome());
  if (found->empty()) return std::optional<Record>();
  return std::optional<Record>(std::move(found->front()));
}

Result<std::vector<std::string>> with_subsumed(const Site& site, const std::string& id) {
  std::vector<std::string> ids{id};
  for (std::size_t at = 0; at < ids.size() && ids.size() < most_in_group; ++at) {
    auto linking = records(site, {{"link", "Patient/" + ids[at]}}, most_with_one_id);
    if (!linking) return std::move(linking.outcome());
    for (const auto& other : *linking)
      if (replaced_by(*other.patient) == "Patient/" + ids[at] &&
          std::find(ids.begin(), ids.end(), other.id) == ids.end())
        ids.push_back(other.id);
  }
  return ids;
}

Result<std::vector<Record>> group_of(const Site& site, std::vector<Record> records) {
  std::set<std::string> asked;
  for (std::size_t at = 0; at < records.size() && records.size() < most_in_group; ++at) {
    auto found = neighbours(site, records[at], asked);
    if (!found) return found;
    std::erase_if(*found, [](const Record& record) { return !replaced_by(*record.patient).empty(); });
    keep_unseen(std::move(*found), records);
  }
  return records;
}

Result<bool> of_one_person(const Site& site, std::span<const std::string> patients) {
  if (patients.size() < 2) return true;
  auto first = record_at(site, "Patient/" + patients.front());
  if (!first) return std::move(first.outcome());
  if (!*first) return false;
  const auto group = group_of(site, {std::move(**first)});
  if (!group) return group.outcome();
  return std::all_of(patients.begin(), patients.end(), [&](const std::string& id) {
    return std::any_of(group->begin(), group->end(), [&](const Record& record) { return record.id == id; });
  });
}

}  // namespace ihe::identity
