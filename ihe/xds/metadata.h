// Whether the attributes of submitted objects are there and well formed, each object by itself. Rules between objects
// and with what is registered: submission.h. IHE ITI TF-3 4.2.3, 4.3.1 (Tables 4.3.1.1-3).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ihe/xds/errors.h"
#include "ihe/xds/registry_object.h"

namespace ihe::xds {

// By which transaction objects come; it decides what must be there.
enum class Submitted : std::uint8_t {
  provided,           // ITI-41: hash, size and repositoryUniqueId may be missing
  registered,         // ITI-42, ITI-57, ITI-92
  published,          // MHD: as provided, but the source's own patient need not have an identifier
  on_demand,          // ITI-61
  limited,            // an object that is marked as limited metadata (XDR)
  published_limited,  // the same by MHD
};

// All faults are added under `error_code`; contexts name the object as its sender does (`name`), and the attribute.
void check_object(const RegistryObject& object, const std::string& name, Submitted how, std::string_view error_code,
                  Errors& errors);

// Whether the object carries the classification that marks limited metadata.
bool is_limited(const RegistryObject& object);

// Attributes of coded values, in the order of the document entry's table.
struct CodedAttribute {
  std::string_view name;  // "classCode"
  std::string_view scheme;
};
std::span<const CodedAttribute> coded_attributes(Kind kind);

}  // namespace ihe::xds
