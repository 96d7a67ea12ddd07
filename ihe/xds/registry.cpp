// The registry over the store: see registry.h.
#include "ihe/xds/registry.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <memory>
#include <unordered_set>

#include "fhir/search/made.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/names.h"

namespace ihe::xds {
namespace {

using fhir::search::IndexRow;

constexpr std::uint64_t effort = 10'000'000;  // index rows that one look-up may read

fhir::search::IndexValue token(std::string text) {
  fhir::search::IndexValue value;
  value.kind = fhir::search::IndexKind::token;
  value.text = std::move(text);
  return value;
}

class Rows {
 public:
  void add(Index index, std::string text) {
    if (text.empty()) return;
    IndexRow row;
    row.parameter = &parameter(index);
    row.value = token(std::move(text));
    for (const auto& other : rows)
      if (other.parameter == row.parameter && other.value.text == row.value.text) return;
    rows.push_back(std::move(row));
  }
  void add(Index index, const std::vector<Code>& codes) {
    for (const auto& code : codes) add(index, code.code + "^^" + code.scheme);
  }
  std::vector<IndexRow> rows;
};

}  // namespace

const fhir::SearchParameter& parameter(Index index) {
  using Own = fhir::search::OwnParameter;
  constexpr auto token = fhir::ParameterType::token;
  static const std::array own{Own("xds-unique-id", token),   Own("xds-logical-id", token),
                              Own("xds-association", token), Own("xds-target", token),
                              Own("xds-reference", token),   Own("xds-class-code", token),
                              Own("xds-event-code", token),  Own("xds-facility-code", token)};
  return own[static_cast<std::size_t>(index)].parameter;
}

std::vector<IndexRow> rows_of(const Record& record) {
  Rows out;
  const auto& object = record.object;
  out.add(Index::unique_id, std::string(unique_id(object)));
  if (lid(object) != object.id) out.add(Index::logical_id, std::string(lid(object)));
  if (const Slot* references = object.slot(slot::reference_id_list))
    for (const auto& value : references->values) out.add(Index::reference, value);
  if (object.kind == Kind::document_entry) {
    out.add(Index::class_code, codes_of(object, scheme::class_code));
    out.add(Index::event_code, codes_of(object, scheme::event_code));
    out.add(Index::facility_code, codes_of(object, scheme::facility_code));
  }
  // What is deprecated is called superseded by MHD (ITI-66), for which List.status has no code.
  if (object.kind != Kind::document_entry && !object.approved()) {
    auto& row = out.rows.emplace_back();
    row.parameter = type_of(object.kind).parameter("status");
    row.value = token("superseded");
  }
  for (const auto& association : record.associations) {
    out.add(Index::association, association.id);
    out.add(Index::target, association.target);
  }
  return std::move(out.rows);
}

const fhir::Type& type_of(Kind kind) {
  static const fhir::Type* const entry = fhir::definitions().resource("DocumentReference");
  static const fhir::Type* const list = fhir::definitions().resource("List");
  return kind == Kind::document_entry ? *entry : *list;
}

std::string_view fhir_id(std::string_view entry_uuid) {
  if (entry_uuid.starts_with(uuid_prefix)) entry_uuid.remove_prefix(uuid_prefix.size());
  return entry_uuid;
}

fhir::search::Clause clause_of(Index index, const std::vector<std::string>& values) {
  fhir::search::Clause clause;
  clause.parameter = &parameter(index);
  for (const auto& value : values) {
    fhir::search::Term term;
    term.value = token(value);
    clause.any_of.push_back(std::move(term));
  }
  clause.written = std::string(clause.parameter->code.view());
  return clause;
}

template <class Form>
void Records<Form>::fail(fhir::Outcome outcome) {
  if (!failure_) failure_ = std::move(outcome);
}

template <class Form>
std::optional<RecordIn<Form>> Records<Form>::decoded(const std::shared_ptr<const fhir::Version>& version) {
  if constexpr (std::same_as<Form, Owned>)
    return decode(version->record);
  else
    return decode(versions_.emplace_back(version)->record, arena_);
}

// The object of a stored version; one that this request knows already stays as it is known. Null for a resource that
// is no registry object, and for what was removed.
template <class Form>
StoredIn<Form>* Records<Form>::take(const std::shared_ptr<const fhir::Version>& version) {
  const auto [place, fresh] = known_.try_emplace(std::string(uuid_prefix) + version->id);
  auto& known = place->second;
  if (!fresh || version->record.empty()) return known.get();
  auto record = decoded(version);
  if (!record) {
    known_.erase(place);
    fail({fhir::Kind::internal, "exception", "The record of a registry object is damaged"});
    return nullptr;
  }
  known = std::make_unique<Stored>(Stored{std::move(*record), version->version});
  return known.get();
}

template <class Form>
const StoredIn<Form>* Records<Form>::find(std::string_view id) {
  const auto known = known_.find(id);
  if (known != known_.end()) return known->second.get();
  if (!is_uuid(id)) return nullptr;
  bool absent = true;
  for (const Kind kind : {Kind::document_entry, Kind::submission_set}) {
    auto version = snapshot_.read(access_, type_of(kind), fhir_id(id));
    if (version) {
      if (version->record.empty()) continue;
      return take(std::make_shared<fhir::Version>(std::move(*version)));
    }
    const auto why = version.outcome().kind;
    if (why == fhir::Kind::absent || why == fhir::Kind::gone) continue;
    fail(std::move(version.outcome()));
    absent = false;
  }
  if (absent) known_.emplace(id, nullptr);
  return nullptr;
}

template <class Form>
std::vector<const StoredIn<Form>*> Records<Form>::search(const fhir::Type& type,
                                                         std::vector<fhir::search::Clause> clauses) {
  fhir::search::Query query;
  query.type = &type;
  query.all_of = std::move(clauses);
  std::vector<const Stored*> found;
  auto page = snapshot_.search(access_, query, most + 1, effort);
  if (!page) {
    fail(std::move(page.outcome()));
    return found;
  }
  if (page->entries.size() > most) {
    fail({fhir::Kind::too_costly, "too-costly", "More than " + std::to_string(most) + " objects would be looked at"});
    return found;
  }
  found.reserve(page->entries.size());
  for (auto& entry : page->entries)
    if (const Stored* stored = take(entry.version)) found.push_back(stored);
  return found;
}

template <class Form>
std::vector<const StoredIn<Form>*> Records<Form>::find(Index index, const std::vector<std::string>& values) {
  auto found = find(Kind::document_entry, index, values);
  const auto packages = find(Kind::submission_set, index, values);
  found.insert(found.end(), packages.begin(), packages.end());
  return found;
}

template <class Form>
std::vector<const StoredIn<Form>*> Records<Form>::find(Kind kind, Index index, const std::vector<std::string>& values) {
  auto found = search(type_of(kind), {clause_of(index, values)});
  amend(kind, index, values, found);
  return found;
}

template <class Form>
std::vector<const StoredIn<Form>*> Records<Form>::of_patients(Kind kind, const std::vector<std::string>& patients,
                                                              std::vector<fhir::search::Clause> others) {
  fhir::search::Clause clause;
  clause.parameter = type_of(kind).parameter("patient");
  for (const auto& patient : patients) {
    fhir::search::Term term;
    term.value.kind = fhir::search::IndexKind::reference;
    term.value.type = "Patient";
    term.value.text = patient;
    clause.any_of.push_back(std::move(term));
  }
  others.insert(others.begin(), std::move(clause));
  return search(type_of(kind), std::move(others));
}

template <class Form>
const StoredIn<Form>* Records<Form>::holder(std::string_view association_id) {
  const auto found = find(Index::association, {std::string(association_id)});
  return found.empty() ? nullptr : found.front();
}

template <class Form>
std::vector<const StoredIn<Form>*> Records<Form>::versions(std::string_view lid) {
  auto found = find(Index::logical_id, {std::string(lid)});
  if (const Stored* first = find(lid); first && xds::lid(first->record.object) == lid) found.push_back(first);
  std::sort(found.begin(), found.end(),
            [](const Stored* a, const Stored* b) { return version(a->record.object) < version(b->record.object); });
  return found;
}

template class Records<Owned>;
template class Records<Shown>;

void Registry::amend(Kind kind, Index index, const std::vector<std::string>& values,
                     std::vector<const Stored*>& found) const {
  const auto carries = [&](const Stored& stored) {
    if (&type_of(stored.record.object.kind) != &type_of(kind)) return false;
    for (const auto& row : rows_of(stored.record))
      if (row.parameter == &parameter(index) && std::find(values.begin(), values.end(), row.value.text) != values.end())
        return true;
    return false;
  };
  for (const auto& [id, stored] : changed_) {
    std::erase(found, stored);
    if (carries(*stored)) found.push_back(stored);
  }
}

Registry::Stored& Registry::change(std::string_view id) {
  const auto known = known_.find(id);
  assert(known != known_.end() && known->second);
  changed_.emplace(id, known->second.get());
  return *known->second;
}

Registry::Stored& Registry::add(RegistryObject object) {
  const std::string id = object.id;
  auto& place = known_[id];
  place = std::make_unique<Stored>();
  place->record.object = std::move(object);
  changed_.emplace(id, place.get());
  return *place;
}

void Registry::remove(std::string_view id) {
  const auto known = known_.find(id);
  assert(known != known_.end() && known->second);
  changed_.erase(known->first);
  removed_.emplace(id, std::move(known->second));  // it is known that there is none from now on
}

}  // namespace ihe::xds
