// Attributes of single objects. IHE ITI TF-3 4.2.3.2 to 4.2.3.4 (their forms), 4.3.1 (which must be there).
#include "ihe/xds/metadata.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string>

#include "fhir/utf8.h"
#include "fhir/validate/rules.h"
#include "ihe/wire/mime.h"
#include "ihe/xds/attribute.h"
#include "ihe/xds/names.h"

namespace ihe::xds {
namespace {

enum class Need : std::uint8_t { optional, required, forbidden };
enum class Place : std::uint8_t { slot, code, identifier };
using Form = bool (*)(std::string_view value);

constexpr std::string_view white = " \t\r\n";

bool any(std::string_view value) { return value.find_first_not_of(white) != std::string_view::npos; }
bool is_dtm(std::string_view value) { return dtm_of(value).has_value(); }
// Nothing but the first `count` components, or subcomponents.
bool ends_with_component(std::string_view value, std::size_t count, char separator = '^') {
  for (; count > 0; --count) {
    const auto at = value.find(separator);
    if (at == std::string_view::npos) return true;
    value.remove_prefix(at + 1);
  }
  return value.find_first_not_of(separator) == std::string_view::npos;
}
bool is_cx(std::string_view value) {
  const auto cx = cx_of(value);
  const auto authority = component(value, 4);
  return cx && !cx->authority.empty() && component(value, 2).empty() && component(value, 3).empty() &&
         component(authority, 1, '&').empty() && ends_with_component(authority, 3, '&') &&
         ends_with_component(value, 4);
}
bool is_source_cx(std::string_view value) { return cx_of(value) && !component(value, 4).empty(); }
bool is_cxi(std::string_view value) {
  return cx_of(value) && component(value, 2).empty() && component(value, 3).empty() && ends_with_component(value, 6);
}
bool is_person(std::string_view value) { return any(component(value, 1)) || any(component(value, 2)); }
bool is_author(std::string_view value) { return is_person(value) || any(component(value, 3)); }
bool is_institution(std::string_view value) {
  const auto id = component(value, 10), authority = component(value, 6);
  return any(component(value, 1)) &&
         (id.empty() || is_oid(id) || (is_oid(component(authority, 2, '&')) && component(authority, 3, '&') == "ISO"));
}
bool is_recipient(std::string_view value) { return value.find_first_not_of("|^& ") != std::string_view::npos; }
bool is_pid_field(std::string_view value) {
  constexpr std::string_view prefix = "PID-";
  if (!value.starts_with(prefix)) return false;
  value.remove_prefix(prefix.size());
  constexpr int last = 39;  // of the segment PID, HL7 v2.5
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc() && end != value.data() + value.size() && *end == '|' && number > 0 && number <= last;
}
bool is_unique_id(std::string_view value) {
  return any(value) && value.size() <= 256 && white.find(value.front()) == white.npos &&
         white.find(value.back()) == white.npos;
}

struct Rule {
  std::string_view name;
  Place place;
  std::string_view key;  // slot name or scheme
  bool several;
  Form form;
  Need provided, registered, on_demand, limited;

