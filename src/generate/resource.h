// What the generator hands out: one resource at a time, as FHIR JSON.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace alzette::generate {

// `json` may be moved from.
using Sink = std::function<void(std::string_view type, std::string&& json)>;

// Ids come from seed and number, so that the same population made again meets its own resources.
inline std::string id_of(std::string_view letter, std::uint64_t seed, std::uint64_t number) {
  std::string id(letter);
  id += std::to_string(seed);
  id += '-';
  id += std::to_string(number);
  return id;
}
inline std::string reference_to(std::string_view type, std::string_view id) {
  std::string text(type);
  text += '/';
  text += id;
  return text;
}

}  // namespace alzette::generate
