// The registry's model: ebRIM objects as they were submitted, nothing lost. A document entry, a submission set, a
// folder and an association are one structure; attribute.h reads the XDS attributes out of it.
// IHE ITI TF-3 4.2.1, OASIS ebRIM 3.0.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ihe::xds {

// The two forms of the model: it owns its texts, to be changed; or it only shows them, where the bytes of a record and
// an arena outlive it, for those who look at many and change none (record.h).
struct Owned {
  using Text = std::string;
  template <class T>
  using List = std::vector<T>;
};
struct Shown {
  using Text = std::string_view;
  template <class T>
  using List = std::span<const T>;
};

template <class Form>
struct LocalizedStringIn {
  typename Form::Text value;
  typename Form::Text lang;
  typename Form::Text charset;
  bool operator==(const LocalizedStringIn&) const = default;
};
template <class Form>
using InternationalStringIn = typename Form::template List<LocalizedStringIn<Form>>;

template <class Form>
struct SlotIn {
  typename Form::Text name;
  typename Form::Text type;  // slotType, mostly ""
  typename Form::template List<typename Form::Text> values;
  bool operator==(const SlotIn&) const = default;
};
template <class Form>
using SlotsIn = typename Form::template List<SlotIn<Form>>;

// XML attributes without a place of their own.
template <class Form>
using AttributesIn = typename Form::template List<std::pair<typename Form::Text, typename Form::Text>>;

// A Classification or an ExternalIdentifier: what they share, and what is the one's or the other's.
template <class Form>
struct LabelIn {
  typename Form::Text id;
  typename Form::Text scheme;  // classificationScheme or identificationScheme; "" for a node classification
  typename Form::Text node;    // classificationNode
  typename Form::Text value;   // nodeRepresentation or value
  SlotsIn<Form> slots;
  InternationalStringIn<Form> name;
  InternationalStringIn<Form> description;
  AttributesIn<Form> others;
  bool operator==(const LabelIn&) const = default;
};

enum class Kind : std::uint8_t { document_entry, submission_set, folder, association };

template <class Form>
struct RegistryObjectIn {
  using Text = typename Form::Text;

  Kind kind = Kind::document_entry;
  Text id;       // urn:uuid:…, or a symbol in a submission
  Text lid;      // logical id, "" = that of the first version
  Text home;     // homeCommunityId
  Text status;   // urn:oasis:…:StatusType:Approved
  Text version;  // VersionInfo/@versionName, "" = 1
  // Ours alone, never sent.
  bool fresh = false;           // its id was made for it, so that nothing can be registered under it
  bool superseded = false;      // a newer version of the same logical object is registered
  std::int64_t registered = 0;  // when: milliseconds since 1970 UTC
  Text mime_type;
  Text object_type;
  Text type;    // association
  Text source;  // association
  Text target;  // association
  SlotsIn<Form> slots;
  InternationalStringIn<Form> name;
  InternationalStringIn<Form> description;
  typename Form::template List<LabelIn<Form>> classifications;
  typename Form::template List<LabelIn<Form>> identifiers;
  AttributesIn<Form> others;
  bool operator==(const RegistryObjectIn&) const = default;

  const SlotIn<Form>* slot(std::string_view slot_name) const;
  // The first value of a slot, "" without one.
  std::string_view value(std::string_view slot_name) const;
  const LabelIn<Form>* classification(std::string_view scheme) const;
  // The value of an external identifier, "" without one.
  std::string_view identifier(std::string_view scheme) const;
  bool approved() const;

  // One value, replaces what was there.
  void set(std::string_view slot_name, std::string slot_value) requires std::same_as<Form, Owned>;
  void drop(std::string_view slot_name) requires std::same_as<Form, Owned>;
};

template <class Slots>
auto slot_of(const Slots& slots, std::string_view name) -> const typename Slots::value_type* {
  for (const auto& slot : slots)
    if (slot.name == name) return &slot;
  return nullptr;
}

using LocalizedString = LocalizedStringIn<Owned>;
using InternationalString = InternationalStringIn<Owned>;
using Slot = SlotIn<Owned>;
using Attributes = AttributesIn<Owned>;
using Label = LabelIn<Owned>;
using RegistryObject = RegistryObjectIn<Owned>;

// What a submission, an update or an answer carries.
struct Submission {
  std::vector<Slot> slots;  // of the request
  std::vector<RegistryObject> objects;
  // Entries of other submissions of the same commit, by id: what may be related to as well.
  std::map<std::string, RegistryObject, std::less<>> beside = {};
};

}  // namespace ihe::xds
