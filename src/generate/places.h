// Towns with their postal codes, and streets, of Luxembourg, its neighbours and a few countries beyond; the larger
// towns first.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace alzette::generate {

enum class Country : std::uint8_t { luxembourg, france, belgium, germany, portugal, italy, netherlands, britain };

struct Town {
  std::string_view name;
  std::string_view postal_code;
};

std::span<const Town> towns(Country country);
std::span<const std::string_view> streets(Country country);
std::string_view code_of(Country country);    // ISO 3166-1 alpha-2
std::string_view dial_code(Country country);  // "+352"

}  // namespace alzette::generate
