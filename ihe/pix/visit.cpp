// PV1 to Encounter and back.
#include "ihe/pix/visit.h"

#include <algorithm>
#include <array>

#include "fhir/build.h"
#include "fhir/digest.h"
#include "fhir/hex.h"
#include "fhir/incoming.h"
#include "fhir/search/query.h"
#include "ihe/pix/pid.h"
#include "ihe/pix/systems.h"

namespace ihe::pix {
namespace {

using fhir::Node;
using fhir::Result;
using hl7v2::Repetition;

constexpr std::string_view act_code = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
constexpr std::string_view patient_class = "http://terminology.hl7.org/CodeSystem/v2-0004";
constexpr std::string_view hospital_service = "http://terminology.hl7.org/CodeSystem/v2-0069";
constexpr std::string_view participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
constexpr std::string_view visit_prefix = "visit-";
constexpr std::string_view place = "urn:x-alzette:v2-location";  // PL: point of care^room^bed^facility
constexpr std::string_view filed_under = "urn:x-alzette:visit-filed-under";
constexpr std::uint32_t most_visits = 10'000;  // of one patient, which a move takes along
constexpr std::uint64_t effort = 2'000'000;    // index rows that one search may look at
constexpr std::size_t most_versions = 200;     // of a visit, that are looked through for what it was

struct Pair {
  std::string_view v2, fhir;
};

// HL7's concept map from table 0004; other classes keep their code.
constexpr std::array<Pair, 4> classes{{{"E", "EMER"}, {"I", "IMP"}, {"O", "AMB"}, {"P", "PRENC"}}};

// What an event makes of a visit; one that is not here leaves the status as it is.
constexpr std::array<Pair, 15> statuses{{{"A01", "in-progress"},
                                         {"A04", "in-progress"},
                                         {"A06", "in-progress"},
                                         {"A07", "in-progress"},
                                         {"A13", "in-progress"},
                                         {"A22", "in-progress"},
                                         {"A52", "in-progress"},
                                         {"A05", "planned"},
                                         {"A14", "planned"},
                                         {"A03", "finished"},
                                         {"A21", "onleave"},
                                         {"A53", "onleave"},
                                         {"A11", "cancelled"},
                                         {"A27", "cancelled"},
                                         {"A38", "cancelled"}}};

struct Doctor {
  std::size_t field;
  std::string_view type;
};
constexpr std::array<Doctor, 4> doctors{{{7, "ATND"}, {8, "REF"}, {9, "CON"}, {17, "ADM"}}};

// With its zone a time is whole; without one only its day is certain.
std::optional<std::string> moment_of(const std::string& timestamp) {
  auto day = date_of(timestamp.substr(0, std::min<std::size_t>(timestamp.size(), 8)));
  const auto zone = timestamp.find_first_of("+-");
  if (!day || day->size() != 10 || zone == std::string::npos || zone < 12 || timestamp.size() != zone + 5) return day;
  const auto seconds = zone >= 14 ? timestamp.substr(12, 2) : "00";
  return *day + "T" + timestamp.substr(8, 2) + ":" + timestamp.substr(10, 2) + ":" + seconds +
         timestamp.substr(zone, 3) + ":" + timestamp.substr(zone + 3);
}

// "2026-01-31T08:05:00+01:00" as 20260131080500+0100.
std::string timestamp_of(std::string_view moment) {
  std::string text;
  for (std::size_t i = 0; i < moment.size(); ++i)
    if (moment[i] != ':' && moment[i] != 'T' && !(moment[i] == '-' && i < 10)) text += moment[i];
  return text;
}

class VisitReader {
 public:
  VisitReader(const Site& site, const hl7v2::Message& message, const hl7v2::Segment& pv1)
      : site_(site), message_(message), pv1_(pv1) {}

  Result<std::optional<fhir::Write>> read(const std::string& patient) {
    auto number = read_cx(site_, first(19));
    if (number.value.empty()) return std::optional<fhir::Write>();
    if (number.system.empty()) number.system = "urn:x-alzette:visits-of:" + message_.header(4).component(1);
    const auto* type = fhir::definitions().resource("Encounter");
    id_ = std::string(visit_prefix) + fhir::to_hex(fhir::sha256(number.system + "|" + number.value)).substr(0, 40);
    const auto stored = site_.snapshot.read(site_.access, *type, id_);
    if (!stored && status_of_event() == "cancelled") return std::optional<fhir::Write>();  // there is nothing to cancel
    auto known = stored ? fhir::receive(stored->body) : Result<fhir::Incoming>(fhir::Incoming{});
    if (!known) return std::move(known.outcome());
    encounter_ =
        known->resource ? &fhir::build::copy(arena_, *known->resource) : &fhir::build::resource(arena_, "Encounter");
    fill(number, patient, stored ? stored->version : 0);
    auto write = fhir::prepare(*encounter_, id_, stored ? fhir::Method::update : fhir::Method::create, site_.base);
    if (!write) return std::move(write.outcome());
    write->if_version = stored ? stored->version : 0;
    write->if_version_planned = true;
    return std::optional<fhir::Write>(std::move(*write));
  }

