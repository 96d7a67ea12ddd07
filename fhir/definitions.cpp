// Look-ups in the linked image of the R4 definitions.

#include "fhir/definitions.h"

#include <algorithm>

extern "C" const char alzette_definitions_image[];

namespace fhir {
namespace {

template <class T>
const T* find(const List<T>& sorted, const Text T::*key, std::string_view wanted) {
  const T* found = std::lower_bound(sorted.begin(), sorted.end(), wanted, [key](const T& item, std::string_view value) {
    return (item.*key).view() < value;
  });
  return found != sorted.end() && (found->*key).view() == wanted ? found : nullptr;
}

std::string_view without_version(std::string_view canonical) { return canonical.substr(0, canonical.find('|')); }

}  // namespace

std::string_view word_of(ParameterType type) {
  switch (type) {
    case ParameterType::string:
      return "string";
    case ParameterType::token:
      return "token";
    case ParameterType::reference:
      return "reference";
    case ParameterType::date:
      return "date";
    case ParameterType::number:
      return "number";
    case ParameterType::quantity:
      return "quantity";
    case ParameterType::uri:
      return "uri";
    case ParameterType::composite:
      return "composite";
    case ParameterType::special:
      return "special";
  }
  return "";
}

const Definitions& definitions() { return *reinterpret_cast<const Definitions*>(alzette_definitions_image); }

const Member* Type::member(std::string_view json_name) const {
  if (slots.empty()) return nullptr;
  const std::uint32_t mask = slots.size() - 1;
  const std::uint8_t* table = slots.data();
  for (std::uint32_t slot = member_hash(json_name) & mask; table[slot]; slot = (slot + 1) & mask) {
    const Member& candidate = members[table[slot] - 1u];
    if (candidate.name.view() == json_name) return &candidate;
  }
  return nullptr;
}

bool Type::is(std::string_view type_name) const {
  for (const Type* type = this; type; type = type->base.get())
    if (type->name.view() == type_name) return true;
  return false;
}

const SearchParameter* Type::parameter(std::string_view code) const {
  return find(search, &SearchParameter::code, code);
}

const Type* Definitions::type(std::string_view name) const { return find(types, &Type::name, name); }

const Type* Definitions::resource(std::string_view name) const {
  const Type* found = type(name);
  return found && found->kind == TypeKind::resource && !found->abstract ? found : nullptr;
}

const ValueSet* Definitions::value_set(std::string_view url) const {
  return find(value_sets, &ValueSet::url, without_version(url));
}

const CodeSystem* Definitions::code_system(std::string_view url) const {
  return find(code_systems, &CodeSystem::url, without_version(url));
}

const Compartment* Definitions::compartment(std::string_view type) const {
  const Compartment* found = std::find_if(compartments.begin(), compartments.end(),
                                          [type](const Compartment& item) { return item.type.view() == type; });
  return found != compartments.end() ? found : nullptr;
}

}  // namespace fhir