  Need need(Submitted how) const {
    switch (how) {
      case Submitted::provided:
        return provided;
      case Submitted::published:
        return key == slot::source_patient_id ? Need::optional : provided;
      case Submitted::registered:
        return registered;
      case Submitted::on_demand:
        return on_demand;
      case Submitted::limited:
      case Submitted::published_limited:
        break;
    }
    return limited;
  }
};

constexpr auto O = Need::optional;
constexpr auto R = Need::required;
constexpr auto X = Need::forbidden;

constexpr std::array entry_rules{
    Rule{"uniqueId", Place::identifier, scheme::entry_unique_id, false, is_unique_id, R, R, R, R},
    Rule{"patientId", Place::identifier, scheme::entry_patient_id, false, is_cx, R, R, R, O},
    Rule{"classCode", Place::code, scheme::class_code, false, any, R, R, R, O},
    Rule{"typeCode", Place::code, scheme::type_code, false, any, R, R, R, O},
    Rule{"confidentialityCode", Place::code, scheme::confidentiality_code, true, any, R, R, R, O},
    Rule{"formatCode", Place::code, scheme::format_code, false, any, R, R, R, O},
    Rule{"healthcareFacilityTypeCode", Place::code, scheme::facility_code, false, any, R, R, R, O},
    Rule{"practiceSettingCode", Place::code, scheme::practice_setting_code, false, any, R, R, R, O},
    Rule{"eventCodeList", Place::code, scheme::event_code, true, any, O, O, O, O},
    Rule{"languageCode", Place::slot, slot::language_code, false, fhir::validate::language_syntax, R, R, R, O},
    Rule{"sourcePatientId", Place::slot, slot::source_patient_id, false, is_source_cx, R, R, R, O},
    Rule{"sourcePatientInfo", Place::slot, slot::source_patient_info, true, is_pid_field, O, O, O, O},
    Rule{"creationTime", Place::slot, slot::creation_time, false, is_dtm, R, R, X, O},
    Rule{"hash", Place::slot, slot::hash, false, is_sha1, O, R, X, O},
    Rule{"size", Place::slot, slot::size, false, is_number, O, R, X, O},
    Rule{"repositoryUniqueId", Place::slot, slot::repository_unique_id, false, is_oid, O, R, R, O},
    Rule{"serviceStartTime", Place::slot, slot::service_start_time, false, is_dtm, O, O, O, O},
    Rule{"serviceStopTime", Place::slot, slot::service_stop_time, false, is_dtm, O, O, O, O},
    Rule{"legalAuthenticator", Place::slot, slot::legal_authenticator, false, is_person, O, O, X, O},
    Rule{"referenceIdList", Place::slot, slot::reference_id_list, true, is_cxi, O, O, O, O},
    Rule{"URI", Place::slot, slot::uri, true, any, O, O, O, O},
};
constexpr std::array set_rules{
    Rule{"uniqueId", Place::identifier, scheme::set_unique_id, false, is_unique_id, R, R, R, R},
    Rule{"sourceId", Place::identifier, scheme::source_id, false, is_oid, R, R, R, R},
    Rule{"patientId", Place::identifier, scheme::set_patient_id, false, is_cx, R, R, R, O},
    Rule{"submissionTime", Place::slot, slot::submission_time, false, is_dtm, R, R, R, R},
    Rule{"contentTypeCode", Place::code, scheme::content_type_code, false, any, R, R, R, O},
    Rule{"intendedRecipient", Place::slot, slot::intended_recipient, true, is_recipient, O, O, O, O},
};
constexpr std::array folder_rules{
    Rule{"uniqueId", Place::identifier, scheme::folder_unique_id, false, is_oid, R, R, R, R},
    Rule{"patientId", Place::identifier, scheme::folder_patient_id, false, is_cx, R, R, R, O},
    Rule{"codeList", Place::code, scheme::code_list, true, any, R, R, R, O},
    Rule{"lastUpdateTime", Place::slot, slot::last_update_time, false, is_dtm, O, O, O, O},
};

std::span<const Rule> rules_of(Kind kind) {
  switch (kind) {
    case Kind::document_entry:
      return entry_rules;
    case Kind::submission_set:
      return set_rules;
    case Kind::folder:
      return folder_rules;
    case Kind::association:
      break;
  }
  return {};
}

class Check {
 public:
  Check(const RegistryObject& object, const std::string& name, Submitted how, std::string_view error_code,
        Errors& errors)
      : object_(object), name_(name), how_(how), code_(error_code), errors_(errors) {}

  void run() {
    for (const auto& rule : rules_of(object_.kind)) attribute(rule);
    slots_are_named_once();
    if (object_.kind == Kind::document_entry) entry();
    if (object_.kind == Kind::folder && how_ != Submitted::limited && how_ != Submitted::published_limited &&
        !is_named(object_.name))
      wrong("title is missing");
    if (object_.kind == Kind::association) association();
    if (!as_fhir()) lengths();
    authors(object_.kind == Kind::submission_set ? scheme::set_author : scheme::entry_author);
  }

 private:
  void wrong(const std::string& text) { errors_.add(code_, name_ + ": " + text, object_.id); }

