// The registry's model. IHE ITI TF-3 4.2.1.
#include "ihe/xds/registry_object.h"

#include "ihe/xds/names.h"

namespace ihe::xds {

template <class Form>
const SlotIn<Form>* RegistryObjectIn<Form>::slot(std::string_view slot_name) const {
  return slot_of(slots, slot_name);
}

template <class Form>
std::string_view RegistryObjectIn<Form>::value(std::string_view slot_name) const {
  const auto* found = slot(slot_name);
  return found && !found->values.empty() ? std::string_view(found->values.front()) : std::string_view();
}

template <class Form>
const LabelIn<Form>* RegistryObjectIn<Form>::classification(std::string_view scheme) const {
  for (const auto& label : classifications)
    if (label.scheme == scheme) return &label;
  return nullptr;
}

template <class Form>
std::string_view RegistryObjectIn<Form>::identifier(std::string_view scheme) const {
  for (const auto& label : identifiers)
    if (label.scheme == scheme) return label.value;
  return {};
}

template <class Form>
bool RegistryObjectIn<Form>::approved() const {
  return status == status::approved;
}

template <class Form>
void RegistryObjectIn<Form>::set(std::string_view slot_name,
                                 std::string slot_value) requires std::same_as<Form, Owned> {
  for (auto& slot : slots)
    if (slot.name == slot_name) {
      slot.values = {std::move(slot_value)};
      return;
    }
  slots.push_back({std::string(slot_name), {}, {std::move(slot_value)}});
}

template <class Form>
void RegistryObjectIn<Form>::drop(std::string_view slot_name) requires std::same_as<Form, Owned> {
  std::erase_if(slots, [&](const Slot& slot) { return slot.name == slot_name; });
}

template struct RegistryObjectIn<Owned>;
template struct RegistryObjectIn<Shown>;

}  // namespace ihe::xds
