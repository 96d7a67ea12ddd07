// The filters of stored queries: see filter.h.
#include "ihe/xds/filter.h"

#include <algorithm>

#include "ihe/xds/attribute.h"
#include "ihe/xds/names.h"

namespace ihe::xds {
namespace {

std::string_view prefix_of(Kind kind) {
  return kind == Kind::document_entry   ? "XDSDocumentEntry"
         : kind == Kind::submission_set ? "XDSSubmissionSet"
                                        : "XDSFolder";
}

// Objects that have one of these codes by a search parameter of their FHIR view, which calls the scheme by another
// name.
fhir::search::Clause clause_of(Kind kind, std::string_view parameter, const Values& codes) {
  fhir::search::Clause clause;
  clause.parameter = type_of(kind).parameter(parameter);
  for (const auto& code : codes) {
    fhir::search::Term term;
    term.value.kind = fhir::search::IndexKind::token;
    term.value.text = code.substr(0, code.find("^^"));
    term.any_system = true;
    clause.any_of.push_back(std::move(term));
  }
  return clause;
}

bool contains(const Values& values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

std::set<std::string, std::less<>> statuses_of(const Values& values) {
  std::set<std::string, std::less<>> statuses;
  for (const auto& value : values) {
    // The Framework's own sample writes ResponseStatusType.
    if (value.ends_with(":Approved")) statuses.emplace(status::approved);
    if (value.ends_with(":Deprecated")) statuses.emplace(status::deprecated);
  }
  return statuses;
}

bool like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '_' || pattern[p] == text[t])) {
      // One character of UTF-8 for "_".
      if (pattern[p++] == '_')
        while (t + 1 < text.size() && (static_cast<unsigned char>(text[t + 1]) & 0xC0) == 0x80) ++t;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

Filter::Filter(const StoredQuery& query, Kind kind) : kind_(kind) {
  const std::string prefix(prefix_of(kind));
  const auto& given = query.values(prefix + "Status");
  status_given_ = !given.empty();
  statuses_ = statuses_of(given);
  const auto add_codes = [&](std::string_view name, std::string_view scheme) {
    for (const auto* values : query.all(prefix + std::string(name))) codes_.push_back({scheme, values});
  };
  const auto add_time = [&](std::string_view name, std::string_view slot, Time::Of of = Time::Of::all) {
    const auto from = query.value(prefix + std::string(name) + "From");
    const auto to = query.value(prefix + std::string(name) + "To");
    if (!from.empty() || !to.empty()) times_.push_back({slot, from, to, of});
  };
  if (kind == Kind::document_entry) {
    const auto& types = query.values("XDSDocumentEntryType");
    types_.insert(types.begin(), types.end());
    if (types.empty()) types_.emplace(scheme::stable);
    add_codes("ClassCode", scheme::class_code);
    add_codes("TypeCode", scheme::type_code);
    add_codes("PracticeSettingCode", scheme::practice_setting_code);
    add_codes("HealthcareFacilityTypeCode", scheme::facility_code);
    add_codes("FormatCode", scheme::format_code);
    add_codes("EventCodeList", scheme::event_code);
    add_codes("ConfidentialityCode", scheme::confidentiality_code);
    add_time("CreationTime", slot::creation_time, Time::Of::stable);
    add_time("ServiceStartTime", slot::service_start_time, Time::Of::those_with_it);
    add_time("ServiceStopTime", slot::service_stop_time, Time::Of::those_with_it);
    references_ = query.all("XDSDocumentEntryReferenceIdList");
  } else if (kind == Kind::submission_set) {
    add_codes("ContentType", scheme::content_type_code);
    add_time("SubmissionTime", slot::submission_time);
    if (const auto& sources = query.values("XDSSubmissionSetSourceId"); !sources.empty()) sources_ = &sources;
  } else {
    add_codes("CodeList", scheme::code_list);
    add_time("LastUpdateTime", slot::last_update_time);
  }
  if (const auto& authors = query.values(prefix + "AuthorPerson"); !authors.empty()) authors_ = &authors;
}

bool Filter::admits(const RegistryObjectIn<Shown>& object) const {
  if (object.kind != kind_) return false;
  if (status_given_ && !statuses_.contains(object.status)) return false;
  if (!types_.empty() && !types_.contains(object.object_type)) return false;
  if (!std::all_of(codes_.begin(), codes_.end(), [&](const Codes& codes) { return has_code(object, codes); }))
    return false;
  if (!std::all_of(times_.begin(), times_.end(), [&](const Time& time) { return in_time(object, time); })) return false;
  if (sources_ && !contains(*sources_, object.identifier(scheme::source_id))) return false;
  if (authors_ && !has_author(object)) return false;
  const auto* references = object.slot(slot::reference_id_list);
  return std::all_of(references_.begin(), references_.end(), [&](const Values* wanted) {
    return references && std::any_of(references->values.begin(), references->values.end(), [&](const auto& value) {
             return std::any_of(wanted->begin(), wanted->end(), [&](const auto& pattern) {
               return pattern.find('%') == std::string::npos ? pattern == value : like(value, pattern);
             });
           });
  });
}

std::vector<fhir::search::Clause> Filter::clauses() const {
  std::vector<fhir::search::Clause> all;
  constexpr std::pair<std::string_view, Index> known[] = {{scheme::class_code, Index::class_code},
                                                          {scheme::event_code, Index::event_code},
                                                          {scheme::facility_code, Index::facility_code}};
  constexpr std::pair<std::string_view, std::string_view> of_view[] = {{scheme::type_code, "type"},
                                                                       {scheme::format_code, "format"},
                                                                       {scheme::practice_setting_code, "setting"},
                                                                       {scheme::confidentiality_code, "security-label"},
                                                                       {scheme::content_type_code, "designationType"},
                                                                       {scheme::code_list, "designationType"}};
  for (const auto& codes : codes_) {
    for (const auto& [scheme, index] : known)
      if (codes.scheme == scheme) all.push_back(clause_of(index, *codes.any_of));
    for (const auto& [scheme, parameter] : of_view)
      if (codes.scheme == scheme) all.push_back(clause_of(kind_, parameter, *codes.any_of));
  }
  for (const auto* values : references_)
    if (std::none_of(values->begin(), values->end(),
                     [](const auto& one) { return one.find('%') != std::string::npos; }))
      all.push_back(clause_of(Index::reference, *values));
  return all;
}

bool Filter::has_code(const RegistryObjectIn<Shown>& object, const Codes& codes) const {
  return std::any_of(object.classifications.begin(), object.classifications.end(), [&](const LabelIn<Shown>& label) {
    if (label.scheme != codes.scheme) return false;
    const auto code = code_of(label);
    return contains(*codes.any_of, code.code + "^^" + code.scheme);
  });
}

// From ≤ t < To, each by its first moment. ITI TF-2a 3.18.4.1.2.3.3.
bool Filter::in_time(const RegistryObjectIn<Shown>& object, const Time& time) const {
  if (time.of == Time::Of::stable && is_on_demand(object)) return true;
  const auto value = dtm_of(object.value(time.slot));
  if (!value) return time.of == Time::Of::those_with_it;
  const auto from = dtm_of(time.from), to = dtm_of(time.to);
  return (!from || from->low <= value->low) && (!to || value->low < to->low);
}

bool Filter::has_author(const RegistryObjectIn<Shown>& object) const {
  const auto scheme = kind_ == Kind::submission_set ? scheme::set_author : scheme::entry_author;
  for (const auto& label : object.classifications) {
    const auto* persons = label.scheme == scheme ? slot_of(label.slots, slot::author_person) : nullptr;
    if (!persons) continue;
    for (const auto& person : persons->values)
      for (const auto& pattern : *authors_)
        if (like(person, pattern)) return true;
  }
  return false;
}

}  // namespace ihe::xds
