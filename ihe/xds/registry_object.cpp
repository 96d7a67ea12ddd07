// The registry's model. IHE ITI TF-3 4.2.1.
#include "ihe/xds/registry_object.h"

#include <algorithm>

#include "ihe/xds/names.h"

namespace ihe::xds {

const Slot* slot_of(const std::vector<Slot>& slots, std::string_view name) {
  const auto found = std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.name == name; });
  return found == slots.end() ? nullptr : &*found;
}

const Slot* RegistryObject::slot(std::string_view slot_name) const { return slot_of(slots, slot_name); }

std::string_view RegistryObject::value(std::string_view slot_name) const {
  const Slot* found = slot(slot_name);
  return found && !found->values.empty() ? std::string_view(found->values.front()) : std::string_view();
}

const Label* RegistryObject::classification(std::string_view scheme) const {
  for (const auto& label : classifications)
    if (label.scheme == scheme) return &label;
  return nullptr;
}

std::string_view RegistryObject::identifier(std::string_view scheme) const {
  for (const auto& label : identifiers)
    if (label.scheme == scheme) return label.value;
  return {};
}

bool RegistryObject::approved() const { return status == status::approved; }

void RegistryObject::set(std::string_view slot_name, std::string slot_value) {
  for (auto& slot : slots)
    if (slot.name == slot_name) {
      slot.values = {std::move(slot_value)};
      return;
    }
  slots.push_back({std::string(slot_name), {}, {std::move(slot_value)}});
}

void RegistryObject::drop(std::string_view slot_name) {
  std::erase_if(slots, [&](const Slot& slot) { return slot.name == slot_name; });
}

}  // namespace ihe::xds
