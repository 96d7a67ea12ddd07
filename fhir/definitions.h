// The R4 definitions as tables. `profiles/compile.cpp` writes them at build time as one position-independent
// image that is linked into the program; nothing is parsed at start-up. Every pointer inside the image is an
// offset relative to its own field, so the structures are used in place and are never copied or moved.
// FHIR R4: http://hl7.org/fhir/R4/definitions.json.zip (StructureDefinition, SearchParameter, ValueSet, ...)
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace fhir {

// Self-relative text, list and reference.
struct Text {
  std::int32_t offset = 0;
  std::uint32_t size = 0;
  Text() = default;
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  operator std::string_view() const { return {reinterpret_cast<const char*>(this) + offset, size}; }  // NOLINT
  std::string_view view() const { return *this; }
  bool empty() const { return size == 0; }
};

template <class T>
struct List {
  std::int32_t offset = 0;
  std::uint32_t count = 0;
  List() = default;
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  const T* data() const { return reinterpret_cast<const T*>(reinterpret_cast<const char*>(this) + offset); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + count; }
  const T& operator[](std::uint32_t i) const { return data()[i]; }
  std::uint32_t size() const { return count; }
  bool empty() const { return count == 0; }
};

template <class T>
struct Ref {
  std::int32_t offset = 0;  // 0 = none
  Ref() = default;
  Ref(const Ref&) = delete;
  Ref& operator=(const Ref&) = delete;
  const T* get() const {
    return offset ? reinterpret_cast<const T*>(reinterpret_cast<const char*>(this) + offset) : nullptr;
  }
  const T* operator->() const { return get(); }
  const T& operator*() const { return *get(); }
  explicit operator bool() const { return offset != 0; }
};

struct Type;
struct SearchParameter;

enum class Primitive : std::uint8_t {
  none,
  boolean,
  integer,
  positiveInt,
  unsignedInt,
  decimal,
  string,
  code,
  id,
  markdown,
  uri,
  url,
  canonical,
  oid,
  uuid,
  base64Binary,
  instant,
  date,
  dateTime,
  time,
  xhtml,
};

struct Concept {
  Text system;
  Text code;
  Text display;
  List<Text> parents;  // codes of the parents in a hierarchical code system; several in HL7 v3 tables
};

// A value set expanded at build time, sorted by (system, code).
// `complete` is false where a system without content takes part (LOINC, UCUM, BCP-47 ...): then only the listed
// concepts are known, and `open_systems` names the systems about whose other codes nothing can be said.
struct ValueSet {
  Text url;
  Text version;
  List<Concept> concepts;
  List<Text> open_systems;
  bool complete;
};

struct CodeSystem {
  Text url;
  Text version;
  List<Concept> concepts;  // sorted by code
  bool complete;           // content = complete
  bool case_sensitive;
};

enum class Strength : std::uint8_t { none, example, preferred, extensible, required };

struct Constraint {
  Text key;  // "obs-6"
  Text human;
  Text expression;  // FHIRPath, evaluated on the element that carries it
  bool error;       // severity error, otherwise warning
};

struct ElementType {
  Ref<Type> type;
  List<Text> targets;   // Reference and canonical: target types by name ("Patient"); empty or "Resource" = any
  List<Text> profiles;  // profiles the type must conform to
};

struct Element {
  Text name;  // "birthDate"; of a choice the stem: "value"
  Text path;  // "Observation.value[x]"
  Ref<Type> owner;
  List<ElementType> types;       // a content reference has the one type it points to
  List<Constraint> constraints;  // its own; those that all its types carry stand on the types alone
  Ref<ValueSet> value_set;
  Text binding;  // canonical of the bound value set, "" when unbound
  std::uint16_t min;
  std::uint16_t max;  // 0xFFFF = *
  Strength strength;
  bool choice;     // value[x]
  bool summary;    // isSummary
  bool modifier;   // isModifier
  bool attribute;  // XML: representation xmlAttr (Element.id, Extension.url)
  bool repeats() const { return max > 1; }
};

// One JSON property name of a type: choices appear once for each of their types ("valueQuantity", ...).
struct Member {
  Text name;
  Ref<Element> element;
  Ref<Type> type;
};

// Where `Type::member` starts to look. Names that share length, head and tail are rare within one type.
inline std::uint32_t member_hash(std::string_view name) {
  const std::size_t size = name.size();
  std::uint32_t head = 0, tail = 0;
  if (size >= 4) {
    std::memcpy(&head, name.data(), 4);
    std::memcpy(&tail, name.data() + size - 4, 4);
  } else {
    for (char c : name) head = head << 8 | static_cast<unsigned char>(c);
  }
  std::uint32_t hash = (head * 0x9E3779B1u) ^ (tail * 0x85EBCA77u) ^ static_cast<std::uint32_t>(size * 0xC2B2AE3Du);
  return hash ^ hash >> 15;
}

enum class TypeKind : std::uint8_t { primitive, complex, resource, backbone };

struct Type {
  Text name;  // "Patient", "HumanName", "decimal"; a backbone element's is its path "Patient.contact"
  Text url;   // canonical of the StructureDefinition, "" for backbone elements
  Ref<Type> base;
  TypeKind kind;
  Primitive primitive;
  bool abstract;
  List<Element> elements;        // all, inherited ones included, in the standard's order
  List<Member> members;          // sorted by name
  List<std::uint8_t> slots;      // hash table of `member`: index + 1 into members, 0 = free; a power of two of them
  List<Constraint> constraints;  // of the type itself (its root element)
  List<SearchParameter> search;  // resources only: those that apply, inherited ones included, sorted by code
  const Member* member(std::string_view json_name) const;
  bool is(std::string_view type_name) const;  // this type or one of its bases
  const SearchParameter* parameter(std::string_view code) const;
};

enum class ParameterType : std::uint8_t { string, token, reference, date, number, quantity, uri, composite, special };
std::string_view word_of(ParameterType type);  // as the standard writes it: "token"

struct SearchComponent {
  Text expression;                 // relative to each item of the composite's expression
  Text definition;                 // canonical of the component's SearchParameter
  Ref<SearchParameter> parameter;  // that parameter as it applies to the same type, or none
  ParameterType type;
};

// A search parameter as it applies to one type: the expression holds only the branches for that type.
struct SearchParameter {
  Text code;
  Text url;
  Text expression;  // "" for _text, _content, _query
  ParameterType type;
  List<Text> targets;  // reference: possible target types
  List<SearchComponent> components;
};

struct CompartmentMember {
  Text type;
  List<Text> parameters;  // search parameter codes; "{def}" = the resource itself
};
struct Compartment {
  Text type;  // Patient, Practitioner, RelatedPerson, Device, Encounter
  List<CompartmentMember> members;
};

struct OperationParameter {
  Text name;
  Text type;
  Text search_type;
  std::uint16_t min;
  std::uint16_t max;
  bool out;
  List<OperationParameter> parts;
};
struct OperationDefinition {
  Text code;
  Text url;
  List<Text> types;
  bool system, type, instance, affects_state;
  List<OperationParameter> parameters;
};

struct Definitions {
  Text version;                   // "4.0.1"
  List<Type> types;               // primitives, data types, backbones and resources, sorted by name
  List<ValueSet> value_sets;      // sorted by url
  List<CodeSystem> code_systems;  // sorted by url
  List<Compartment> compartments;
  List<OperationDefinition> operations;
  const Type* type(std::string_view name) const;
  const Type* resource(std::string_view name) const;      // concrete resource types only
  const ValueSet* value_set(std::string_view url) const;  // a |version suffix is ignored
  const CodeSystem* code_system(std::string_view url) const;
  const Compartment* compartment(std::string_view type) const;
};

// The tables linked into this program.
const Definitions& definitions();

}  // namespace fhir
