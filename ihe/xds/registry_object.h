// The registry's model: ebRIM objects as they were submitted, nothing lost. A document entry, a submission set, a
// folder and an association are one structure; attribute.h reads the XDS attributes out of it.
// IHE ITI TF-3 4.2.1, OASIS ebRIM 3.0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ihe::xds {

struct LocalizedString {
  std::string value;
  std::string lang;
  std::string charset;
  bool operator==(const LocalizedString&) const = default;
};
using InternationalString = std::vector<LocalizedString>;

struct Slot {
  std::string name;
  std::string type;  // slotType, mostly ""
  std::vector<std::string> values;
  bool operator==(const Slot&) const = default;
};

using Attributes = std::vector<std::pair<std::string, std::string>>;  // XML attributes without a place of their own

// A Classification or an ExternalIdentifier: what they share, and what is the one's or the other's.
struct Label {
  std::string id;
  std::string scheme;  // classificationScheme or identificationScheme; "" for a node classification
  std::string node;    // classificationNode
  std::string value;   // nodeRepresentation or value
  std::vector<Slot> slots;
  InternationalString name;
  InternationalString description;
  Attributes others;
  bool operator==(const Label&) const = default;
};

enum class Kind : std::uint8_t { document_entry, submission_set, folder, association };

struct RegistryObject {
  Kind kind = Kind::document_entry;
  std::string id;       // urn:uuid:…, or a symbol in a submission
  std::string lid;      // logical id, "" = that of the first version
  std::string home;     // homeCommunityId
  std::string status;   // urn:oasis:…:StatusType:Approved
  std::string version;  // VersionInfo/@versionName, "" = 1
  // Ours alone, never sent.
  bool fresh = false;           // its id was made for it, so that nothing can be registered under it
  bool superseded = false;      // a newer version of the same logical object is registered
  std::int64_t registered = 0;  // when: milliseconds since 1970 UTC
  std::string mime_type;
  std::string object_type;
  std::string type;    // association
  std::string source;  // association
  std::string target;  // association
  std::vector<Slot> slots;
  InternationalString name;
  InternationalString description;
  std::vector<Label> classifications;
  std::vector<Label> identifiers;
  Attributes others;
  bool operator==(const RegistryObject&) const = default;

  const Slot* slot(std::string_view slot_name) const;
  // The first value of a slot, "" without one.
  std::string_view value(std::string_view slot_name) const;
  const Label* classification(std::string_view scheme) const;
  // The value of an external identifier, "" without one.
  std::string_view identifier(std::string_view scheme) const;
  bool approved() const;

  void set(std::string_view slot_name, std::string slot_value);  // one value, replaces what was there
  void drop(std::string_view slot_name);
};

const Slot* slot_of(const std::vector<Slot>& slots, std::string_view name);

// What a submission, an update or an answer carries.
struct Submission {
  std::vector<Slot> slots;  // of the request
  std::vector<RegistryObject> objects;
};

}  // namespace ihe::xds
