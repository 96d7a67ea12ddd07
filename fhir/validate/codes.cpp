// The codes of a code system are unique (csd-1), for a hundred thousand of them as well.
// FHIR R4: http://hl7.org/fhir/R4/codesystem.html
#include <algorithm>
#include <vector>

#include "fhir/utf8.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {

namespace {

void gather_codes(const Node& parent, std::vector<std::string_view>& codes) {
  for (const Node& node : parent) {
    if (node.name != "concept") continue;
    codes.push_back(node.value_of("code"));
    gather_codes(node, codes);
  }
}

}  // namespace

std::optional<std::string> codes_fault(const Node& system) {
  std::vector<std::string_view> codes;
  gather_codes(system, codes);
  std::sort(codes.begin(), codes.end());
  const auto twice = std::adjacent_find(codes.begin(), codes.end());
  if (twice == codes.end()) return std::nullopt;
  return "csd-1: the codes of a code system are unique, and '" + shortened(*twice) + "' is there twice";
}

}  // namespace fhir::validate