  void attribute(const Rule& rule) {
    const auto values = values_of(rule);
    const Need need = rule.need(how_);
    const std::string name(rule.name);
    if (values.empty() && need == Need::required) return wrong(name + " is missing");
    if (!values.empty() && need == Need::forbidden) return wrong(name + " must not be there");
    if (values.size() > 1 && !rule.several) return wrong(name + " has more than one value");
    for (const auto value : values)
      if (!form_of(rule)(value)) wrong(name + " \"" + std::string(value) + "\" has not the form that it must have");
    if (rule.place == Place::code) codes(rule);
  }

  bool as_fhir() const { return how_ == Submitted::published || how_ == Submitted::published_limited; }

  // Identifiers that FHIR gives are OIDs or other URIs.
  Form form_of(const Rule& rule) const { return as_fhir() && rule.form == is_oid ? is_unique_id : rule.form; }

  std::vector<std::string_view> values_of(const Rule& rule) const {
    std::vector<std::string_view> values;
    if (rule.place == Place::slot) {
      if (const Slot* slot = object_.slot(rule.key)) values.assign(slot->values.begin(), slot->values.end());
      return values;
    }
    for (const auto& label : rule.place == Place::code ? object_.classifications : object_.identifiers)
      if (label.scheme == rule.key) values.emplace_back(label.value);
    return values;
  }

  void codes(const Rule& rule) {
    for (const auto& label : object_.classifications) {
      if (label.scheme != rule.key) continue;
      const Slot* scheme = slot_of(label.slots, slot::coding_scheme);
      if (!scheme || scheme->values.size() != 1 || scheme->values.front().empty())
        wrong(std::string(rule.name) + " \"" + label.value + "\" needs one codingScheme");
      if (!is_named(label.name)) wrong(std::string(rule.name) + " \"" + label.value + "\" needs a display name");
    }
  }

  void slots_are_named_once() {
    std::set<std::string_view> names;
    for (const auto& slot : object_.slots) {
      if (!names.insert(slot.name).second) wrong("the Slot " + slot.name + " is repeated");
      if (slot.name.starts_with("urn:ihe:") && slot.name != slot::reference_id_list)
        wrong("the Slot " + slot.name + " is not one of IHE's");
      if (slot.values.empty()) wrong("the Slot " + slot.name + " has no value");
    }
  }

  void entry() {
    const bool on_demand = is_on_demand(object_);
    if (object_.mime_type.empty())
      wrong("mimeType is missing");
    else if (!mime::is_media(object_.mime_type))
      wrong("mimeType \"" + object_.mime_type + "\" is no media type");
    if (object_.object_type != scheme::stable && !on_demand)
      wrong("objectType \"" + object_.object_type + "\" is neither that of stable nor of on-demand entries");
    else if (on_demand != (how_ == Submitted::on_demand))
      wrong(on_demand ? "an on-demand entry is registered by ITI-61" : "ITI-61 takes on-demand entries only");
    const auto start = dtm_of(object_.value(slot::service_start_time));
    const auto stop = dtm_of(object_.value(slot::service_stop_time));
    if (start && stop && start->low > stop->high) wrong("serviceStartTime is after serviceStopTime");
    if (const Slot* info = object_.slot(slot::source_patient_info))
      for (const std::string_view field : {"PID-7|", "PID-8|"})
        if (std::count_if(info->values.begin(), info->values.end(),
                          [&](const auto& value) { return value.starts_with(field); }) > 1)
          wrong("sourcePatientInfo has " + std::string(field.substr(0, 5)) + " more than once");
    if (const Slot* list = object_.slot(slot::reference_id_list); list && !as_fhir())
      for (const auto& value : list->values)
        if (component(value, 5).empty()) wrong("referenceIdList \"" + value + "\" needs its type (CXi.5)");
  }

  static bool is_named(const InternationalString& name) {
    return std::any_of(name.begin(), name.end(), [](const auto& text) { return !text.value.empty(); });
  }

