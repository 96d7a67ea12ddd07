// Stored queries as they are asked. IHE ITI TF-2a 3.18.4.1.2.
#include "ihe/xds/stored_query.h"

#include <algorithm>
#include <array>

#include "fhir/utf8.h"
#include "ihe/wire/ebxml.h"
#include "ihe/xds/attribute.h"

namespace ihe::xds {
namespace {

using Form = QueryParameter::Form;
using Parameters = std::span<const QueryParameter>;

constexpr QueryParameter required(std::string_view name) { return {.name = name, .required = true}; }
constexpr QueryParameter required_list(std::string_view name) {
  return {.name = name, .required = true, .several = true};
}
constexpr QueryParameter one(std::string_view name) { return {.name = name}; }
constexpr QueryParameter one_id(std::string_view name) { return {.name = name, .form = Form::id}; }
constexpr QueryParameter ids(std::string_view name) { return {.name = name, .form = Form::id, .several = true}; }
constexpr QueryParameter list(std::string_view name) { return {.name = name, .several = true}; }
constexpr QueryParameter codes(std::string_view name) { return {.name = name, .form = Form::code, .several = true}; }
constexpr QueryParameter all_codes(std::string_view name) {
  return {.name = name, .form = Form::code, .several = true, .repeatable = true};
}
constexpr QueryParameter time(std::string_view name) { return {.name = name, .form = Form::time}; }

constexpr auto level = QueryParameter{.name = "MetadataLevel", .form = Form::number};
constexpr auto association_status = list("XDSAssociationStatus");

template <std::size_t A, std::size_t B>
constexpr auto join(const std::array<QueryParameter, A>& one, const std::array<QueryParameter, B>& other) {
  std::array<QueryParameter, A + B> both;
  std::copy(other.begin(), other.end(), std::copy(one.begin(), one.end(), both.begin()));
  return both;
}

// What every query for document entries takes beside the patient.
constexpr std::array document_filters{codes("XDSDocumentEntryClassCode"),
                                      codes("XDSDocumentEntryTypeCode"),
                                      codes("XDSDocumentEntryPracticeSettingCode"),
                                      codes("XDSDocumentEntryHealthcareFacilityTypeCode"),
                                      codes("XDSDocumentEntryFormatCode"),
                                      all_codes("XDSDocumentEntryEventCodeList"),
                                      all_codes("XDSDocumentEntryConfidentialityCode"),
                                      list("XDSDocumentEntryAuthorPerson"),
                                      time("XDSDocumentEntryCreationTimeFrom"),
                                      time("XDSDocumentEntryCreationTimeTo"),
                                      time("XDSDocumentEntryServiceStartTimeFrom"),
                                      time("XDSDocumentEntryServiceStartTimeTo"),
                                      time("XDSDocumentEntryServiceStopTimeFrom"),
                                      time("XDSDocumentEntryServiceStopTimeTo"),
                                      ids("XDSDocumentEntryType"),
                                      required_list("XDSDocumentEntryStatus"),
                                      level};
constexpr std::array of_patient{required("XDSDocumentEntryPatientId")};
constexpr std::array of_patients{list("XDSDocumentEntryPatientId")};
constexpr std::array of_reference{
    QueryParameter{.name = "XDSDocumentEntryReferenceIdList", .required = true, .several = true, .repeatable = true}};

constexpr auto find_documents = join(of_patient, document_filters);
constexpr auto find_by_reference = join(join(of_patient, of_reference), document_filters);
constexpr auto find_of_patients = join(of_patients, document_filters);
constexpr auto find_of_patients_by_reference = join(join(of_patients, of_reference), document_filters);
constexpr std::array find_sets{required("XDSSubmissionSetPatientId"),      list("XDSSubmissionSetSourceId"),
                               time("XDSSubmissionSetSubmissionTimeFrom"), time("XDSSubmissionSetSubmissionTimeTo"),
                               one("XDSSubmissionSetAuthorPerson"),        codes("XDSSubmissionSetContentType"),
                               required_list("XDSSubmissionSetStatus"),    level};
constexpr std::array find_folders{required("XDSFolderPatientId"),    time("XDSFolderLastUpdateTimeFrom"),
                                  time("XDSFolderLastUpdateTimeTo"), all_codes("XDSFolderCodeList"),
                                  required_list("XDSFolderStatus"),  level};
constexpr std::array find_folders_of_patients{list("XDSFolderPatientId"),        time("XDSFolderLastUpdateTimeFrom"),
                                              time("XDSFolderLastUpdateTimeTo"), all_codes("XDSFolderCodeList"),
                                              required_list("XDSFolderStatus"),  level};
constexpr std::array get_all{required("patientId"),
                             required_list("XDSDocumentEntryStatus"),
                             required_list("XDSSubmissionSetStatus"),
                             required_list("XDSFolderStatus"),
                             codes("XDSDocumentEntryFormatCode"),
                             all_codes("XDSDocumentEntryConfidentialityCode"),
                             ids("XDSDocumentEntryType"),
                             association_status,
                             level};
constexpr std::array get_documents{ids("XDSDocumentEntryEntryUUID"), list("XDSDocumentEntryUniqueId"),
                                   ids("XDSDocumentEntryLogicalID"), level};
constexpr std::array get_folders{ids("XDSFolderEntryUUID"), list("XDSFolderUniqueId"), ids("XDSFolderLogicalID"),
                                 level};
constexpr auto get_documents_and_associations = join(get_documents, std::array{association_status});
constexpr std::array by_uuid{QueryParameter{.name = "uuid", .form = Form::id, .required = true, .several = true},
                             association_status, level};
constexpr std::array set_contents{one_id("XDSSubmissionSetEntryUUID"),
                                  one("XDSSubmissionSetUniqueId"),
                                  codes("XDSDocumentEntryFormatCode"),
                                  all_codes("XDSDocumentEntryConfidentialityCode"),
                                  ids("XDSDocumentEntryType"),
                                  association_status,
                                  level};
constexpr std::array folder_contents{one_id("XDSFolderEntryUUID"),
                                     one("XDSFolderUniqueId"),
                                     one_id("XDSFolderLogicalID"),
                                     codes("XDSDocumentEntryFormatCode"),
                                     all_codes("XDSDocumentEntryConfidentialityCode"),
                                     ids("XDSDocumentEntryType"),
                                     association_status,
                                     level};
constexpr std::array folders_for_document{one_id("XDSDocumentEntryEntryUUID"), one("XDSDocumentEntryUniqueId"),
                                          one_id("XDSDocumentEntryLogicalID"), association_status, level};
constexpr std::array related_documents{one_id("XDSDocumentEntryEntryUUID"),
                                       one("XDSDocumentEntryUniqueId"),
                                       one_id("XDSDocumentEntryLogicalID"),
                                       required_list("AssociationTypes"),
                                       ids("XDSDocumentEntryType"),
                                       association_status,
                                       level};

constexpr std::array<std::string_view, 3> one_document{"XDSDocumentEntryEntryUUID", "XDSDocumentEntryUniqueId",
                                                       "XDSDocumentEntryLogicalID"};
constexpr std::array<std::string_view, 3> one_folder{"XDSFolderEntryUUID", "XDSFolderUniqueId", "XDSFolderLogicalID"};
constexpr std::array<std::string_view, 2> one_set{"XDSSubmissionSetEntryUUID", "XDSSubmissionSetUniqueId"};

constexpr std::array definitions{
    QueryDefinition{QueryKind::find_documents,
                    "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d",
                    "FindDocuments",
                    find_documents,
                    {}},
    QueryDefinition{QueryKind::find_submission_sets,
                    "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9",
                    "FindSubmissionSets",
                    find_sets,
                    {}},
    QueryDefinition{
        QueryKind::find_folders, "urn:uuid:958f3006-baad-4929-a4de-ff1114824431", "FindFolders", find_folders, {}},
    QueryDefinition{QueryKind::get_all, "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3", "GetAll", get_all, {}},
    QueryDefinition{QueryKind::get_documents, "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4", "GetDocuments",
                    get_documents, one_document, true},
    QueryDefinition{QueryKind::get_folders, "urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4", "GetFolders", get_folders,
                    one_folder, true},
    QueryDefinition{
        QueryKind::get_associations, "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155", "GetAssociations", by_uuid, {}},
    QueryDefinition{QueryKind::get_documents_and_associations, "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a",
                    "GetDocumentsAndAssociations", get_documents_and_associations, one_document, true},
    QueryDefinition{QueryKind::get_submission_sets,
                    "urn:uuid:51224314-5390-4169-9b91-b1980040715a",
                    "GetSubmissionSets",
                    by_uuid,
                    {},
                    true},
    QueryDefinition{QueryKind::get_submission_set_and_contents, "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83",
                    "GetSubmissionSetAndContents", set_contents, one_set, true},
    QueryDefinition{QueryKind::get_folder_and_contents, "urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7",
                    "GetFolderAndContents", folder_contents, one_folder, true},
    QueryDefinition{QueryKind::get_folders_for_document, "urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578",
                    "GetFoldersForDocument", folders_for_document, one_document},
    QueryDefinition{QueryKind::get_related_documents, "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6",
                    "GetRelatedDocuments", related_documents, one_document},
    QueryDefinition{QueryKind::find_documents_by_reference_id,
                    "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492",
                    "FindDocumentsByReferenceId",
                    find_by_reference,
                    {}},
    QueryDefinition{QueryKind::find_documents_of_patients,
                    "urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f",
                    "FindDocumentsForMultiplePatients",
                    find_of_patients,
                    {},
                    false,
                    true},
    QueryDefinition{QueryKind::find_folders_of_patients,
                    "urn:uuid:50d3f5ac-39a2-11de-a1ca-b366239e58df",
                    "FindFoldersForMultiplePatients",
                    find_folders_of_patients,
                    {},
                    false,
                    true},
    QueryDefinition{QueryKind::find_documents_of_patients_by_reference_id,
                    "urn:uuid:1191642d-86c4-42d8-b784-f95445f9f0d5",
                    "FindDocumentsByReferenceIdForMultiplePatients",
                    find_of_patients_by_reference,
                    {},
                    false,
                    true},
};

std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// One item at the head of `text`, which is shortened: a quoted string, or what stands bare up to the next comma.
bool read_item(std::string_view& text, Values& values, bool in_list) {
  text = trim(text);
  if (values.size() == most_values) return false;
  // The Framework's own sample (3.18.4.1.3.1) quotes twice.
  const char quote = text.starts_with('"') ? '"' : '\'';
  if (!text.starts_with(quote)) {
    const auto end = in_list ? text.find(',') : std::string_view::npos;
    const auto item = trim(text.substr(0, end));
    if (item.empty() || item.find_first_of("'()") != std::string_view::npos) return false;
    values.emplace_back(item);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end);
    return true;
  }
  std::string item;
  std::size_t at = 1;
  for (;; ++at) {
    if (at >= text.size()) return false;
    if (text[at] == quote) {
      if (at + 1 >= text.size() || text[at + 1] != quote) break;
      ++at;
    }
    item += text[at];
  }
  values.push_back(std::move(item));
  text = trim(text.substr(at + 1));
  return true;
}

constexpr std::size_t most_shown = 200;  // bytes of a value that a refusal repeats

class Reader {
 public:
  Reader(const xml::Element& query, StoredQuery& out, Errors& errors) : query_(query), out_(out), errors_(errors) {}

