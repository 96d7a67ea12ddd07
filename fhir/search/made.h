// A search parameter of our own, with its text beside it: texts of parameters are relative to themselves.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "fhir/search/custom.h"

namespace fhir::search {

struct OwnParameter {
  MadeParameter parameter;
  std::array<char, 24> code{};

  OwnParameter(std::string_view name, ParameterType type) {
    std::copy(name.begin(), name.end(), code.begin());
    for (auto* text : {&parameter.code, &parameter.stored}) {
      text->offset = static_cast<std::int32_t>(code.data() - reinterpret_cast<const char*>(text));
      text->size = static_cast<std::uint32_t>(name.size());
    }
    parameter.type = type;
  }
};

}  // namespace fhir::search
