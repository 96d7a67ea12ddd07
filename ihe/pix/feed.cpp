// The events of v2 feeds.
#include "ihe/pix/feed.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "fhir/digest.h"
#include "fhir/hex.h"
#include "fhir/value.h"
#include "ihe/pix/move_account.h"
#include "ihe/pix/move_visits.h"
#include "ihe/pix/patient.h"
#include "ihe/pix/pid.h"
#include "ihe/pix/visit.h"
#include "ihe/settings.h"
#include "ihe/wire/acknowledge.h"
#include "ihe/xds/link_change.h"

namespace ihe::pix {
namespace {

using fhir::Kind;
using fhir::Outcome;
using fhir::Result;
using hl7v2::Segment;
using identity::Duplicate;
using identity::Id;
using identity::Named;

Outcome fault(std::string place, std::string_view code, std::string text) {
  return {Kind::unprocessable, code, std::move(text), std::move(place)};
}

// What stands in a second group, or behind the last one, would be passed over in silence.
Outcome too_many(const std::string& segment, std::size_t sequence) {
  return fault(segment + "^" + std::to_string(sequence), "structure", "The message has more of them than it can tell");
}

Outcome missing(const std::string& segment) { return fault(segment + "^1", "structure", "The segment is missing"); }

// MSH-3|MSH-4, their first components.
std::string feeder_of(const hl7v2::Message& message) {
  return message.header(3).component(1) + "|" + message.header(4).component(1);
}

// What PID says and is suspect: as an outcome that refuses nothing.
Outcome warnings_of(const Site& site, const fhir::Node& patient) {
  Outcome outcome(Kind::unprocessable);
  outcome.issues = identity::warnings_of(site.settings, patient);
  return in_pid(std::move(outcome));
}

Plan accept(const Site& site, const hl7v2::Message& message, fhir::Batch batch, const Outcome& warnings = {}) {
  Plan plan;
  for (const auto& write : batch.writes)
    if (write.type->name.view() == "Patient") plan.audited.patients.push_back("Patient/" + write.id);
  plan.answer.bytes = hl7v2::acknowledge(message, "AA", hl7v2::faults_of(warnings), site.now);
  plan.batch = std::move(batch);
  return plan;
}

// The first identifier of PID-3 or MRG-1.
Result<Named> id_of(const Site& site, const hl7v2::Message& message, const Segment& segment, std::size_t field,
                    const std::string& place) {
  for (const auto& cx : message.repetitions(segment, field)) {
    Named named{read_cx(site, cx), place};
    if (named.id.value.empty()) return fault(place + "^1^1", "required", "The identifier has no value");
    if (named.id.system.empty()) return fault(place + "^1^4", "required", "The identifier has no assigning authority");
    return named;
  }
  return fault(place, "required", "There is no identifier");
}

// All that MRG-1 and PID-3 name in one domain, which are of one patient in that domain: HL7 v2.5 3.3.40, ITI TF-2
// 3.8.4.2.2. The national number is everybody's, and tells two patients apart only where nothing else does.
Result<std::vector<Duplicate>> duplicates_in(const Site& site, const hl7v2::Message& message, std::size_t group) {
  const auto* pid = message.find("PID", group);
  if (!pid) return missing("PID");
  const auto& mrg = *message.find("MRG", group);
  const auto sequence = std::to_string(group + 1);
  const auto subsumed = id_of(site, message, mrg, 1, "MRG^" + sequence + "^1");
  if (!subsumed) return subsumed.outcome();
  const auto place = "PID^" + sequence + "^3";
  std::vector<Id> ids;  // of PID-3
  for (const auto& cx : message.repetitions(*pid, 3))
    if (auto id = read_cx(site, cx); !id.value.empty()) ids.push_back(std::move(id));
  std::vector<Duplicate> own, national;
  std::size_t repetition = 0;
  for (const auto& prior : message.repetitions(mrg, 1)) {
    Named named{read_cx(site, prior), subsumed->place};
    if (++repetition > 1) named.place += "^" + std::to_string(repetition);
    const auto& system = named.id.system;
    if (named.id.value.empty() || system.empty()) continue;
    const auto same = std::find_if(ids.begin(), ids.end(), [&](const Id& id) { return id.system == system; });
    if (same == ids.end()) continue;
    auto& duplicates = site.settings.domains.is_national(system) ? national : own;
    duplicates.push_back({{*same, place}, std::move(named)});
  }
  if (own.empty()) own = std::move(national);
  if (!own.empty()) return own;
  const auto surviving = id_of(site, message, *pid, 3, place);
  if (!surviving) return surviving.outcome();
  own.push_back({*surviving, *subsumed});  // of two domains, which is refused
  return own;
}

// Those of a second batch behind those of the first; a resource cannot be changed twice at once.
Result<bool> append(fhir::Batch& batch, fhir::Batch more) {
  for (const auto& write : more.writes)
    for (const auto& before : batch.writes)
      if (write.type == before.type && write.id == before.id)
        return fault("PID^1", "business-rule", "The message changes one patient twice; send a message for each change");
  std::move(more.writes.begin(), more.writes.end(), std::back_inserter(batch.writes));
  std::move(more.expect.begin(), more.expect.end(), std::back_inserter(batch.expect));
  return true;
}

using TwoIds = Result<fhir::Batch> (*)(const Site&, const Named&, const Named&);

Result<Plan> with_two_pids(const Site& site, const hl7v2::Message& message, TwoIds work) {
  const auto* first = message.find("PID");
  const auto* second = message.find("PID", 1);
  if (!first || !second) return missing("PID");
  if (message.find("PID", 2)) return too_many("PID", 3);
  const auto one = id_of(site, message, *first, 3, "PID^1^3");
  if (!one) return one.outcome();
  const auto other = id_of(site, message, *second, 3, "PID^2^3");
  if (!other) return other.outcome();
  auto batch = work(site, *one, *other);
  if (!batch) return std::move(batch.outcome());
  return accept(site, message, std::move(*batch));
}

Result<Plan> add_or_revise(const Site& site, const hl7v2::Message& message) {
  const auto* pid = message.find("PID");
  if (!pid) return missing("PID");
  if (message.find("PID", 1)) return fault("PID^2", "structure", "The message speaks of one patient");
  auto told = read_pid(site, message, *pid);
  if (!told) return std::move(told.outcome());
  const auto* pv1 = message.find("PV1");
  const bool of_visit = pv1 && !message.first(*pv1, 19).empty();
  auto fed = identity::feed(site, {told->patient, told->mother, told->cleared, feeder_of(message), of_visit});
  if (!fed) return in_pid(std::move(fed.outcome()));
  if (pv1) {
    auto read = read_visit(site, message, *pv1, fed->patient);
    if (!read) return std::move(read.outcome());
    if (auto& visit = *read) fed->batch.writes.push_back(std::move(*visit));
  }
  auto plan = accept(site, message, std::move(fed->batch), warnings_of(site, *told->patient));
  if (plan.audited.patients.empty()) plan.audited.patients.push_back("Patient/" + fed->patient);
  plan.audited.action = fed->created ? 'C' : 'U';
  return plan;
}

Result<Plan> merge(const Site& site, const hl7v2::Message& message) {
  fhir::Batch all{site.access, {}, {}};
  std::vector<std::string> patients;  // as the message names them
  std::size_t count = 0;
  for (; message.find("MRG", count); ++count) {
    const auto duplicates = duplicates_in(site, message, count);
    if (!duplicates) return duplicates.outcome();
    auto batch = identity::merge(site, *duplicates, feeder_of(message));
    if (!batch) return std::move(batch.outcome());
    if (auto done = append(all, std::move(*batch)); !done) return std::move(done.outcome());
    for (const auto& one : *duplicates)
      for (const auto* named : {&one.surviving, &one.subsumed})
        patients.push_back(named->id.system + "|" + named->id.value);
  }
  if (count == 0) return missing("MRG");
  if (message.find("PID", count)) return too_many("PID", count + 1);
  auto plan = accept(site, message, std::move(all));
  std::move(patients.begin(), patients.end(), std::back_inserter(plan.audited.patients));
  return plan;
}

Result<Plan> change_identifier(const Site& site, const hl7v2::Message& message) {
  const auto* pid = message.find("PID");
  const auto* mrg = message.find("MRG");
  if (!pid || !mrg) return missing(pid ? "MRG" : "PID");
  if (message.find("PID", 1)) return too_many("PID", 2);
  const auto next = id_of(site, message, *pid, 3, "PID^1^3");
  if (!next) return next.outcome();
  const auto prior = id_of(site, message, *mrg, 1, "MRG^1^1");
  if (!prior) return prior.outcome();
  auto batch = identity::change_identifier(site, *prior, *next, feeder_of(message));
  if (!batch) return std::move(batch.outcome());
  return accept(site, message, std::move(*batch));
}

Result<Plan> link(const Site& site, const hl7v2::Message& message) {
  return with_two_pids(site, message, identity::link);
}

Result<Plan> unlink(const Site& site, const hl7v2::Message& message) {
  return with_two_pids(site, message, identity::unlink);
}

// The documents that came under a local identifier go where it goes; who sends the message says so by an OID in MSH-3
// (ITI TF-2 3.64.4.1.2.1).
Result<bool> move_documents(const Site& site, const hl7v2::Message& message, const identity::LinkChange& change,
                            fhir::Batch& batch) {
  const auto cx_of = [&](const Named& named) { return xds::Cx{named.id.value, oid_of(site, named.id.system), {}, {}}; };
  xds::LinkChange link{cx_of(change.now), cx_of(change.before), cx_of(change.local), std::nullopt, {}};
  if (change.subsumed) link.subsumed = cx_of(*change.subsumed);
  const auto application = message.header(3);
  link.sender = application.component(2).empty() ? application.component(1) : application.component(2);
  if (link.before.authority.empty() || link.local.authority.empty()) return true;  // documents name both by OIDs
  return xds::change_link(site, link, batch);
}

Result<Plan> change_link(const Site& site, const hl7v2::Message& message) {
  const auto* pid = message.find("PID");
  const auto* mrg = message.find("MRG");
  if (!pid || !mrg) return missing(pid ? "MRG" : "PID");
  if (message.find("PID", 1)) return too_many("PID", 2);
  const auto before = id_of(site, message, *mrg, 1, "MRG^1^1");
  if (!before) return before.outcome();
  // The affinity domain is that of MRG-1's first identifier; PID-3 has its new one and the local one in any order.
  std::optional<Named> now, local;
  for (const auto& cx : message.repetitions(*pid, 3)) {
    Named named{read_cx(site, cx), "PID^1^3"};
    auto& one = named.id.system == before->id.system ? now : local;
    if (one) return fault("PID^1^3", "value", "PID-3 has the new identifier of the affinity domain and one local one");
    one = std::move(named);
  }
  if (!now) return fault("PID^1^3", "required", "PID-3 has no identifier of the affinity domain");
  if (!local) return fault("PID^1^3", "required", "PID-3 has no local identifier");
  identity::LinkChange change{*now, *before, *local, std::nullopt};
  for (const auto& cx : message.repetitions(*mrg, 1)) {
    Named named{read_cx(site, cx), "MRG^1^1"};
    if (named.id.system == local->id.system && named.id != local->id) change.subsumed = std::move(named);
  }
  auto batch = identity::change_link(site, change, feeder_of(message));
  if (!batch) return std::move(batch.outcome());
  if (auto done = move_visits(site, change, *batch); !done) return std::move(done.outcome());
  if (auto done = move_documents(site, message, change, *batch); !done) return std::move(done.outcome());
  auto plan = accept(site, message, std::move(*batch));
  for (const auto* named : {&change.now, &change.before, &change.local})
    plan.audited.patients.push_back(named->id.system + "|" + named->id.value);
  if (const auto& subsumed = change.subsumed)
    plan.audited.patients.push_back(subsumed->id.system + "|" + subsumed->id.value);
  return plan;
}

Result<Plan> move_account(const Site& site, const hl7v2::Message& message) {
  const auto* pid = message.find("PID");
  const auto* mrg = message.find("MRG");
  if (!pid || !mrg) return missing(pid ? "MRG" : "PID");
  if (message.find("PID", 1)) return too_many("PID", 2);
  const auto to = id_of(site, message, *pid, 3, "PID^1^3");
  if (!to) return to.outcome();
  const auto from = id_of(site, message, *mrg, 1, "MRG^1^1");
  if (!from) return from.outcome();
  AccountMove move{
      *to, *from, {read_cx(site, message.first(*mrg, 3)), "MRG^1^3"}, read_cx(site, message.first(*pid, 18))};
  if (move.account.id.value.empty())
    return fault(move.account.place, "required", "The account to be moved is not named");
  if (move.named.value.empty()) move.named = move.account.id;
  auto batch = pix::move_account(site, move, feeder_of(message));
  if (!batch) return std::move(batch.outcome());
  return accept(site, message, std::move(*batch));
}

// A message is the same when all its bytes are; its audit record goes by that name. The time of the message comes
// first, so that the names of a feed lie beside each other in the store.
std::string name_of(const hl7v2::Message& message) {
  constexpr std::string_view digits = "0123456789";
  constexpr std::size_t to_the_second = 14;
  const auto time = message.header(7).component(1).substr(0, to_the_second);
  const auto when = time.find_first_not_of(digits) == std::string::npos && !time.empty() ? time + "-" : std::string();
  return "v2-" + when + fhir::to_hex(fhir::sha256(message.text)).substr(0, 40);
}

// When the message was carried out, if it was: it is in the store with its effect, or neither is.
std::optional<std::int64_t> done_before(const Site& site, const std::string& name) {
  const auto found = site.snapshot.read(site.access, *fhir::definitions().resource("AuditEvent"), name);
  if (!found) return std::nullopt;
  constexpr std::string_view member = "\"recorded\":\"";
  const auto at = found->body.find(member);
  const auto text = at == std::string::npos ? std::string() : found->body.substr(at + member.size(), 24);
  const auto recorded = fhir::parse_date_time(text);
  return recorded ? recorded->low : found->last_updated;
}

// The acknowledgement of the first time; nothing is done again.
Plan again(const Site& site, const hl7v2::Message& message, std::int64_t then, bool adds_or_revises) {
  Plan plan;
  Outcome warnings;
  const auto* pid = adds_or_revises ? message.find("PID") : nullptr;
  if (pid)
    if (const auto told = read_pid(site, message, *pid)) warnings = warnings_of(site, *told->patient);
  plan.answer.bytes = hl7v2::acknowledge(message, "AA", hl7v2::faults_of(warnings), then);
  return plan;
}

struct Event {
  std::string_view code;
  Result<Plan> (*run)(const Site&, const hl7v2::Message&);
};
constexpr std::array<Event, 6> special{{{"A40", merge},
                                        {"A47", change_identifier},
                                        {"A24", link},
                                        {"A37", unlink},
                                        {"A43", change_link},
                                        {"A44", move_account}}};

}  // namespace

Result<Plan> feed(const Site& site, const Message& message) {
  const auto once = name_of(*message.v2);
  const auto event = message.v2->header(9).component(2);
  const auto found = std::find_if(special.begin(), special.end(), [&](const Event& one) { return one.code == event; });
  if (const auto done = done_before(site, once)) return again(site, *message.v2, *done, found == special.end());
  auto plan = found == special.end() ? add_or_revise(site, *message.v2) : found->run(site, *message.v2);
  if (plan) plan->audited.id = once;
  return plan;
}

}  // namespace ihe::pix
