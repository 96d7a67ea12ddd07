// XDS attributes read out of registry objects, and the HL7 v2 data types that their values are written in.
// IHE ITI TF-3 4.2.3.1.7 (CX, DTM, XCN, XON, OID, UUID).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ihe/xds/names.h"
#include "ihe/xds/registry_object.h"

namespace ihe::xds {

// CX: id^^^&authority&ISO, and CXi with the type of the id in its fifth component (referenceIdList).
struct Cx {
  std::string id;
  std::string authority;     // OID
  std::string type;          // CX.5
  std::string home;          // CX.6: homeCommunityId of a CXi, as written
  std::string text() const;  // canonical: namespaceId left out
  bool same(const Cx& other) const { return id == other.id && authority == other.authority; }
  bool operator==(const Cx&) const = default;
};
// Nothing when the id is missing. An authority that is not an OID of type ISO leaves `authority` empty.
std::optional<Cx> cx_of(std::string_view text);

// DTM: YYYY[MM[DD[hh[mm[ss]]]]] in UTC as its first and last millisecond since 1970.
struct Span {
  std::int64_t low = 0;
  std::int64_t high = 0;
};
std::optional<Span> dtm_of(std::string_view text);
std::string dtm_text(std::int64_t milliseconds);  // to the second

struct Code {
  std::string code;
  std::string scheme;
  std::string display;
};
template <class Form>
Code code_of(const LabelIn<Form>& classification) {
  Code code;
  code.code = classification.value;
  if (const auto* scheme = slot_of(classification.slots, slot::coding_scheme); scheme && !scheme->values.empty())
    code.scheme = scheme->values.front();
  if (!classification.name.empty()) code.display = classification.name.front().value;
  return code;
}
std::vector<Code> codes_of(const RegistryObject& object, std::string_view scheme);

// The scheme of the external identifier that is the object's uniqueId or patientId.
std::string_view unique_id_scheme(Kind kind);
std::string_view patient_id_scheme(Kind kind);

template <class Form>
std::string_view unique_id(const RegistryObjectIn<Form>& object) {  // "" for associations
  return object.kind == Kind::association ? std::string_view() : object.identifier(unique_id_scheme(object.kind));
}
template <class Form>
std::string_view patient_id(const RegistryObjectIn<Form>& object) {  // CX as written
  return object.kind == Kind::association ? std::string_view() : object.identifier(patient_id_scheme(object.kind));
}
void set_patient_id(RegistryObject& object, std::string_view cx);
template <class Form>
std::string_view lid(const RegistryObjectIn<Form>& object) {  // its own, or the id
  return object.lid.empty() ? object.id : object.lid;
}
int version_of(std::string_view version_name);  // VersionInfo; 1 where none is given, 0 for what is no number
template <class Form>
int version(const RegistryObjectIn<Form>& object) {
  return version_of(object.version);
}

bool is_on_demand(std::string_view object_type);
template <class Form>
bool is_on_demand(const RegistryObjectIn<Form>& object) {
  return is_on_demand(object.object_type);
}
bool is_relationship(std::string_view association_type);  // between document entries
bool replaces(std::string_view association_type);         // RPLC and XFRM_RPLC

// An id as the registry has it: the letters of urn:uuid: and its UUID are read in either case and written in lower, any
// other id stays as it is. RFC 9562 4.
std::string id_of(std::string_view given);
bool is_uuid(std::string_view id);  // urn:uuid: and a well-formed UUID, as the registry has it
bool is_oid(std::string_view text);
bool is_sha1(std::string_view text);                           // 40 hexadecimal digits
bool same_hash(std::string_view one, std::string_view other);  // in either case
bool is_number(std::string_view text);                         // digits, 18 at most

std::string_view word_of(Kind kind);  // "DocumentEntry"

// Components of an HL7 v2 value, as written; what is not there is "".
std::string_view component(std::string_view text, std::size_t number, char separator = '^');
// Text as it is written into a component, and back: ^ & ~ | \ have escapes there. HL7 v2.5 2.7.
std::string written(std::string_view text);
std::string plain(std::string_view written);

}  // namespace ihe::xds