 private:
  Repetition first(std::size_t field) const { return message_.first(pv1_, field); }

  // What the message's event makes of a visit, "" for nothing.
  std::string_view status_of_event() const {
    const auto event = message_.header(9).component(2);
    const auto found = std::find_if(statuses.begin(), statuses.end(), [&](const Pair& one) { return one.v2 == event; });
    return found == statuses.end() ? std::string_view() : found->fhir;
  }

  // Whether it is about a movement of the past, and where the patient is now is another matter: ITI TF-2 3.31.6.1.
  bool is_historic() const {
    const auto* zbe = message_.find("ZBE");
    return zbe && message_.first(*zbe, 5).component(1) == "Y";
  }

  void fill(const identity::Id& number, const std::string& patient, std::int64_t version) {
    if (!encounter_->child("identifier")) {
      auto& identifier = fhir::build::add(arena_, *encounter_, "identifier");
      fhir::build::add_concept(arena_, identifier, "type", identifier_type, "VN");
      fhir::build::add(arena_, identifier, "system", number.system);
      fhir::build::add(arena_, identifier, "value", number.value);
    }
    if (const auto* subject = encounter_->child("subject");
        !subject || subject->value_of("reference") != "Patient/" + patient) {
      fhir::build::remove(*encounter_, "subject");
      fhir::build::add_reference(arena_, *encounter_, "subject", "Patient/" + patient);
      file_under_none(*encounter_);
    }
    if (const auto* pid = message_.find("PID"))
      for (const auto& cx : message_.repetitions(*pid, 3))
        if (const auto id = read_cx(site_, cx); !id.system.empty()) file_under(arena_, *encounter_, id);
    account();
    period();
    if (version == 0 || !is_historic()) movement(version);
  }

  // Where and with whom the patient is.
  void movement(std::int64_t version) {
    status(version);
    patient_class_of(first(2).component(1));
    if (const auto service = first(10).component(1); !service.empty()) {
      fhir::build::remove(*encounter_, "serviceType");
      fhir::build::add_concept(arena_, *encounter_, "serviceType", hospital_service, service);
    }
    for (const auto& doctor : doctors) participants(doctor);
    location(first(3));
  }

  void status(std::int64_t version) {
    auto status = status_of_event();
    // A cancelled admission leaves what was before it: ITI TF-2 3.31.7.2.4.
    if (message_.header(9).component(2) == "A11" && was_planned(version)) status = "planned";
    if (status.empty() && encounter_->value_of("status").empty()) status = "in-progress";
    if (!status.empty()) fhir::build::set(arena_, *encounter_, "status", status);
  }

  // Whether the visit was expected before the admission that its newest version tells of.
  bool was_planned(std::int64_t version) const {
    const auto& type = *fhir::definitions().resource("Encounter");
    for (std::size_t step = 0; version > 0 && step < most_versions; --version, ++step) {
      const auto stored = site_.snapshot.vread(site_.access, type, id_, version);
      const auto read = stored ? fhir::receive(stored->body) : Result<fhir::Incoming>(fhir::Incoming{});
      const auto status = read && read->resource ? read->resource->value_of("status") : std::string_view();
      if (status == "planned") return true;
      if (status == "cancelled") return false;
    }
    return false;
  }

  void patient_class_of(const std::string& code) {
    if (code.empty() && encounter_->child("class")) return;
    fhir::build::remove(*encounter_, "class");
    const auto found = std::find_if(classes.begin(), classes.end(), [&](const Pair& one) { return one.v2 == code; });
    if (found != classes.end())
      fhir::build::add_coding(arena_, *encounter_, "class", act_code, found->fhir);
    else
      fhir::build::add_coding(arena_, *encounter_, "class", patient_class, code.empty() ? "U" : code);
  }

  static bool is(const Node& participant, std::string_view type) {
    const auto* concept_node = participant.child("type");
    const auto* coding = concept_node ? concept_node->child("coding") : nullptr;
    return coding && coding->value_of("code") == type;
  }