  bool read() {
    for (const auto& slot : query_)
      if (slot.name == "Slot") take(slot);
    for (const auto& parameter : out_.definition->parameters)
      if (parameter.required && is_blank(out_.values(parameter.name)))
        errors_.add(code::missing_parameter, "$" + std::string(parameter.name) + " is required");
    check_ids();
    return !errors_.failed();
  }

 private:
  static bool is_blank(const Values& values) {
    return std::all_of(values.begin(), values.end(), [](const std::string& value) { return value.empty(); });
  }

  void take(const xml::Element& slot) {
    auto name = trim(slot.value_of("name"));
    if (name == "homeCommunityId" || name == "$homeCommunityId") return take_home(slot);
    const bool marked = name.starts_with('$');
    if (marked) name.remove_prefix(1);
    const auto& known = out_.definition->parameters;
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.name == name; });
    if (found == known.end()) return;  // not of this query, or of an older text of it
    if (!marked)                       // left out, a filter would let more through than was asked for
      return errors_.add(code::registry, "The parameter " + std::string(name) + " is written $" + std::string(name));
    Values values;
    if (const auto* list = ebxml::child(slot, "ValueList"))
      for (const auto& value : *list)
        if (value.name == "Value" && !read_values(value.word(), values)) return unreadable(name, value.word(), values);
    const bool again = !out_.values(name).empty();
    if (again && !found->repeatable)
      return errors_.add(code::parameter_number, "$" + std::string(name) + " is given twice");
    if (values.size() > 1 && !found->several)
      errors_.add(code::parameter_number, "$" + std::string(name) + " takes one value");
    if (values.empty()) return;
    for (auto& value : values) {
      check(*found, value);
      if (found->form == Form::id) value = id_of(value);
      if (found->form == Form::code)  // without the display, which may stand between (HL7 CE)
        value = std::string(component(value, 1)) + "^^" + std::string(component(value, 3));
    }
    out_.given.emplace_back(found->name, std::move(values));
  }

  void unreadable(std::string_view name, std::string_view text, const Values& read) {
    if (read.size() == most_values)
      return errors_.add(code::parameter_number,
                         "$" + std::string(name) + " takes " + std::to_string(most_values) + " values at most");
    errors_.add(code::registry, "$" + std::string(name) + " cannot be read: " + fhir::shortened(text, most_shown));
  }

  void take_home(const xml::Element& slot) {
    Values values;
    if (const auto* list = ebxml::child(slot, "ValueList"))
      for (const auto& value : *list) read_values(value.word(), values);
    if (!values.empty()) out_.home = values.front();
  }

  void check(const QueryParameter& parameter, const std::string& value) {
    const auto bad = [&](std::string_view form) {
      errors_.add(code::registry, "$" + std::string(parameter.name) + " \"" + fhir::shortened(value, most_shown) +
                                      "\" is no " + std::string(form));
    };
    switch (parameter.form) {
      case Form::code:
        if (component(value, 1).empty() || component(value, 3).empty()) bad("code with its scheme: code^^scheme");
        break;
      case Form::time:
        if (!dtm_of(value)) bad("time: YYYY[MM[DD[hh[mm[ss]]]]]");
        break;
      case Form::number:
        if (value != "1" && value != "2") bad("level: 1 or 2");
        break;
      case Form::text:
      case Form::id:
        break;
    }
  }

  void check_ids() {
    const auto& one_of = out_.definition->one_of;
    if (one_of.empty()) return;
    const auto given =
        std::count_if(one_of.begin(), one_of.end(), [&](const auto name) { return !out_.values(name).empty(); });
    std::string names;
    for (const auto name : one_of) names += (names.empty() ? "$" : ", $") + std::string(name);
    if (given == 0) errors_.add(code::missing_parameter, "one of " + names + " is required");
    if (given > 1) errors_.add(code::parameter_number, "only one of " + names + " may be given");
  }

  const xml::Element& query_;
  StoredQuery& out_;
  Errors& errors_;
};

}  // namespace

