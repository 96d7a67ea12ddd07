// Patient identity: the rules in which every door ends, be it HL7 v2, HL7 v3, FHIR or XDS. IHE ITI TF-2: ITI-8, 9, 21,
// 30, 44–47, 64, 78, 83, 93, 104.
//
// A *record* is one Patient resource: what one source says of a person. Records are of one person (a group) when they
// share an identifier of a national domain, or any other that is not old, or are linked by Patient.link seealso; that
// is found when it is asked for, so a feed writes its own record and no other.
//
//   {A|1, LU|m} ── shares LU|m ── {B|7, LU|m} ── link seealso ── {C|4}          ITI-9 of A|1: B|7, C|4, LU|m
//
// A merge keeps both records: the subsumed one becomes inactive with a link replaced-by, the surviving one adopts its
// identifiers: `use: old` where it has another in a domain of the merge. Each link names one by its identifier; a link
// that names none is of every domain. So a subsumed identifier finds the survivor through every door, and is given out
// by none; what other domains call the two stays valid. What the subsumed record is called later on, the survivor is.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "fhir/outcome.h"
#include "fhir/store.h"
#include "ihe/identity/domains.h"
#include "ihe/transaction.h"

namespace ihe::identity {

struct Id {
  std::string system;  // of the domain: Identifier.system
  std::string value;
  bool operator==(const Id&) const = default;
};

// A Patient as stored.
struct Record {
  std::string id;  // logical
  std::int64_t version = 0;
  std::shared_ptr<fhir::Arena> arena;
  fhir::Node* patient = nullptr;  // bound; to change it, work on a copy
};

std::string_view replaced_by(const fhir::Node& patient);  // "Patient/2" of the link replaced-by, "" when there is none

// Whether the record has the identifier only because another one was merged into it.
bool adopted(const fhir::Node& patient, const Id& id);

// The domain that a URI means; in a test lab also one that is not configured but of which a record is known.
fhir::Result<std::optional<Domain>> domain_of(const Site& site, std::string_view uri);
// The same for a feed, which may bring a new domain where the settings say so.
std::optional<Domain> feedable(const Site& site, std::string_view uri);

// The records that an identifier means now, oldest first: those that have it, else the survivors that it was merged
// into. Several only where sources gave the same identifier twice, or for a national number.
fhir::Result<std::vector<Record>> resolve(const Site& site, const Id& id);
// The first of them: the patient that a document or a query speaks of.
fhir::Result<std::optional<Record>> find(const Site& site, const Id& id);

// Logical ids of the record and of all that were merged into it, itself first: whose data it answers for.
fhir::Result<std::vector<std::string>> with_subsumed(const Site& site, const std::string& id);

// Whether the records of these logical ids are all of one person, as far as is known.
fhir::Result<bool> of_one_person(const Site& site, std::span<const std::string> patients);

struct CrossReference {
  bool source_known = true;                  // the domain of the identifier asked with
  bool id_known = true;                      // the identifier itself
  std::vector<std::size_t> unknown_targets;  // indices of the domains asked for that are not known
  std::vector<Id> ids;                       // those of one domain adjacent; without the one asked with and without old
  std::vector<std::string> patients;         // logical ids of the records that hold them
};

// ITI-9, 45, 83. `targets`: URIs of the domains wanted, none for all. The address of this server is the domain of its
// logical ids ("Patient/1"): PIXm, 2:3.83.4.1.2.1.
fhir::Result<CrossReference> cross_reference(const Site& site, const Id& source, std::span<const std::string> targets);

// What a feed says of a patient: a Patient (bound, with identifiers; what it does not mention is kept), elements that
// it wants gone, and perhaps the mother as a RelatedPerson.
struct Feed {
  const fhir::Node* patient = nullptr;
  const fhir::Node* mother = nullptr;
  std::vector<std::string_view> cleared;  // names of elements: "telecom"
  std::string feeder;                     // "APPLICATION|FACILITY"; "": not checked
  bool visit = false;                     // it is of a visit in the first place
};

struct Fed {
  fhir::Batch batch;
  std::string patient;  // logical id
  bool created = false;
};

// What is taken over though it is suspect: national numbers that break their rule in a domain whose check is `warn`.
// Places as those of a feed's refusal.
std::vector<fhir::Issue> warnings_of(const Settings& settings, const fhir::Node& patient);

// Adds or revises the record of the first identifier that is not national (else of the first). An identifier that was
// merged into another one, or replaced by it, leads to the record that took it over, which keeps its own: under such
// identifiers alone nothing can be said of the patient, only of a visit. Refused, naming
// "Patient.identifier[n]": no identifier, an unknown domain, a domain that this feeder may not feed, a national number
// that breaks its rule.
fhir::Result<Fed> feed(const Site& site, const Feed& feed);

// An identifier, and where the message has it: a refusal that is about it says so there.
struct Named {
  Id id;
  std::string place = {};
};

// Two identifiers of one domain that turn out to be of one patient.
struct Duplicate {
  Named surviving, subsumed;
};

// ITI-8 A40, ITI-44 201304: a merge in the domains of these, the first of which says whose it is. What another one
// says is passed over where it names nobody, and so is an identifier that both have. Refused with the state unchanged:
// unknown or already subsumed identifiers, one and the same, different domains, a domain that is not the feeder's.
fhir::Result<fhir::Batch> merge(const Site& site, std::span<const Duplicate> duplicates, std::string_view feeder);

// ITI-30 A47: the record of `prior` is known by `next` from now on.
fhir::Result<fhir::Batch> change_identifier(const Site& site, const Named& prior, const Named& next,
                                            std::string_view feeder);

// ITI-30 A24 and A37: says, and unsays, that two records are of one person.
fhir::Result<fhir::Batch> link(const Site& site, const Named& one, const Named& other);
fhir::Result<fhir::Batch> unlink(const Site& site, const Named& one, const Named& other);

// ITI-64: the local identifier belongs to the patient `now` instead of `before`; `subsumed`, if any, is merged into it,
// which may be all that changes.
struct LinkChange {
  Named now, before, local;
  std::optional<Named> subsumed = std::nullopt;
};
fhir::Result<fhir::Batch> change_link(const Site& site, const LinkChange& change, std::string_view feeder);

// ── demographics: ITI-21, 22, 47 ────────────────────────────────────────────────────────────────────────────────
enum class Field : std::uint8_t {
  id,  // pattern: the value, `system`: its domain or "" for any
  family,
  given,
  birth_date,  // pattern: as in FHIR, also partial
  gender,      // male, female, other, unknown
  street,
  city,
  state,
  postal_code,
  country,
  phone,
  account,      // PID-18; as id
  mother_id,    // PID-21; as id
  mother_name,  // PID-6, any part of it
};

// Holds without regard to case, marks and punctuation; `*` stands for any text.
struct Criterion {
  Field field;
  std::string pattern;
  std::string system = {};
};

// Whether a value answers to a criterion's pattern.
bool answers_to(std::string_view pattern, std::string_view value);

struct DemographicsQuery {
  std::vector<Criterion> criteria;        // all must hold
  std::vector<std::string> domains = {};  // URIs; none: the identifiers as the records have them
  std::string after = {};                 // logical id of the last patient of the page before, "" for the first page
  std::size_t count = 0;                  // patients of a page, 0: all
  std::vector<std::string> among = {};    // logical ids of the patients that it is asked of; none: all
  std::vector<std::vector<Criterion>> otherwise = {};  // or all of one of these hold
};

struct Hit {
  Record record;
  std::vector<Id> ids;  // to show: none is old; with domains all that its person has there
};

struct Demographics {
  std::vector<Hit> hits;   // in the order of their logical ids: stable from page to page
  std::size_t total = 0;   // on all pages
  std::size_t before = 0;  // on the pages before this one
};

// Merged patients are found as their survivors. With `domains`, a hit is shown with the identifiers that its person has
// there, and not at all without any. Refuses a query without a usable criterion, and one with more than 5,000 hits
// (Kind::too_costly).
fhir::Result<Demographics> demographics(const Site& site, const DemographicsQuery& query);

}  // namespace ihe::identity
