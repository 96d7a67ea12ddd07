// The compact form of a registry object: see record.h.
#include "ihe/xds/record.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <new>
#include <unordered_map>

#include "ihe/xds/names.h"

namespace ihe::xds {
namespace {

constexpr std::uint64_t form = 1;
constexpr std::size_t most_items = 1'000'000;  // of one list

// Texts that most records have. Appended to, never changed: stored records hold the indexes.
constexpr std::array known{
    std::string_view(""),
    scheme::stable,
    scheme::on_demand,
    scheme::submission_set_node,
    scheme::folder_node,
    scheme::entry_author,
    scheme::class_code,
    scheme::confidentiality_code,
    scheme::event_code,
    scheme::format_code,
    scheme::facility_code,
    scheme::practice_setting_code,
    scheme::type_code,
    scheme::entry_patient_id,
    scheme::entry_unique_id,
    scheme::set_author,
    scheme::content_type_code,
    scheme::set_patient_id,
    scheme::source_id,
    scheme::set_unique_id,
    scheme::code_list,
    scheme::folder_patient_id,
    scheme::folder_unique_id,
    relation::has_member,
    relation::rplc,
    relation::xfrm,
    relation::apnd,
    relation::xfrm_rplc,
    relation::signs,
    relation::is_snapshot_of,
    status::approved,
    status::deprecated,
    slot::creation_time,
    slot::hash,
    slot::size,
    slot::language_code,
    slot::legal_authenticator,
    slot::repository_unique_id,
    slot::service_start_time,
    slot::service_stop_time,
    slot::source_patient_id,
    slot::source_patient_info,
    slot::uri,
    slot::reference_id_list,
    slot::submission_time,
    slot::last_update_time,
    slot::submission_set_status,
    slot::previous_version,
    slot::coding_scheme,
    slot::author_person,
    slot::author_institution,
    slot::author_role,
    slot::author_specialty,
    slot::author_telecommunication,
    std::string_view("Original"),
    std::string_view("Reference"),
    std::string_view("1"),
    std::string_view("UTF-8"),
    std::string_view("en-us"),
    std::string_view("XDSDocumentEntry.patientId"),
    std::string_view("XDSDocumentEntry.uniqueId"),
    std::string_view("XDSSubmissionSet.patientId"),
    std::string_view("XDSSubmissionSet.sourceId"),
    std::string_view("XDSSubmissionSet.uniqueId"),
    std::string_view("XDSFolder.patientId"),
    std::string_view("XDSFolder.uniqueId"),
    std::string_view("text/xml"),
    std::string_view("application/pdf"),
};

const std::unordered_map<std::string_view, std::size_t>& places() {
  static const auto map = [] {
    std::unordered_map<std::string_view, std::size_t> made;
    for (std::size_t i = 0; i < known.size(); ++i) made.emplace(known[i], i);
    return made;
  }();
  return map;
}

class Encoder {
 public:
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
    out.push_back(static_cast<char>(value));
  }
  void put(std::string_view text) {
    const auto place = places().find(text);
    if (place != places().end()) return number(place->second << 1 | 1);
    number(text.size() << 1);
    out.append(text);
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  template <class T>
  void put(const std::vector<T>& list) {
    number(list.size());
    for (const auto& item : list) put(item);
  }
  void put(const LocalizedString& string) { put(string.value), put(string.lang), put(string.charset); }
  void put(const Slot& slot) { put(slot.name), put(slot.type), put(slot.values); }
  void put(const std::pair<std::string, std::string>& pair) { put(pair.first), put(pair.second); }
  void put(const Label& label) {
    put(label.id), put(label.scheme), put(label.node), put(label.value);
    put(label.slots), put(label.name), put(label.description), put(label.others);
  }
  void put(const RegistryObject& object) {
    number(static_cast<std::uint64_t>(object.kind) | std::uint64_t{object.superseded} << 2);
    number(static_cast<std::uint64_t>(object.registered));
    put(object.id), put(object.lid), put(object.home), put(object.status), put(object.version);
    put(object.mime_type), put(object.object_type), put(object.type), put(object.source), put(object.target);
    put(object.slots), put(object.name), put(object.description);
    put(object.classifications), put(object.identifiers), put(object.others);
  }

  std::string out;
};

// Reads the members in the order in which the encoder put them. After a fault every further value is empty, and `sound`
// tells.
class Decoder {
 public:
  // `arena`: for the lists of what is only shown; may be null where nothing is.
  Decoder(std::string_view bytes, fhir::Arena* arena) : left_(bytes), arena_(arena) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 63 && !left_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    sound_ = false;
    return 0;
  }
  template <class Text>
  requires std::convertible_to<Text, std::string_view>
  void take(Text& text) { text = this->text(); }
  template <class T>
  void take(std::vector<T>& list) {
    const auto size = count();
    list.reserve(std::min<std::size_t>(size, 64));
    for (std::size_t i = 0; sound_ && i < size; ++i) take(list.emplace_back());
  }
  template <class T>
  void take(std::span<const T>& list) {
    const auto size = count();
    auto* items = static_cast<T*>(arena_->allocate(size * sizeof(T), alignof(T)));
    for (std::size_t i = 0; i < size; ++i) take(*::new (items + i) T);
    list = {items, size};
  }
  template <class Form>
  void take(LocalizedStringIn<Form>& string) {
    take(string.value), take(string.lang), take(string.charset);
  }
  template <class Form>
  void take(SlotIn<Form>& slot) {
    take(slot.name), take(slot.type), take(slot.values);
  }
  template <class Text>
  void take(std::pair<Text, Text>& pair) {
    take(pair.first), take(pair.second);
  }
  template <class Form>
  void take(LabelIn<Form>& label) {
    take(label.id), take(label.scheme), take(label.node), take(label.value);
    take(label.slots), take(label.name), take(label.description), take(label.others);
  }
  template <class Form>
  void take(RegistryObjectIn<Form>& object) {
    const auto kind = number();
    if (kind > 7) sound_ = false;
    object.kind = static_cast<Kind>(kind & 3);
    object.superseded = (kind & 4) != 0;
    object.registered = static_cast<std::int64_t>(number());
    take(object.id), take(object.lid), take(object.home), take(object.status), take(object.version);
    take(object.mime_type), take(object.object_type), take(object.type), take(object.source), take(object.target);
    take(object.slots), take(object.name), take(object.description);
    take(object.classifications), take(object.identifiers), take(object.others);
  }
  bool sound() const { return sound_; }
  bool done() const { return sound_ && left_.empty(); }

