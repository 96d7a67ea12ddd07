// What every Patient obeys that is written, through whichever door: a national number of a strict domain must be right,
// and what Patient.link replaced-by says becomes true for the survivor: it adopts the identifiers, those that come
// later as well, and gives them back when the link goes (unmerge), for which the record must say that it is active
// again: a source that writes it anew knows nothing of the merge. Each merge leaves a Provenance.
#include "fhir/rule.h"

#include <algorithm>
#include <set>

#include "fhir/build.h"
#include "fhir/bundle.h"
#include "fhir/incoming.h"
#include "fhir/value.h"
#include "ihe/identity/matricule.h"
#include "ihe/identity/provenance.h"
#include "ihe/identity/record.h"
#include "ihe/match/candidates.h"
#include "ihe/settings.h"

namespace ihe::identity {
namespace {

using fhir::Kind;
using fhir::Node;
using fhir::Outcome;
using fhir::Result;

// The audit record of a number that is taken over though it breaks its rule: DICOM's "Patient Record", a warning.
// FHIR R4: http://hl7.org/fhir/R4/auditevent.html
Result<fhir::Write> suspicion(const fhir::RuleSite& site, const std::string& patient, MatriculeFault fault) {
  constexpr std::string_view dicom = "http://dicom.nema.org/resources/ontology/DCM";
  fhir::Arena arena;
  auto& event = fhir::build::resource(arena, "AuditEvent");
  fhir::build::add_coding(arena, event, "type", dicom, "110110", "Patient Record");
  fhir::build::add(arena, event, "recorded", fhir::instant_text(site.now));
  fhir::build::add(arena, event, "outcome", "4");
  fhir::build::add(arena, event, "outcomeDesc", "The national number " + std::string(text_of(fault)));
  auto& agent = fhir::build::add(arena, event, "agent");
  fhir::build::add(arena, fhir::build::add(arena, agent, "who"), "display",
                   site.access.subject.empty() ? "anonymous" : site.access.subject);
  fhir::build::add(arena, agent, "requestor", "true");
  auto& source = fhir::build::add(arena, event, "source");
  fhir::build::add(arena, fhir::build::add(arena, source, "observer"), "display", "alzette");
  fhir::build::add_reference(arena, fhir::build::add(arena, event, "entity"), "what", "Patient/" + patient);
  auto write = fhir::prepare(event, site.ids.next(site.now), fhir::Method::create, site.base);
  if (write) write->if_version = 0;
  return write;
}

// Faults are refused where the domain's check is strict, and recorded where it warns.
Result<std::optional<MatriculeFault>> check_numbers(const Domains& domains, const fhir::Write& write) {
  std::optional<MatriculeFault> suspect;
  for (const auto& row : write.rows) {
    if (row.parameter->code.view() != "identifier" || row.facet != fhir::search::Facet::value) continue;
    const auto* domain = domains.by_uri(row.value.system);
    if (!domain || domain->check == Domain::Check::none || row.value.text.empty()) continue;
    const auto fault = any_matricule_fault(row.value.text);
    if (fault == MatriculeFault::none) continue;
    if (domain->check == Domain::Check::strict)
      return Outcome(Kind::unprocessable, "value", "The national number " + std::string(text_of(fault)),
                     "Patient.identifier");
    suspect = fault;
  }
  return suspect;
}

bool mentions_replacement(std::string_view body) { return body.find("\"replaced-by\"") != std::string_view::npos; }

// The survivor as it will be: what the batch writes of it, else what is stored.
struct Survivor {
  Record record;
  std::optional<std::size_t> write;  // in the batch
};

class Merging {
 public:
  Merging(const Site& site, fhir::Batch& batch, fhir::WritesByName& writes)
      : site_(site), batch_(batch), writes_(writes) {}

  // A source that writes its record anew knows nothing of what was merged into it: that stays.
  Result<bool> keep_adopted(std::size_t at, const fhir::Version& stored) {
    auto record = of_write(at);
    if (!record) return std::move(record.outcome());
    const auto known = read_record(stored);
    if (!known) return known.outcome();
    bool changed = false;
    for (const auto& element : *known->patient) {
      if (origin_of(element).empty() || repeats(*record->patient, element) || !still_brought(element, record->id))
        continue;
      fhir::build::add_copy(*record->arena, *record->patient, element);
      changed = true;
    }
    return changed ? put(at, *record) : Result<bool>(true);
  }