  void participants(const Doctor& doctor) {
    const auto told = message_.repetitions(pv1_, doctor.field);
    if (told.empty()) return;
    for (const Node* child = encounter_->first; child;) {
      const auto* next = child->next;
      if (child->name == "participant" && is(*child, doctor.type)) fhir::build::remove(*encounter_, *child);
      child = next;
    }
    for (const auto& xcn : told) {
      const auto id = xcn.component(1), family = xcn.component(2), given = xcn.component(3);
      if (id.empty() && family.empty()) continue;
      auto& participant = fhir::build::add(arena_, *encounter_, "participant");
      fhir::build::add_concept(arena_, participant, "type", participation, doctor.type);
      auto& individual = fhir::build::add(arena_, participant, "individual");
      if (!id.empty()) {
        auto& identifier = fhir::build::add(arena_, individual, "identifier");
        fhir::build::add_some(arena_, identifier, "system", read_authority(site_, xcn, 9));
        fhir::build::add(arena_, identifier, "value", id);
      }
      auto display = family;
      if (!given.empty()) display.append(", ").append(given);
      fhir::build::add_some(arena_, individual, "display", display);
    }
  }

  void account() {
    const auto* pid = message_.find("PID");
    const auto id = pid ? read_cx(site_, message_.first(*pid, 18)) : identity::Id();
    if (id.value.empty()) return;
    fhir::build::remove(*encounter_, "account");
    add_account(arena_, *encounter_, id);
  }

  // What PV1 does not speak of stays; a discharge that is cancelled was none.
  void period() {
    const auto* known = encounter_->child("period");
    const auto told = [&](std::size_t field, std::string_view name) {
      if (first(field).null()) return std::string();
      if (auto moment = moment_of(first(field).component(1))) return std::move(*moment);
      return std::string(known ? known->value_of(name) : std::string_view());
    };
    const auto start = told(44, "start");
    const auto end = message_.header(9).component(2) == "A13" ? std::string() : told(45, "end");
    fhir::build::remove(*encounter_, "period");
    if (start.empty() && end.empty()) return;
    auto& period = fhir::build::add(arena_, *encounter_, "period");
    fhir::build::add_some(arena_, period, "start", start);
    fhir::build::add_some(arena_, period, "end", end);
  }

  void location(const Repetition& pl) {
    std::string value, display;
    for (std::size_t n = 1; n <= 4; ++n) {
      auto part = pl.component(n);
      std::replace(part.begin(), part.end(), '^', ' ');
      if (!part.empty()) display += (display.empty() ? "" : " ") + part;
      value += (n > 1 ? "^" : "") + part;
    }
    if (display.empty()) return;
    fhir::build::remove(*encounter_, "location");
    auto& where = fhir::build::add(arena_, fhir::build::add(arena_, *encounter_, "location"), "location");
    auto& identifier = fhir::build::add(arena_, where, "identifier");
    fhir::build::add(arena_, identifier, "system", place);
    fhir::build::add(arena_, identifier, "value", value.substr(0, value.find_last_not_of('^') + 1));
    fhir::build::add(arena_, where, "display", display);
  }

