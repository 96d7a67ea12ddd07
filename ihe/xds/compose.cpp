#include "ihe/xds/compose.h"

#include <algorithm>
#include <optional>

#include "fhir/digest.h"
#include "fhir/hex.h"
#include "ihe/door.h"
#include "ihe/xds/names.h"

namespace ihe::xds {
namespace {

// Names of the external identifiers, as the framework writes them.
constexpr std::string_view entry_name = "XDSDocumentEntry";
constexpr std::string_view set_name = "XDSSubmissionSet";
constexpr std::string_view folder_name = "XDSFolder";

class Composer {
 public:
  Composer(const Composition& composition, const std::function<std::string()>& random)
      : composition_(composition), random_(random) {}

  Composed compose() {
    auto& set = add(Kind::submission_set);
    describe_set(set);
    const std::string set_id = set.id;
    std::vector<std::string> entries;
    for (const auto& item : composition_.items) {
      auto& entry = add(Kind::document_entry);
      describe_entry(entry, item);
      entries.push_back(entry.id);
    }
    for (const auto& entry : entries)
      associate(relation::has_member, set_id, entry).set(slot::submission_set_status, "Original");
    if (!entries.empty())
      for (const auto& [type, target] : composition_.relations) associate(type, entries.front(), target);
    entries.insert(entries.end(), composition_.members.begin(), composition_.members.end());
    put_into_folder(set_id, entries);
    return std::move(out_);
  }

  Composed update(const RegistryObject& entry, const Change& change) {
    auto& set = add(Kind::submission_set);
    describe_set(set);
    const std::string set_id = set.id;
    if (!change.status.empty()) {
      auto& operation = associate(relation::update_status, set_id, entry.id);
      operation.set(slot::original_status, entry.status);
      operation.set(slot::new_status, change.status);
      return std::move(out_);
    }
    auto next = entry;
    next.id = uuid();
    next.lid = lid(entry);
    if (change.title) next.name = {{*change.title, {}, {}}};
    for (const auto& [code_scheme, code] : change.codes)
      std::erase_if(next.classifications, [&](const Label& label) { return label.scheme == code_scheme; });
    for (auto* labels : {&next.classifications, &next.identifiers})
      for (auto& label : *labels) label.id = uuid();
    for (const auto& [code_scheme, code] : change.codes) classify(next, code_scheme, code);
    const auto next_id = next.id;
    out_.objects.push_back(std::move(next));
    auto& operation = associate(relation::has_member, set_id, next_id);
    operation.set(slot::submission_set_status, "Original");
    operation.set(slot::previous_version, std::to_string(version(entry)));
    return std::move(out_);
  }

 private:
  std::string uuid() const { return uuid_of(random_()); }

  RegistryObject& add(Kind kind) {
    RegistryObject object;
    object.kind = kind;
    object.id = uuid();
    out_.objects.push_back(std::move(object));
    return out_.objects.back();
  }

  RegistryObject& associate(std::string_view type, const std::string& source, const std::string& target) {
    auto& association = add(Kind::association);
    association.type = type;
    association.source = source;
    association.target = target;
    return association;
  }

  // A submission set names the membership that it made, where the folder is not its own (TF-3 4.2.1.4).
  void put_into_folder(const std::string& set, const std::vector<std::string>& entries) {
    std::string folder = composition_.folder;
    if (!composition_.new_folder.empty()) {
      auto& made = add(Kind::folder);
      describe_folder(made);
      folder = made.id;
      associate(relation::has_member, set, folder);
    }
    if (folder.empty()) return;
    for (const auto& entry : entries) {
      const std::string membership = associate(relation::has_member, folder, entry).id;
      associate(relation::has_member, set, membership);
    }
  }

  Label label(std::string_view scheme, std::string value) const {
    Label made;
    made.id = uuid();
    made.scheme = scheme;
    made.value = std::move(value);
    return made;
  }

  void classify(RegistryObject& object, std::string_view scheme, const Code& code) const {
    if (code.code.empty()) return;
    auto made = label(scheme, code.code);
    made.slots.push_back({std::string(slot::coding_scheme), {}, {code.scheme}});
    made.name = {{code.display.empty() ? code.code : code.display, {}, {}}};
    object.classifications.push_back(std::move(made));
  }

  void mark(RegistryObject& object, std::string_view node) const {
    auto made = label({}, {});
    made.node = node;
    object.classifications.push_back(std::move(made));
  }

  void identify(RegistryObject& object, std::string_view scheme, std::string_view owner, std::string_view attribute,
                std::string value) const {
    if (value.empty()) return;
    auto made = label(scheme, std::move(value));
    made.name = {{std::string(owner) + "." + std::string(attribute), {}, {}}};
    object.identifiers.push_back(std::move(made));
  }