  // From what the record was before to what it is replaced by now. `known`: as it is stored, null for a new one.
  Result<bool> run(std::size_t at, const Record* known) {
    auto subsumed = of_write(at);
    if (!subsumed) return std::move(subsumed.outcome());
    if (auto done = complete(at, *subsumed); !done) return done;
    const std::string before(known ? replaced_by(*known->patient) : std::string_view());
    const std::string now(replaced_by(*subsumed->patient));
    const bool stays = now == before;
    if (stays && (now.empty() || held_by(*known->patient) == held_by(*subsumed->patient))) return true;
    if (now.empty() && subsumed->patient->value_of("active") != "true")
      return Outcome(Kind::unprocessable, "business-rule",
                     "The patient was merged into " + before +
                         ": keep its link replaced-by, or say \"active\": true to take the merge back",
                     "Patient.link");
    if (!before.empty())
      if (auto done = release(before, *subsumed); !done) return done;
    if (now.empty()) return add_provenance("unmerge", before, *subsumed);
    if (auto done = adopt(now, *subsumed, !stays); !done) return done;
    return stays ? Result<bool>(true) : add_provenance("merge", now, *subsumed);
  }

  // The record goes, and what it is called with it.
  Result<bool> remove(const Record& known) {
    const std::string survivor(replaced_by(*known.patient));
    return survivor.empty() ? Result<bool>(true) : release(survivor, known);
  }

 private:
  Result<Record> of_write(std::size_t at) const {
    fhir::Version version;
    version.id = batch_.writes[at].id;
    version.body = fhir::stored_bytes(batch_.writes[at].body, 1, site_.now);
    return read_record(version);
  }

  // A link that names the survivor by identifier gets its reference; who is replaced is not active (PMIR, ITI-93).
  Result<bool> complete(std::size_t at, Record& record) {
    bool replaced = false, changed = false;
    for (const auto& link : *record.patient) {
      if (link.name != "link" || link.value_of("type") != "replaced-by") continue;
      replaced = true;
      const auto* other = link.child("other");
      const auto* identifier = other ? other->child("identifier") : nullptr;
      if (!identifier || !other->value_of("reference").empty()) continue;
      const Id id{std::string(identifier->value_of("system")), std::string(identifier->value_of("value"))};
      if (id.system.empty() || id.value.empty())
        return Outcome(Kind::unprocessable, "required",
                       "The surviving patient is named by a reference, or by an identifier with its system",
                       "Patient.link.other.identifier");
      auto found = find(site_, id);
      if (!found) return std::move(found.outcome());
      const auto& survivor = *found;
      if (!survivor)
        return Outcome(Kind::unprocessable, "not-found", "The identifier of the surviving patient is not known",
                       "Patient.link.other.identifier");
      auto& editable_other = const_cast<Node&>(*other);  // of our own copy
      fhir::build::add(*record.arena, editable_other, "reference", "Patient/" + survivor->id);
      changed = true;
    }
    if (replaced && record.patient->value_of("active") != "false") {
      fhir::build::set(*record.arena, *record.patient, "active", "false");
      changed = true;
    }
    return changed ? put(at, record) : Result<bool>(true);
  }

  Result<bool> put(std::size_t at, const Record& record) {
    auto laid = fhir::lay_out(*record.patient, record.id, batch_.writes[at].method, site_.base);
    if (!laid) return std::move(laid.outcome());
    batch_.writes[at].body = std::move(laid->body);
    batch_.writes[at].rows = std::move(laid->rows);
    match::add_keys(*record.patient, batch_.writes[at]);
    return true;
  }