 private:
  std::string_view text() {
    const auto head = number();
    const auto value = head >> 1;
    if (!sound_ || value >= (head & 1 ? known.size() : left_.size() + 1)) {
      sound_ = false;
      return {};
    }
    if (head & 1) return known[value];
    const auto text = left_.substr(0, value);
    left_.remove_prefix(value);
    return text;
  }
  // Of the items of a list, each of which takes a byte at least.
  std::size_t count() {
    const auto size = number();
    if (size > most_items || size > left_.size()) sound_ = false;
    return sound_ ? static_cast<std::size_t>(size) : 0;
  }

  std::string_view left_;
  fhir::Arena* arena_;
  bool sound_ = true;
};

template <class Form>
std::optional<RecordIn<Form>> decode_in(std::string_view bytes, fhir::Arena* arena) {
  Decoder decoder(bytes, arena);
  if (decoder.number() != form) return std::nullopt;
  std::optional<RecordIn<Form>> record(std::in_place);
  decoder.take(record->object);
  decoder.take(record->associations);
  if (!decoder.done()) record.reset();
  return record;
}

}  // namespace

std::string encode(const Record& record) {
  Encoder encoder;
  encoder.number(form);
  encoder.put(record.object);
  encoder.put(record.associations);
  return std::move(encoder.out);
}

std::optional<Record> decode(std::string_view bytes) { return decode_in<Owned>(bytes, nullptr); }

std::optional<RecordIn<Shown>> decode(std::string_view bytes, fhir::Arena& arena) {
  return decode_in<Shown>(bytes, &arena);
}

}  // namespace ihe::xds
