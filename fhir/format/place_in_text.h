// Where in a text a fault lies, as people count: lines and columns from 1, a character being one column.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace fhir {

inline std::string line_and_column(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto start = before.rfind('\n') + 1;
  std::size_t column = 1;
  for (char c : before.substr(start)) column += (c & 0xC0) != 0x80;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

}  // namespace fhir