  Result<std::optional<Survivor>> survivor_of(const std::string& reference) {
    if (!reference.starts_with("Patient/"))
      return Outcome(Kind::unprocessable, "value", "A patient is replaced by another Patient of this server",
                     "Patient.link.other");
    const auto id = reference.substr(8, reference.find('/', 8) - 8);
    const auto* type = fhir::definitions().resource("Patient");
    if (const auto* write = writes_.find(*type, id)) {
      if (write->method == fhir::Method::remove) return std::optional<Survivor>();
      const auto at = static_cast<std::size_t>(write - batch_.writes.data());
      auto record = of_write(at);
      if (!record) return std::move(record.outcome());
      return std::optional<Survivor>({std::move(*record), at});
    }
    auto version = site_.snapshot.read(site_.access, *type, id);
    if (!version) return std::optional<Survivor>();
    auto record = read_record(*version);
    if (!record) return std::move(record.outcome());
    return std::optional<Survivor>({std::move(*record), std::nullopt});
  }

  Result<bool> store(Survivor& survivor) {
    if (survivor.write) return put(*survivor.write, survivor.record);
    auto write = write_of(site_, survivor.record);
    if (!write) return std::move(write.outcome());
    batch_.writes.push_back(std::move(*write));
    return true;
  }

  // `anew`: by a merge of this commit.
  Result<bool> adopt(const std::string& reference, const Record& subsumed, bool anew) {
    auto found = survivor_of(reference);
    if (!found) return std::move(found.outcome());
    if (!*found && !anew) return true;  // the survivor has gone since
    if (!*found)
      return Outcome(Kind::unprocessable, "not-found", "The surviving patient does not exist", "Patient.link.other");
    auto& survivor = **found;
    if (anew && (survivor.record.id == subsumed.id || !replaced_by(*survivor.record.patient).empty()))
      return Outcome(Kind::unprocessable, "business-rule", "The surviving patient was itself replaced by another one",
                     "Patient.link.other");
    auto& arena = *survivor.record.arena;
    auto& patient = *survivor.record.patient;
    const auto held = held_by(patient);
    const auto domains = domains_of_merge(*subsumed.patient);
    for (const auto& identifier : *subsumed.patient) {
      if (identifier.name != "identifier" || identifier.value_of("value").empty()) continue;
      const auto system = identifier.value_of("system");
      const auto has = [&](const Held& one) {
        return one.id.system == system && one.id.value == identifier.value_of("value");
      };
      if (system.empty() || std::any_of(held.begin(), held.end(), has)) continue;
      auto& adopted = fhir::build::add_copy(arena, patient, identifier);
      const auto other = [&](const Held& one) { return one.id.system == system && !one.old; };
      // Nobody has two national numbers.
      const bool merged = domains.empty() || domains.contains(system) || site_.settings.domains.is_national(system);
      if (merged && std::any_of(held.begin(), held.end(), other)) fhir::build::set(arena, adopted, "use", "old");
      while (const auto* mark = adopted.child("extension")) fhir::build::remove(adopted, *mark);
      auto& mark = fhir::build::add(arena, adopted, "extension");
      fhir::build::add(arena, mark, "url", adopted_from);
      fhir::build::add_reference(arena, mark, "valueReference", "Patient/" + subsumed.id);
    }
    add_replaces(survivor.record, subsumed.id);
    return store(survivor);
  }

  // The domains in which the record was merged into another: those of the links' identifiers, where it has one there
  // too; none for all.
  static std::set<std::string_view> domains_of_merge(const Node& patient) {
    const auto held = held_by(patient);
    std::set<std::string_view> domains;
    for (const auto& link : patient) {
      if (link.name != "link" || link.value_of("type") != "replaced-by") continue;
      const auto* other = link.child("other");
      const auto* identifier = other ? other->child("identifier") : nullptr;
      const auto system = identifier ? identifier->value_of("system") : std::string_view();
      const bool both = std::any_of(held.begin(), held.end(), [&](const Held& one) { return one.id.system == system; });
      if (!both) return {};
      domains.insert(system);
    }
    return domains;
  }

  static void add_replaces(Record& record, const std::string& id) {
    for (const auto& link : *record.patient) {
      const auto* other = link.name == "link" ? link.child("other") : nullptr;
      if (other && link.value_of("type") == "replaces" && other->value_of("reference") == "Patient/" + id) return;
    }
    auto& link = fhir::build::add(*record.arena, *record.patient, "link");
    fhir::build::add_reference(*record.arena, link, "other", "Patient/" + id);
    fhir::build::add(*record.arena, link, "type", "replaces");
  }