  const Site& site_;
  const hl7v2::Message& message_;
  const hl7v2::Segment& pv1_;
  fhir::Arena arena_;
  std::string id_;  // logical, of the visit
  Node* encounter_ = nullptr;
};

const Node* below(const Node& node, std::initializer_list<std::string_view> names) {
  const Node* found = &node;
  for (const auto name : names)
    if (found) found = found->child(name);
  return found;
}

bool is_filing(const Node& child) { return child.name == "extension" && child.value_of("url") == filed_under; }

std::string class_field(const Node& encounter) {
  const auto* coding = encounter.child("class");
  const auto code = coding ? coding->value_of("code") : std::string_view();
  const auto found = std::find_if(classes.begin(), classes.end(), [&](const Pair& one) { return one.fhir == code; });
  return std::string(found == classes.end() ? code : found->v2);
}

std::string location_field(const hl7v2::Writer& writer, const Node& encounter) {
  const auto* where = below(encounter, {"location", "location"});
  if (!where) return {};
  const auto* identifier = where->child("identifier");
  const bool ours = identifier && identifier->value_of("system") == place;
  const std::string text(ours ? identifier->value_of("value") : where->value_of("display"));
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = ours ? std::min(text.find('^', at), text.size()) : text.size();
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return writer.join(parts);
}

std::string doctor_field(const hl7v2::Writer& writer, const Node& encounter, std::string_view type) {
  std::string all;
  for (const auto& participant : encounter) {
    const auto* coding = participant.name == "participant" ? below(participant, {"type", "coding"}) : nullptr;
    const auto* individual = participant.child("individual");
    if (!coding || coding->value_of("code") != type || !individual) continue;
    const auto* identifier = individual->child("identifier");
    const std::string display(individual->value_of("display"));
    const auto comma = display.find(", ");
    if (!all.empty()) all += writer.delimiters().repetition;
    all += writer.join({std::string(identifier ? identifier->value_of("value") : ""), display.substr(0, comma),
                        comma == std::string::npos ? std::string() : display.substr(comma + 2)});
  }
  return all;
}

std::string period_field(const Node& encounter, std::string_view end) {
  const auto* period = encounter.child("period");
  return period ? timestamp_of(period->value_of(end)) : std::string();
}

}  // namespace

bool is_visit(std::string_view encounter) { return encounter.starts_with(visit_prefix); }

Result<std::vector<fhir::Version>> visits_of(fhir::Snapshot& snapshot, const fhir::Access& access,
                                             std::string_view base, const std::string& patient) {
  const auto* type = fhir::definitions().resource("Encounter");
  const auto query = fhir::search::parse(type, {{"patient", patient}}, base, false);
  if (!query) return query.outcome();
  auto page = snapshot.search(access, *query, most_visits, effort);
  if (!page) return std::move(page.outcome());
  if (!page->next.empty())
    return fhir::Outcome(fhir::Kind::too_costly, "too-costly", "The patient has more than 10,000 visits");
  std::vector<fhir::Version> visits;
  for (auto& entry : page->entries)
    if (is_visit(entry.version->id)) visits.push_back(*entry.version);
  return visits;
}

bool is_filed_under(const Node& encounter, const identity::Id& id) {
  return std::any_of(encounter.begin(), encounter.end(), [&](const Node& child) {
    const auto* value = is_filing(child) ? child.child("valueIdentifier") : nullptr;
    return value && value->value_of("system") == id.system && value->value_of("value") == id.value;
  });
}

void file_under(fhir::Arena& arena, Node& encounter, const identity::Id& id) {
  if (is_filed_under(encounter, id)) return;
  auto& filing = fhir::build::add(arena, encounter, "extension");
  fhir::build::add(arena, filing, "url", filed_under);
  auto& identifier = fhir::build::add(arena, filing, "valueIdentifier");
  fhir::build::add(arena, identifier, "system", id.system);
  fhir::build::add(arena, identifier, "value", id.value);
}

void file_under_none(Node& encounter) {
  for (const Node* child = encounter.first; child;) {
    const auto* next = child->next;
    if (is_filing(*child)) fhir::build::remove(encounter, *child);
    child = next;
  }
}

void add_account(fhir::Arena& arena, Node& encounter, const identity::Id& account) {
  auto& identifier = fhir::build::add(arena, fhir::build::add(arena, encounter, "account"), "identifier");
  fhir::build::add_some(arena, identifier, "system", account.system);
  fhir::build::add(arena, identifier, "value", account.value);
}

Result<std::optional<fhir::Write>> read_visit(const Site& site, const hl7v2::Message& message,
                                              const hl7v2::Segment& pv1, const std::string& patient) {
  return VisitReader(site, message, pv1).read(patient);
}

std::string visit_field(const Site& site, const hl7v2::Writer& writer, const Node& encounter, std::size_t n) {
  for (const auto& doctor : doctors)
    if (doctor.field == n) return doctor_field(writer, encounter, doctor.type);
  if (n == 2) return writer.join({class_field(encounter)});
  if (n == 3) return location_field(writer, encounter);
  if (n == 44) return period_field(encounter, "start");
  if (n == 45) return period_field(encounter, "end");
  if (n == 10) {
    const auto* coding = below(encounter, {"serviceType", "coding"});
    return coding ? writer.join({std::string(coding->value_of("code"))}) : std::string();
  }
  const auto* identifier = n == 19 ? encounter.child("identifier") : nullptr;
  if (!identifier) return {};
  const auto system = identifier->value_of("system");
  const bool known = !system.starts_with("urn:x-alzette:");
  return write_cx(site, writer,
                  {known ? std::string(system) : std::string(), std::string(identifier->value_of("value"))});
}

void write_pv1(const Site& site, hl7v2::Writer& writer, const Node& encounter) {
  constexpr std::array<std::size_t, 10> told{2, 3, 7, 8, 9, 10, 17, 19, 44, 45};
  writer.segment("PV1").field("1");
  std::size_t at = 1;
  for (const auto n : told) {
    writer.skip(n - at - 1).raw(visit_field(site, writer, encounter, n));
    at = n;
  }
}

}  // namespace ihe::pix
