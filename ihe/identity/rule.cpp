// What every Patient obeys that is written, through whichever door: a national number of a strict domain must be right,
// and what Patient.link replaced-by says becomes true for the survivor: it adopts the identifiers, or gives them back
// when the link goes (unmerge). Each merge leaves a Provenance.
#include "fhir/rule.h"

#include <algorithm>

#include "fhir/build.h"
#include "fhir/bundle.h"
#include "fhir/value.h"
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

constexpr std::string_view life_cycle = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";

Result<bool> check_numbers(const Domains& domains, const fhir::Write& write) {
  for (const auto& row : write.rows) {
    if (row.parameter->code.view() != "identifier" || row.facet != fhir::search::Facet::value) continue;
    const auto* domain = domains.by_uri(row.value.system);
    if (!domain || domain->check != Domain::Check::strict || row.value.text.empty()) continue;
    if (const auto fault = any_matricule_fault(row.value.text); fault != MatriculeFault::none)
      return Outcome(Kind::unprocessable, "value", "The national number " + std::string(text_of(fault)),
                     "Patient.identifier");
  }
  return true;
}

bool mentions_replacement(std::string_view body) { return body.find("\"replaced-by\"") != std::string_view::npos; }

// The survivor as it will be: what the batch writes of it, else what is stored.
struct Survivor {
  Record record;
  std::optional<std::size_t> write;  // in the batch
};

class Merging {
 public:
  Merging(const Site& site, fhir::Batch& batch) : site_(site), batch_(batch) {}

  // From what the record was replaced by before to what it is replaced by now.
  Result<bool> run(std::size_t at, const std::string& before) {
    auto subsumed = of_write(at);
    if (!subsumed) return std::move(subsumed.outcome());
    if (auto named = name_by_reference(at, *subsumed); !named) return named;
    const std::string now(replaced_by(*subsumed->patient));
    if (now == before) return true;
    if (!before.empty())
      if (auto done = release(before, *subsumed); !done) return done;
    if (now.empty()) return add_provenance("unmerge", before, *subsumed);
    if (auto done = adopt(now, *subsumed); !done) return done;
    return add_provenance("merge", now, *subsumed);
  }

 private:
  Result<Record> of_write(std::size_t at) const {
    fhir::Version version;
    version.id = batch_.writes[at].id;
    version.body = fhir::stored_bytes(batch_.writes[at].body, 1, site_.now);
    return read_record(version);
  }

