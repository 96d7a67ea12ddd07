// Where a walk through a tree stands, as a chain of frames on the stack: costs nothing until a fault is reported.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/definitions.h"
#include "fhir/node.h"

namespace fhir {

struct Place {
  const Place* up = nullptr;
  std::string_view name;
  std::uint32_t index = 0;
  bool listed = false;

  // FHIRPath: "Patient.name[1].given[0]"; a choice goes by its stem: "Observation.value".
  std::string expression() const {
    std::string path = up ? up->expression() + "." : std::string();
    path += name;
    if (listed) path += "[" + std::to_string(index) + "]";
    return path;
  }
};

// The frame of `node`, the `index`th of its name below `up`.
inline Place place_of(const Place& up, const Node& node, std::uint32_t index) {
  const bool choice = node.element && node.element->choice;
  return {&up, choice ? node.element->name.view() : node.name, index, node.listed};
}

}  // namespace fhir
