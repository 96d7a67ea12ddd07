// The registry's own record of an object, as the store carries it beside the FHIR body (fhir::Write::record): the
// object and the associations that start from it, complete, in a compact form.
//
//   record  = 1, object, varint count, { association }*
//   text    = varint 2·size, bytes | varint 2·index + 1        an index into the list of known texts
//
// An association is kept with its source: HasMember with its submission set or folder, a relationship with the newer
// document entry. Its target is indexed (registry.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/node.h"
#include "ihe/xds/registry_object.h"

namespace ihe::xds {

template <class Form>
struct RecordIn {
  RegistryObjectIn<Form> object;
  typename Form::template List<RegistryObjectIn<Form>> associations;
  bool operator==(const RecordIn&) const = default;
};
using Record = RecordIn<Owned>;

std::string encode(const Record& record);
// Nothing when the bytes are damaged.
std::optional<Record> decode(std::string_view bytes);
// The same, shown: `bytes` and `arena`, which gets the lists, must outlive it.
std::optional<RecordIn<Shown>> decode(std::string_view bytes, fhir::Arena& arena);

}  // namespace ihe::xds