  // Of ebRIM, and of titles; FHIR knows none. TF-3 4.2.3.1.1, 4.2.3.2.24.
  void lengths() {
    constexpr std::size_t most = 256, most_of_title = 128;  // characters
    const auto measure = [&](const std::vector<Slot>& slots) {
      for (const auto& slot : slots)
        if (std::any_of(slot.values.begin(), slot.values.end(),
                        [](const auto& value) { return fhir::characters(value) > most; }))
          wrong("a value of the Slot " + slot.name + " is longer than 256 characters");
    };
    measure(object_.slots);
    for (const auto& label : object_.classifications) measure(label.slots);
    const auto longest = object_.kind == Kind::document_entry ? most_of_title : most;
    if (std::any_of(object_.name.begin(), object_.name.end(),
                    [&](const auto& text) { return fhir::characters(text.value) > longest; }))
      wrong("title is longer than " + std::to_string(longest) + " characters");
  }

  void association() {
    if (object_.source.empty()) wrong("sourceObject is missing");
    if (object_.target.empty()) wrong("targetObject is missing");
    if (object_.type.empty()) wrong("associationType is missing");
    if (const Slot* status = object_.slot(slot::submission_set_status))
      if (status->values.size() != 1 || (status->values[0] != "Original" && status->values[0] != "Reference"))
        wrong("SubmissionSetStatus must be Original or Reference");
    if (object_.type == relation::has_member && object_.classification(scheme::association_documentation))
      wrong("HasMember takes no association documentation");
  }

  void authors(std::string_view scheme) {
    for (const auto& label : object_.classifications) {
      if (label.scheme != scheme) continue;
      const Slot* person = slot_of(label.slots, slot::author_person);
      if (person && person->values.size() > 1) wrong("an author has more than one authorPerson");
      if (!as_fhir()) forms_of(person, slot_of(label.slots, slot::author_institution));
      const auto given = [&](std::string_view name) {
        const Slot* slot = slot_of(label.slots, name);
        return slot && !slot->values.empty();
      };
      if (!given(slot::author_person) && !given(slot::author_institution) && !given(slot::author_telecommunication) &&
          !(as_fhir() && given(slot::author_role)))
        wrong("an author needs a person, an institution or a telecommunication address");
    }
  }

  void forms_of(const Slot* person, const Slot* institution) {
    if (person && !std::all_of(person->values.begin(), person->values.end(), is_author))
      wrong("authorPerson needs a name or an identifier");
    if (institution && !std::all_of(institution->values.begin(), institution->values.end(), is_institution))
      wrong("authorInstitution needs a name, and the authority of an identifier that is no OID");
  }

  const RegistryObject& object_;
  const std::string& name_;
  Submitted how_;
  std::string_view code_;
  Errors& errors_;
};

}  // namespace

void check_object(const RegistryObject& object, const std::string& name, Submitted how, std::string_view error_code,
                  Errors& errors) {
  Check(object, name, how, error_code, errors).run();
}

bool is_limited(const RegistryObject& object) {
  const auto node = object.kind == Kind::document_entry   ? scheme::limited_entry
                    : object.kind == Kind::submission_set ? scheme::limited_set
                                                          : scheme::limited_folder;
  return std::any_of(object.classifications.begin(), object.classifications.end(),
                     [&](const Label& label) { return label.node == node; });
}

std::span<const CodedAttribute> coded_attributes(Kind kind) {
  static constexpr std::array entry{CodedAttribute{"classCode", scheme::class_code},
                                    CodedAttribute{"typeCode", scheme::type_code},
                                    CodedAttribute{"formatCode", scheme::format_code},
                                    CodedAttribute{"confidentialityCode", scheme::confidentiality_code},
                                    CodedAttribute{"healthcareFacilityTypeCode", scheme::facility_code},
                                    CodedAttribute{"practiceSettingCode", scheme::practice_setting_code},
                                    CodedAttribute{"eventCodeList", scheme::event_code}};
  static constexpr std::array set{CodedAttribute{"contentTypeCode", scheme::content_type_code}};
  static constexpr std::array folder{CodedAttribute{"codeList", scheme::code_list}};
  switch (kind) {
    case Kind::document_entry:
      return entry;
    case Kind::submission_set:
      return set;
    case Kind::folder:
      return folder;
    case Kind::association:
      break;
  }
  return {};
}

}  // namespace ihe::xds