  // A link that names the survivor by identifier gets its reference.
  Result<bool> name_by_reference(std::size_t at, Record& record) {
    for (const auto& link : *record.patient) {
      if (link.name != "link" || link.value_of("type") != "replaced-by") continue;
      const auto* other = link.child("other");
      const auto* identifier = other ? other->child("identifier") : nullptr;
      if (!identifier || !other->value_of("reference").empty()) continue;
      const Id id{std::string(identifier->value_of("system")), std::string(identifier->value_of("value"))};
      auto survivor = find(site_, id);
      if (!survivor) return std::move(survivor.outcome());
      if (!*survivor)
        return Outcome(Kind::unprocessable, "not-found", "The identifier of the surviving patient is not known",
                       "Patient.link.other.identifier");
      auto& editable_other = const_cast<Node&>(*other);  // of our own copy
      fhir::build::add(*record.arena, editable_other, "reference", "Patient/" + (*survivor)->id);
      return put(at, record);
    }
    return true;
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
    for (std::size_t i = 0; i < batch_.writes.size(); ++i) {
      if (batch_.writes[i].type != type || batch_.writes[i].id != id) continue;
      if (batch_.writes[i].method == fhir::Method::remove) return std::optional<Survivor>();
      auto record = of_write(i);
      if (!record) return std::move(record.outcome());
      return std::optional<Survivor>({std::move(*record), i});
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

  Result<bool> adopt(const std::string& reference, const Record& subsumed) {
    auto found = survivor_of(reference);
    if (!found) return std::move(found.outcome());
    if (!*found)
      return Outcome(Kind::unprocessable, "not-found", "The surviving patient does not exist", "Patient.link.other");
    auto& survivor = **found;
    if (survivor.record.id == subsumed.id || !replaced_by(*survivor.record.patient).empty())
      return Outcome(Kind::unprocessable, "business-rule", "The surviving patient was itself replaced by another one",
                     "Patient.link.other");
    auto& arena = *survivor.record.arena;
    auto& patient = *survivor.record.patient;
    const auto held = held_by(patient);
    for (const auto& identifier : *subsumed.patient) {
      if (identifier.name != "identifier" || identifier.value_of("value").empty()) continue;
      const auto system = identifier.value_of("system");
      const auto has = [&](const Held& one) {
        return one.id.system == system && one.id.value == identifier.value_of("value");
      };
      if (system.empty() || std::any_of(held.begin(), held.end(), has)) continue;
      auto& adopted = fhir::build::add_copy(arena, patient, identifier);
      if (std::any_of(held.begin(), held.end(), [&](const Held& one) { return one.id.system == system && !one.old; }))
        fhir::build::set(arena, adopted, "use", "old");
      while (const auto* mark = adopted.child("extension")) fhir::build::remove(adopted, *mark);
      auto& mark = fhir::build::add(arena, adopted, "extension");
      fhir::build::add(arena, mark, "url", adopted_from);
      fhir::build::add_reference(arena, mark, "valueReference", "Patient/" + subsumed.id);
    }
    add_replaces(survivor.record, subsumed.id);
    return store(survivor);
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

  static bool came_from(const Node& node, const std::string& reference) {
    if (node.name == "identifier") {
      const auto* mark = node.child("extension");
      const auto* value = mark && mark->value_of("url") == adopted_from ? mark->child("valueReference") : nullptr;
      return value && value->value_of("reference") == reference;
    }
    if (node.name != "link" || node.value_of("type") != "replaces") return false;
    const auto* other = node.child("other");
    return other && other->value_of("reference") == reference;
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
      if (came_from(*child, from)) {
        fhir::build::remove(*survivor.record.patient, *child);
        changed = true;
      }
      child = next;
    }
    return changed ? store(survivor) : Result<bool>(true);
  }

  // FHIR R4: http://hl7.org/fhir/R4/provenance.html
  Result<bool> add_provenance(std::string_view activity, const std::string& survivor, const Record& subsumed) {
    fhir::Arena arena;
    auto& provenance = fhir::build::resource(arena, "Provenance");
    fhir::build::add_reference(arena, provenance, "target", survivor);
    fhir::build::add_reference(arena, provenance, "target", "Patient/" + subsumed.id);
    fhir::build::add(arena, provenance, "recorded", fhir::instant_text(site_.now));
    fhir::build::add_concept(arena, provenance, "activity", life_cycle, activity);
    auto& agent = fhir::build::add(arena, provenance, "agent");
    auto& who = fhir::build::add(arena, agent, "who");
    fhir::build::add(arena, who, "display", site_.access.subject.empty() ? "anonymous" : site_.access.subject);
    auto write = fhir::prepare(provenance, site_.ids.next(site_.now), fhir::Method::create, site_.base);
    if (!write) return std::move(write.outcome());
    write->if_version = 0;
    batch_.writes.push_back(std::move(*write));
    return true;
  }

  const Site& site_;
  fhir::Batch& batch_;
};

// What the stored record is replaced by, "" for nothing.
Result<std::string> replaced_before(const fhir::RuleSite& site, const fhir::Write& write) {
  if (write.method == fhir::Method::create) return std::string();
  auto version = site.snapshot.read(site.access, *write.type, write.id);
  if (!version || !mentions_replacement(version->body)) return std::string();
  auto record = read_record(*version);
  if (!record) return std::move(record.outcome());
  return std::string(replaced_by(*record->patient));
}

Result<bool> run(const fhir::RuleSite& rule_site, fhir::Batch& batch, std::size_t at) {
  const auto& write = batch.writes[at];
  if (write.method == fhir::Method::remove) return true;
  if (auto done = check_numbers(rule_site.settings.domains, write); !done) return done;
  auto before = replaced_before(rule_site, write);
  if (!before) return std::move(before.outcome());
  if (before->empty() && !mentions_replacement(write.body.bytes)) return true;
  const Site site{rule_site.snapshot, rule_site.access, rule_site.settings,
                  rule_site.base,     rule_site.now,    rule_site.ids};
  return Merging(site, batch).run(at, *before);
}

}  // namespace
}  // namespace ihe::identity

namespace fhir::rules {

extern constinit const Rule patient_identity{.name = "patient-identity", .types = "Patient", .run = ihe::identity::run};

}  // namespace fhir::rules
