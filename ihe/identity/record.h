// Records inside the room of patient identity: reading, searching, changing them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ihe/identity/identity.h"

namespace ihe::identity {

inline constexpr std::string_view adopted_from = "urn:x-alzette:patient-identifier-adopted-from";  // extension

// An identifier as a record holds it.
struct Held {
  Id id;
  bool old = false;      // Identifier.use
  bool account = false;  // type AN: PID-18, not a patient identifier
  bool operator==(const Held&) const = default;
};
bool is_account(const fhir::Node& identifier);
std::vector<Held> held_by(const fhir::Node& patient);  // those with system and value

fhir::Result<Record> read_record(const fhir::Version& version);
// The one that "Patient/1" names; nothing for what is none, or is not there.
fhir::Result<std::optional<Record>> record_at(const Site& site, std::string_view reference);

// Patients by search parameters, in the order of the store, at most `at_most`; more are Kind::too_costly.
fhir::Result<std::vector<Record>> records(const Site& site, const fhir::search::Parameters& parameters,
                                          std::size_t at_most);

// "identifier" of these as a search parameter's value.
std::string token_of(const Id& id);

// What an identifier means now, and that the search for it still finds what it finds.
struct Meant {
  std::vector<Record> records;  // as resolve() says
  fhir::Expectation expectation;
};
fhir::Result<Meant> meant_by(const Site& site, const Id& id);

// The same patient with changes to be made to it, and its write.
fhir::Node& editable(Record& record);
fhir::Result<fhir::Write> write_of(const Site& site, const Record& record);

// Patient.link seealso to the record `id`: says, and unsays, that both are of one person. False when nothing changed;
// otherwise the record is editable.
bool add_link(Record& record, const std::string& id);
bool remove_link(Record& record, const std::string& id);

// The end of the chain of merges that starts at `record`; nothing where it leads nowhere.
fhir::Result<std::optional<Record>> survivor(const Site& site, Record record);

// The record and all that were merged into it, also by way of others, as its links say.
fhir::Result<std::vector<Record>> with_merged(const Site& site, const Record& record);

// The one record that holds the identifier now, and not as an old one. Refusals are those of merge().
fhir::Result<Record> holder(const Site& site, const Named& named, std::string_view feeder);

// All records of the persons that these are of, these first.
fhir::Result<std::vector<Record>> group_of(const Site& site, std::vector<Record> records);

}  // namespace ihe::identity