  // The record that brought an identifier or a link in a merge: "Patient/1", "" for what came otherwise.
  static std::string_view origin_of(const Node& node) {
    const Node* value = nullptr;
    if (node.name == "identifier") {
      const auto* mark = node.child("extension");
      value = mark && mark->value_of("url") == adopted_from ? mark->child("valueReference") : nullptr;
    } else if (node.name == "link" && node.value_of("type") == "replaces") {
      value = node.child("other");
    }
    return value ? value->value_of("reference") : std::string_view();
  }

  static bool repeats(const Node& patient, const Node& element) {
    return std::any_of(patient.begin(), patient.end(), [&](const Node& other) {
      if (other.name != element.name) return false;
      if (element.name == "link") return origin_of(other) == origin_of(element);
      return other.value_of("system") == element.value_of("system") &&
             other.value_of("value") == element.value_of("value");
    });
  }

  // Whether the record that brought an identifier or a link has it still, after this batch, and is replaced by `id`.
  bool still_brought(const Node& element, const std::string& id) {
    const auto found = survivor_of(std::string(origin_of(element)));
    if (!found) return false;
    const auto& origin = *found;
    if (!origin || replaced_by(*origin->record.patient) != "Patient/" + id) return false;
    return element.name == "link" || repeats(*origin->record.patient, element);
  }

  Result<bool> release(const std::string& reference, const Record& subsumed) {
    auto found = survivor_of(reference);
    if (!found) return std::move(found.outcome());
    if (!*found) return true;
    auto& survivor = **found;
    const auto from = "Patient/" + subsumed.id;
    bool changed = false;
    for (const Node* child = survivor.record.patient->first; child;) {
      const auto* next = child->next;
      if (origin_of(*child) == from) {
        fhir::build::remove(*survivor.record.patient, *child);
        changed = true;
      }
      child = next;
    }
    return changed ? store(survivor) : Result<bool>(true);
  }

  Result<bool> add_provenance(std::string_view activity, const std::string& survivor, const Record& subsumed) {
    auto write = provenance(site_, activity, {survivor, "Patient/" + subsumed.id});
    if (!write) return std::move(write.outcome());
    batch_.writes.push_back(std::move(*write));
    return true;
  }

  const Site& site_;
  fhir::Batch& batch_;
  fhir::WritesByName& writes_;
};

Result<bool> run(const fhir::RuleSite& rule_site, fhir::Batch& batch, std::size_t at) {
  const auto& write = batch.writes[at];
  const auto checked = check_numbers(rule_site.settings.domains, write);
  if (!checked) return checked.outcome();
  std::optional<fhir::Version> stored;
  if (write.method != fhir::Method::create)
    if (auto version = rule_site.snapshot.read(rule_site.access, *write.type, write.id)) stored = std::move(*version);
  const bool replaced = stored && mentions_replacement(stored->body);
  const bool removes = write.method == fhir::Method::remove;
  const bool adopted_any = !removes && stored && stored->body.find(adopted_from) != std::string::npos;
  const bool merges = replaced || adopted_any || mentions_replacement(write.body.bytes);
  if (const auto& suspect = *checked) {
    auto event = suspicion(rule_site, write.id, *suspect);
    if (!event) return std::move(event.outcome());
    batch.writes.push_back(std::move(*event));
  }
  if (!merges) return true;
  std::optional<Record> known;
  if (replaced) {
    auto record = read_record(*stored);
    if (!record) return std::move(record.outcome());
    known = std::move(*record);
  }
  const Site site{rule_site.snapshot, rule_site.access, rule_site.settings,
                  rule_site.base,     rule_site.now,    rule_site.ids};
  Merging merging(site, batch, *rule_site.writes);
  if (removes) return merging.remove(*known);
  if (adopted_any)
    if (auto kept = merging.keep_adopted(at, *stored); !kept) return kept;
  return merging.run(at, known ? &*known : nullptr);
}

}  // namespace
}  // namespace ihe::identity

namespace fhir::rules {

extern constinit const Rule patient_identity{.name = "patient-identity", .types = "Patient", .run = ihe::identity::run};

}  // namespace fhir::rules