  void name_author(RegistryObject& object, std::string_view scheme) const {
    if (composition_.author.empty() && composition_.institution.empty()) return;
    auto made = label(scheme, {});
    if (!composition_.author.empty())
      made.slots.push_back({std::string(slot::author_person), {}, {composition_.author}});
    if (!composition_.institution.empty())
      made.slots.push_back({std::string(slot::author_institution), {}, {composition_.institution}});
    object.classifications.push_back(std::move(made));
  }

  void describe_set(RegistryObject& set) const {
    set.set(slot::submission_time, dtm_text(composition_.now));
    if (!composition_.title.empty()) set.name = {{composition_.title, {}, {}}};
    mark(set, scheme::submission_set_node);
    if (composition_.limited) mark(set, scheme::limited_set);
    name_author(set, scheme::set_author);
    classify(set, scheme::content_type_code, composition_.content_type);
    identify(set, scheme::set_unique_id, set_name, "uniqueId", oid_of_uuid(random_()));
    identify(set, scheme::source_id, set_name, "sourceId", composition_.source_id);
    identify(set, scheme::set_patient_id, set_name, "patientId", composition_.patient);
  }

  void describe_folder(RegistryObject& folder) const {
    folder.name = {{composition_.new_folder, {}, {}}};
    mark(folder, scheme::folder_node);
    if (composition_.limited) mark(folder, scheme::limited_folder);
    classify(folder, scheme::code_list, composition_.folder_code);
    identify(folder, scheme::folder_unique_id, folder_name, "uniqueId", oid_of_uuid(random_()));
    identify(folder, scheme::folder_patient_id, folder_name, "patientId", composition_.patient);
  }

  void describe_entry(RegistryObject& entry, const Composition::Item& item) {
    entry.object_type = scheme::stable;
    entry.mime_type = item.mime_type;
    if (!item.title.empty()) entry.name = {{item.title, {}, {}}};
    entry.set(slot::creation_time, dtm_text(composition_.now));
    if (!composition_.language.empty()) entry.set(slot::language_code, composition_.language);
    const auto& source = composition_.source_patient.empty() ? composition_.patient : composition_.source_patient;
    if (!source.empty()) entry.set(slot::source_patient_id, source);
    fhir::Digest digest(fhir::Digest::Kind::sha1);
    item.bytes->each([&](std::string_view piece) { return digest.add(piece), true; });
    entry.set(slot::hash, fhir::to_hex(digest.finish()));
    entry.set(slot::size, std::to_string(item.bytes->size()));
    if (!composition_.repository.empty()) entry.set(slot::repository_unique_id, composition_.repository);
    if (composition_.limited) mark(entry, scheme::limited_entry);
    name_author(entry, scheme::entry_author);
    for (const auto& [code_scheme, code] : composition_.codes) classify(entry, code_scheme, code);
    const auto unique = item.unique_id.empty() ? oid_of_uuid(random_()) : item.unique_id;
    identify(entry, scheme::entry_patient_id, entry_name, "patientId", composition_.patient);
    identify(entry, scheme::entry_unique_id, entry_name, "uniqueId", unique);
    out_.documents.push_back({unique, item.mime_type, item.bytes});
  }

  const Composition& composition_;
  const std::function<std::string()>& random_;
  Composed out_;
};

}  // namespace

Composed compose(const Composition& composition, const std::function<std::string()>& random) {
  return Composer(composition, random).compose();
}

Composed compose_update(const Composition& of, const RegistryObject& entry, const Change& change,
                        const std::function<std::string()>& random) {
  return Composer(of, random).update(entry, change);
}

std::optional<Code> code_from(std::string_view text) {
  Code code{std::string(component(text, 1)), std::string(component(text, 3)), std::string(component(text, 2))};
  if (code.code.empty() || code.scheme.empty()) return std::nullopt;
  return code;
}

std::string oid_of_uuid(std::string_view digits) {
  std::string decimal(1, 0);  // the least digit first
  for (const char c : digits) {
    int carry = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    for (auto& digit : decimal) {
      carry += digit * 16;
      digit = static_cast<char>(carry % 10);
      carry /= 10;
    }
    for (; carry; carry /= 10) decimal += static_cast<char>(carry % 10);
  }
  for (auto& digit : decimal) digit = static_cast<char>(digit + '0');
  std::reverse(decimal.begin(), decimal.end());
  return "2.25." + decimal;
}

}  // namespace ihe::xds
