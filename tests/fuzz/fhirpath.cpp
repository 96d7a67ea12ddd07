// Any bytes as an expression, compiled and run on a resource under a small budget.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "fhir/bind.h"
#include "fhir/format/json.h"
#include "fhir/path/path.h"

namespace {

constexpr std::string_view resource =
    R"({"resourceType":"Patient","id":"p","active":true,"birthDate":"1970-01-01","_birthDate":{"extension":[{"url":
"http://e","valueDateTime":"1970-01-01T00:00:00Z"}]},"name":[{"family":"W","given":["A","B"]}],"contained":[
{"resourceType":"Observation","id":"o","status":"final","code":{"text":"c"},"valueQuantity":{"value":1.5,"code":"mg",
"system":"http://unitsofmeasure.org"}}],"generalPractitioner":[{"reference":"#o"}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fhir::Arena arena;
  static const fhir::Node* const root = [] {
    std::vector<fhir::Issue> issues;
    auto raw = fhir::json::parse(resource, arena);
    return raw ? fhir::bind(*raw, arena, issues) : nullptr;
  }();
  const auto program = fhir::path::compile({reinterpret_cast<const char*>(data), size});
  if (!program || !root) return 0;
  fhir::path::Context context;
  context.resource = root;
  context.steps = 20'000;
  context.strict = size % 2 == 1;
  static_cast<void>(fhir::path::evaluate(**program, *root, context));
  static_cast<void>(fhir::path::holds(**program, *root, context));
  return 0;
}