std::span<const QueryDefinition> query_definitions() { return definitions; }

const Values& StoredQuery::values(std::string_view name) const {
  static const Values none;
  for (const auto& [key, values] : given)
    if (key == name) return values;
  return none;
}

std::string_view StoredQuery::value(std::string_view name) const {
  const auto& found = values(name);
  return found.empty() ? std::string_view() : std::string_view(found.front());
}

std::vector<const Values*> StoredQuery::all(std::string_view name) const {
  std::vector<const Values*> slots;
  for (const auto& [key, values] : given)
    if (key == name) slots.push_back(&values);
  return slots;
}

bool read_values(std::string_view text, Values& values) {
  text = trim(text);
  if (!text.starts_with('(')) return read_item(text, values, false) && text.empty();
  if (!text.ends_with(')')) return false;
  text = trim(text.substr(1, text.size() - 2));
  while (true) {
    if (!read_item(text, values, true)) return false;
    text = trim(text);
    if (text.empty()) return true;
    if (!text.starts_with(',')) return false;
    text.remove_prefix(1);
  }
}

std::optional<StoredQuery> read_query(const xml::Element& request, bool multi_patient, Errors& errors) {
  const auto* option = ebxml::child(request, "ResponseOption");
  const auto* query = ebxml::child(request, "AdhocQuery");
  StoredQuery out;
  const auto type = option ? option->value_of("returnType") : "ObjectRef";
  out.leaf_class = type == "LeafClass";
  if (!out.leaf_class && type != "ObjectRef")
    errors.add(code::registry, "returnType \"" + std::string(type) + "\" is neither LeafClass nor ObjectRef");
  if (!query) {
    errors.add(code::registry, "The request has no AdhocQuery");
    return std::nullopt;
  }
  const auto id = id_of(trim(query->value_of("id")));
  for (const auto& definition : definitions)
    if (definition.id == id && definition.multi_patient == multi_patient) out.definition = &definition;
  if (!out.definition) {
    errors.add(code::unknown_query, "\"" + id + "\" is no stored query of this transaction");
    return std::nullopt;
  }
  out.home = query->value_of("home");
  if (!Reader(*query, out, errors).read() || errors.failed()) return std::nullopt;
  return out;
}

}  // namespace ihe::xds
