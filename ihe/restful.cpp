// From requests to the transactions of IHE that they are.
#include "ihe/restful.h"

#include <algorithm>

#include "ihe/xds/to_fhir.h"

namespace ihe {
namespace {

bool lists(std::string_view words, std::string_view word) {
  for (std::size_t at = 0; at < words.size();) {
    const auto end = std::min(words.find(' ', at), words.size());
    if (words.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

bool fits(const Restful& row, const Requested& requested) {
  return row.type == requested.type && row.operation == requested.operation &&
         lists(row.interactions, requested.interaction);
}

// "Patient/1" of "1", "Patient/1" and "http://host/fhir/Patient/1".
std::string patient_of(std::string_view reference) {
  return "Patient/" + std::string(reference.substr(reference.rfind('/') + 1));
}

}  // namespace

fhir::Result<bool> admit(const Site& site, const Requested& requested, std::span<fhir::Write> writes) {
  for (const auto* row : restful())
    if (row->demand && fits(*row, requested))
      if (auto done = row->demand(site, requested, writes); !done) return done;
  return true;
}

std::optional<atna::Record> record_of(const Site& site, const Requested& requested, bool asking) {
  for (const auto* row : restful()) {
    if ((row->asks && !asking) || !fits(*row, requested)) continue;
    atna::Record record{row->id, row->name, row->audit, requested.interaction, {}, {}, {}};
    record.address = site.base;
    if (row->tell(site, requested, record)) return record;
  }
  return std::nullopt;
}

std::string as_asked(const Requested& requested) {
  constexpr std::size_t most = 64u << 10;
  std::string query(requested.target.substr(requested.target.starts_with('/') ? 1 : 0));
  if (!requested.body.empty()) query.append("\n").append(requested.body.substr(0, most));
  return query;
}

std::optional<fhir::Incoming> sent_in(const Requested& requested) {
  const auto start = requested.body.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return std::nullopt;
  auto received = fhir::receive(requested.body, requested.body[start] == '<' ? fhir::Format::xml : fhir::Format::json);
  if (!received) return std::nullopt;
  return std::move(*received);
}

std::vector<std::string> patients_asked(const fhir::search::Parameters& parameters, std::string_view name) {
  std::vector<std::string> patients;
  for (const auto& [parameter, value] : parameters) {
    const bool identifier = parameter.starts_with(name) && parameter.substr(name.size()) == ".identifier";
    if (!identifier && parameter != name) continue;
    for (std::size_t at = 0; at <= value.size();) {
      const auto end = std::min(value.find(',', at), value.size());
      const auto one = std::string_view(value).substr(at, end - at);
      if (!one.empty()) patients.push_back(identifier ? std::string(one) : patient_of(one));
      at = end + 1;
    }
  }
  return patients;
}

bool tell_search(const Site&, const Requested& requested, atna::Record& record) {
  record.told.query = as_asked(requested);
  record.told.patients = patients_asked(requested.parameters, "patient");
  return !record.told.patients.empty();
}

bool tell_publication(const Site&, const Requested& requested, atna::Record& record) {
  record.interaction = "create";
  const auto* entry = written(requested, "DocumentReference");
  if (!entry) return true;
  if (!entry->patient.empty()) record.told.patients.push_back("Patient/" + entry->patient);
  record.told.objects.push_back({"4", "DocumentReference/" + entry->id});
  return true;
}

const fhir::Write* written(const Requested& requested, std::string_view type) {
  const auto found = std::find_if(requested.writes.begin(), requested.writes.end(),
                                  [&](const fhir::Write& write) { return write.type->name.view() == type; });
  return found == requested.writes.end() ? nullptr : &*found;
}

bool provides_documents(const Requested& requested) {
  if (const auto* entry = written(requested, "DocumentReference")) return !entry->record.empty();
  return requested.refused && xds::mhd_names::mentioned_in(requested.body);
}

}  // namespace ihe
