// JSON: whatever the bytes are, parsing and binding end in a tree or a refusal; a tree without faults is written as
// text that reads back to the same text; validation and indentation take every tree.
#include "fhir/format/json.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/bind.h"
#include "fhir/validate/validate.h"

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

// The text of a tree without faults, or "".
std::string written(std::string_view text, fhir::Arena& arena, const fhir::Node*& resource) {
  auto raw = fhir::json::parse(text, arena);
  if (!raw) {
    expect(!raw.outcome().issues.empty());
    return {};
  }
  std::vector<fhir::Issue> issues;
  resource = fhir::bind(*raw, arena, issues);
  expect(resource || !issues.empty());
  if (!resource || !issues.empty()) return {};
  std::string out;
  fhir::json::write(*resource, out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fhir::Arena arena;
  const fhir::Node* resource = nullptr;
  const auto first = written(text, arena, resource);
  if (resource) fhir::validate::resource(*resource);
  if (first.empty()) return 0;
  fhir::Arena again;
  const auto second = written(first, again, resource);
  expect(first == second);
  fhir::Arena indented;
  expect(written(fhir::json::indent(first), indented, resource) == first);
  return 0;
}
